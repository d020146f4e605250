"""The gateway: the API of a supervisor's sessions, as an application that stands alone or is mounted in another."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any, Self, TypeAlias

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from argentos.gateway.api.endpoints import Endpoint
from argentos.gateway.api.paths import RawPaths
from argentos.gateway.api.problems import RequestError, problem_response
from argentos.gateway.api.routes import Route
from argentos.gateway.api.service import AnySupervisor, Service
from argentos.gateway.api.signals import draining_at_signals
from argentos.gateway.api.table import ROUTES

__all__ = ["Gateway", "Part"]

Part: TypeAlias = Callable[["Gateway"], Sequence[BaseRoute]]
"""A further part of the application, as a dashboard is: gives its routes, which come behind those of the API."""


class Gateway:
    """The HTTP API of a supervisor's sessions.

        gateway = Gateway(Supervisor(FileStore("~/.argentos"), AnthropicModel()))
        app = FastAPI(lifespan=gateway.lifespan)
        app.mount("/gateway", gateway.application())

    Args:
        supervisor: of whose sessions it is.
        routes: further rows of the table.
        parts: further parts of the application.

    Attributes:
        service: what all requests share.
    """

    def __init__(self, supervisor: AnySupervisor, *, routes: Sequence[Route] = (), parts: Sequence[Part] = ()) -> None:
        self.service = Service(supervisor)
        self.routes: tuple[Route, ...] = (*ROUTES, *routes)
        self._parts = tuple(parts)

    def application(self) -> Starlette:
        """The application; whoever mounts it has `lifespan` as its own, or as a part of it."""
        rows: dict[str, dict[str, Route]] = {}
        for each in self.routes:
            rows.setdefault(each.path, {})[each.method] = each
        paths = RawPaths({path: Endpoint(self.service, of_path) for path, of_path in rows.items()})
        return Starlette(
            routes=[paths, *(route for part in self._parts for route in part(self))],
            exception_handlers={HTTPException: _as_problem},
        )

    @asynccontextmanager
    async def lifespan(self, _: Any = None) -> AsyncGenerator[None]:
        """The time in which the supervisor and the gateway run: the lifespan of the application that has it."""
        async with self.service.supervisor, self:
            yield

    async def drain(self, grace: float | None = None) -> None:
        """Let the turns that run end within the grace, and then all streams, before a server waits for them.

        Args:
            grace: seconds; by default that of the supervisor.
        """
        await self.service.drain(grace)

    async def __aenter__(self) -> Self:
        """Begin, with a supervisor that runs already; a signal that ends the process drains from now on."""
        async with AsyncExitStack() as stack:
            group = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(group.cancel_scope.cancel)
            stack.enter_context(draining_at_signals(self.drain, group))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.drain()
        await self._stack.aclose()


async def _as_problem(_: Request, error: Exception) -> Response:
    """The problem document of what the router refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
    if error.status_code == HTTPStatus.NOT_FOUND:
        refused = RequestError(
            "there is nothing at this path; /api/v1/openapi.json has all", status=404, code="not_found"
        )
    else:
        refused = RequestError(error.detail, status=error.status_code, code="request_refused", headers=error.headers)
    return problem_response(refused)
