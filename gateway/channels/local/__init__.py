"""Platforms of this machine in the place of the real ones: for tests, the demo, and trying a bot without an account."""
