"""The provider's own count of a request, asked for where the estimate comes near the limit."""

import logging
from typing import Any, Final

import anyio

from argentos.concurrency.foreign_code import in_log, is_interrupt, passes
from argentos.errors import ContextOverflowError
from argentos.llm.gauge import Gauge
from argentos.llm.model import Model, Request
from argentos.storage import Metadata

__all__ = ["can_measure", "check_size", "is_near", "measured"]

_log: Final = logging.getLogger(__name__)
_NEAR: Final = 0.9  # of the size at which a context counts as full
_PATIENCE: Final = 5.0  # seconds
_MOST_TOKENS: Final = 10**9


def is_near(gauge: Gauge, metadata: Metadata) -> bool:
    """The estimate is so near the limit that its error matters."""
    return gauge.estimate(metadata) >= gauge.full_at * _NEAR


def can_measure(model: Model) -> bool:
    """The model can tell how large a request is for it."""
    try:
        return callable(getattr(model, "measure", None))
    except BaseException as error:
        if is_interrupt(error):
            raise
        return False


async def measured(model: Model, request: Request) -> int | None:
    """The tokens of a request as a model counts them; None where it cannot tell, or fails."""
    tokens: object = None
    try:
        measure: Any = getattr(model, "measure", None)
        if measure is not None:
            with anyio.move_on_after(_PATIENCE):
                tokens = await measure(request)
    except BaseException as error:
        if passes(error):
            raise
        _log.debug("session %s: the model cannot measure its request: %s", request.session, in_log(error))
    return tokens if type(tokens) is int and 0 < tokens <= _MOST_TOKENS else None


async def check_size(model: Model, request: Request) -> None:
    """Ask a model that can tell how large a request is for it; one that cannot, or fails, is believed nothing.

    Raises:
        ContextOverflowError: larger than the window.
    """
    tokens = await measured(model, request)
    if tokens is not None and tokens > request.window:
        raise ContextOverflowError(
            f"the conversation has {tokens} tokens for the model, and its window {request.window}: compact it"
        )
