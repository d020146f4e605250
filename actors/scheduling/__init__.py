"""Tasks, and what they wait for: nothing here knows what a session does."""
