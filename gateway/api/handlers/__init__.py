"""Handlers: what is done by each route, by subject. Each module has its rows of the table."""
