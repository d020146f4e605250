"""Measurements against the raw floor of the machine and against peers. They are not part of the package."""
