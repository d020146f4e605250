"""The table of routes: the rows of all subjects."""

from typing import Final

from argentos.gateway.api.handlers import (
    actions,
    approvals,
    callers,
    channels,
    events,
    looks,
    machines,
    messages,
    pairings,
    sessions,
    state,
    turns,
)
from argentos.gateway.api.routes import Route

__all__ = ["ROUTES"]

ROUTES: Final[tuple[Route, ...]] = (
    *sessions.ROWS,
    *messages.ROWS,
    *turns.ROWS,
    *actions.ROWS,
    *looks.ROWS,
    *machines.ROWS,
    *approvals.ROWS,
    *pairings.ROWS,
    *channels.ROWS,
    *events.ROWS,
    *state.ROWS,
    *callers.ROWS,
)
"""All rows; the router and the OpenAPI document follow from them."""
