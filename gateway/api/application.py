"""The gateway: the API of a supervisor's sessions, as an application that stands alone or is mounted in another."""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, Self, TypeAlias

import anyio
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Scope

import argentos
from argentos.actors import Supervisor
from argentos.concurrency.closing import close_stack
from argentos.errors import ArgentError, MissingExtraError
from argentos.gateway.access.guard import Access
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.access.signing import sign_in_routes
from argentos.gateway.access.view import AnySupervisor
from argentos.gateway.api.endpoints import Endpoint
from argentos.gateway.api.openapi import openapi_document
from argentos.gateway.api.paths import RawPaths, raw_path
from argentos.gateway.api.routes import Route
from argentos.gateway.api.service import Service
from argentos.gateway.api.signals import draining_at_signals
from argentos.gateway.api.table import ROUTES
from argentos.gateway.channels.status import Statuses
from argentos.gateway.index.session_index import SessionIndex
from argentos.gateway.problems import RequestError, problem_response

__all__ = ["Gateway", "Part", "Refusal"]

Part: TypeAlias = Callable[["Gateway"], Sequence[BaseRoute]]
"""A further part of the application, as a dashboard is: gives its routes, which come behind those of the API."""

Refusal: TypeAlias = Callable[[ArgentError], Response]
"""Makes the response that tells of an error."""

_log: Final = logging.getLogger(__name__)
_PUBLIC: Final = ("/", "/static/", "/sign-in")
_COUNTED_BEHIND: Final = 100_000  # events that the metrics may be behind


class Gateway:
    """The HTTP API of a supervisor's sessions.

        gateway = Gateway(Supervisor(FileStore("~/.argentos"), AnthropicModel()), Access(Path("~/.argentos")))
        app = FastAPI(lifespan=gateway.lifespan)
        app.mount("/gateway", gateway.application())

    Args:
        supervisor: of whose sessions it is.
        access: who may ask it, and what. None where whoever mounts it authenticates: what does not have a `Caller` as
            `caller` in the state of its request is refused.
        routes: further rows of the table.
        parts: further parts of the application.
        public: paths that everybody may ask, besides those of the table; one that ends in `/` with all below it, but
            for the root.
        refusals: what makes the responses to requests that the guard refuses, by their paths; by default they are
            problem documents.
        statuses: of the accounts on platforms that this process connects to, as `Channels.statuses` has them.

    Attributes:
        service: what all requests share.
    """

    def __init__(
        self,
        supervisor: AnySupervisor,
        access: Access | None,
        *,
        routes: Sequence[Route] = (),
        parts: Sequence[Part] = (),
        public: Sequence[str] = _PUBLIC,
        refusals: Mapping[str, Refusal] | None = None,
        statuses: Statuses | None = None,
    ) -> None:
        self.routes: tuple[Route, ...] = (*ROUTES, *routes)
        document = openapi_document(self.routes, argentos.__version__)
        self.service: Service = Service(
            supervisor, msgspec.json.encode(document), access.limits if access else Limits(), statuses
        )
        self.access = access
        self._parts = tuple(parts)
        self._refusals = dict(refusals or {})
        self._public = frozenset((*public, *(each.path for each in self.routes if each.scope is None)))

    def application(self) -> Starlette:
        """The application; whoever mounts it has `lifespan` as its own, or as a part of it."""
        rows: dict[str, dict[str, Route]] = {}
        for each in self.routes:
            rows.setdefault(each.path, {})[each.method] = each
        paths = RawPaths({path: Endpoint(self.service, of_path) for path, of_path in rows.items()})
        signing = sign_in_routes(self.access) if self.access is not None else []
        return Starlette(
            routes=[paths, *signing, *(route for part in self._parts for route in part(self))],
            middleware=[Middleware(self.access.guarded, self._is_public, self._refused)]
            if self.access is not None
            else [],
            exception_handlers={HTTPException: _as_problem},
            lifespan=self.lifespan,
        )

    def _refused(self, scope: Scope, error: ArgentError) -> Response:
        """The response to a request that is refused."""
        return self._refusals.get(raw_path(scope), problem_response)(error)

    def _is_public(self, scope: Scope) -> bool:
        """Tell whether everybody may ask this."""
        path = raw_path(scope)
        folder = f"/{path.split('/')[1]}/"
        return path in self._public or (folder in self._public and folder != path)

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
            if self.access is not None:
                await stack.enter_async_context(self.access.watched())
            if isinstance(self.service.supervisor, Supervisor):
                await group.start(self._count, self.service.supervisor)
                await self._open_index(self.service.supervisor, stack)
            stack.enter_context(draining_at_signals(self.drain, group))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, _: object, error: BaseException | None, *__: object) -> None:
        await self.drain()
        await close_stack(self._stack, error)

    async def _open_index(self, supervisor: Supervisor, stack: AsyncExitStack) -> None:
        """Have an index of the sessions, where this Python's SQLite is good enough for one."""
        try:
            self.service.views.index = await stack.enter_async_context(SessionIndex(supervisor))
        except MissingExtraError as error:
            _log.warning("messages cannot be searched: %s", error)

    async def _count(self, supervisor: Supervisor, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Count what happens, for the metrics."""
        async with supervisor.events(_COUNTED_BEHIND) as events:
            task_status.started()
            async for event in events:
                self.service.metrics.happened(event)


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
