"""The table of routes: the rows of all subjects."""

from typing import Final

from argentos.gateway.api.handlers import events, messages, sessions
from argentos.gateway.api.routes import Route

__all__ = ["ROUTES"]

ROUTES: Final[tuple[Route, ...]] = (*sessions.ROWS, *messages.ROWS, *events.ROWS)
"""All rows; the router and the OpenAPI document follow from them."""
