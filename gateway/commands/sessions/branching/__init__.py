"""Commands that go back in a session, or off from a place in it."""
