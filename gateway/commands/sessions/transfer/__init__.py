"""`argent sessions export` and `argent sessions import`."""
