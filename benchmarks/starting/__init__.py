"""The time that a command line takes to start, beside that of Python."""
