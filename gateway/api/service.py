"""The service behind the API: the supervisor, and the streams that are open, for all requests."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import anyio

from argentos.actors import Supervisor
from argentos.errors import SupervisorStoppedError
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.access.view import AnySupervisor, Views
from argentos.gateway.api.monitoring.metrics import Metrics
from argentos.gateway.api.streams.lines import Lines
from argentos.gateway.channels.status import Statuses

__all__ = ["Service"]

_LAST_WORDS: Final = 0.3  # seconds that streams have to end by themselves, once nothing more comes


class Service:
    """A supervisor, and what is being told of it.

    Args:
        supervisor: of whose sessions the API is.
        openapi: the description of the API.
        limits: of what clients may do.
        statuses: of the accounts on platforms; by default there are none.

    Attributes:
        views: of the sessions, one for each caller.
        metrics: figures of what is done.
        lines: of the latest events.
        statuses: of the accounts on platforms that this process connects to.
        is_draining: nothing new is taken, for the end has come.
    """

    def __init__(
        self,
        supervisor: AnySupervisor,
        openapi: bytes,
        limits: Limits,
        statuses: Statuses | None = None,
    ) -> None:
        self.supervisor = supervisor
        self.views: Views = Views(supervisor, limits)
        self.openapi = openapi
        self.statuses: Statuses = statuses or Statuses()
        self.metrics: Metrics = Metrics()
        self.lines: Lines = Lines()
        self.is_draining: bool = False
        self._streams: set[anyio.CancelScope] = set()
        self._has_ended: anyio.Event | None = None  # set when the last stream has

    @contextmanager
    def stream(self) -> Generator[anyio.CancelScope]:
        """The time in which a stream is open: the scope is cancelled where it does not end by itself.

        Raises:
            SupervisorStoppedError: the end has come.
        """
        self.check_not_draining()
        with self.metrics.streaming(), anyio.CancelScope() as scope:
            self._streams.add(scope)
            try:
                yield scope
            finally:
                self._streams.discard(scope)
                if self._has_ended is not None and not self._streams:
                    self._has_ended.set()

    def check_not_draining(self) -> None:
        """Refuse what begins only now.

        Raises:
            SupervisorStoppedError: the end has come.
        """
        if self.is_draining:
            raise SupervisorStoppedError("the gateway is ending; try again in a moment")

    async def drain(self, grace: float | None = None) -> None:
        """Let the turns that run end within the grace, then all streams, those of clients that do not read included.

        Args:
            grace: seconds; by default that of the supervisor.
        """
        self.is_draining = True
        if isinstance(self.supervisor, Supervisor):
            await self.supervisor.drain(grace)
        self._has_ended = anyio.Event()
        with anyio.move_on_after(_LAST_WORDS):
            if self._streams:
                await self._has_ended.wait()
        for scope in tuple(self._streams):
            scope.cancel()
