"""Platforms on this machine, in the place of the real ones: for tests, the demo, and to try a bot without an account."""
