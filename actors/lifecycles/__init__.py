"""The machines of a session as they stand, for whoever watches it."""
