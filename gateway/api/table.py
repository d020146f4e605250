"""The table of routes: the rows of all subjects."""

from typing import Final

from argentos.gateway.api.handlers import events, machines, messages, sessions
from argentos.gateway.api.routes import Route

__all__ = ["ROUTES"]

ROUTES: Final[tuple[Route, ...]] = (*sessions.ROWS, *messages.ROWS, *machines.ROWS, *events.ROWS)
"""All rows; the router and the OpenAPI document follow from them."""
