"""The settings of sessions, and `argent.json`, where they stand."""
