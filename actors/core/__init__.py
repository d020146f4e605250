"""One session as an actor."""
