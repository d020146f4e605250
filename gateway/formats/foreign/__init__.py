"""Formats of others, which are only read; each has `fits`, for one value of a file, and `read`."""
