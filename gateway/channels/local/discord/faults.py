"""Faults of Discord's REST API that are asked for: what the next requests of a kind meet."""

from collections.abc import Generator
from contextlib import contextmanager

from msgspec import Struct

from argentos.gateway.channels.local.discord.errors import ApiError
from argentos.gateway.channels.local.discord.limits import too_many

__all__ = ["BrokenOffError", "Fault", "Faults"]


class Fault(Struct, kw_only=True):
    """A fault that a request meets.

    Attributes:
        status: of the answer: 429, or one that begins with 5; None for a connection that breaks off.
        retry_after: seconds, with 429.
        is_global: of all routes, with 429.
        is_done: what is asked is done all the same, and only its answer is lost.
        times: how many requests meet it.
    """

    status: int | None = 500
    retry_after: float = 0.1
    is_global: bool = False
    is_done: bool = False
    times: int = 1

    def error(self) -> ApiError | None:
        """The answer; None where the connection breaks off."""
        if self.status is None:
            return None
        if self.status == 429:  # noqa: PLR2004 - as published
            scope = {"X-RateLimit-Global": "true"} if self.is_global else {"X-RateLimit-Scope": "shared"}
            return too_many(self.retry_after, is_global=self.is_global, **scope)
        return ApiError(self.status, 0, f"{self.status}: the local server was asked to fail")


class BrokenOffError(Exception):
    """A connection is to break off without an answer."""


class Faults:
    """The faults that were asked for, by the routes that meet them."""

    def __init__(self) -> None:
        self._planned: dict[str, list[Fault]] = {}

    def plan(self, route: str, fault: Fault) -> None:
        """Have the next requests of a route meet a fault, after those that were planned before.

        Args:
            route: its method and its last part, as `POST messages`.
            fault: what they meet.
        """
        self._planned.setdefault(route, []).append(fault)

    @contextmanager
    def around(self, route: str) -> Generator[None]:
        """Let a request meet what was planned for it.

        Raises:
            ApiError, BrokenOffError: the fault.
        """
        fault = self._next(route)
        if fault is not None and not fault.is_done:
            raise fault.error() or BrokenOffError
        yield
        if fault is not None:
            raise fault.error() or BrokenOffError

    def _next(self, route: str) -> Fault | None:
        planned = self._planned.get(route)
        if not planned:
            return None
        planned[0].times -= 1
        return planned[0] if planned[0].times else planned.pop(0)
