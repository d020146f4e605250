"""Rows of the table of routes: a method and a path, the right that it takes, and the handler that does it.

A handler is `async def name(call: Call, given: Parameters, body: Body) -> Result`, the last two or one of them where
the route has any. The parameters of path and query, the body and the results, as the OpenAPI document has them too, are
the types of its signature; the summary is the first line of its docstring.
"""

from collections.abc import Awaitable, Callable, Mapping
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from argentos.gateway.access.caller import Scope

__all__ = ["PREFIX", "Handler", "Method", "NoParameters", "Route", "Socket"]

PREFIX: Final = "/api/v1"
"""Of all paths but those that a probe asks for."""

Method: TypeAlias = Literal["GET", "POST", "PATCH", "DELETE"]
Handler: TypeAlias = Callable[..., Awaitable[Any]]
"""A function that answers a request."""

Socket: TypeAlias = Callable[[Any, Any, AsgiScope, Receive, Send], Awaitable[None]]
"""A function that talks over a WebSocket, given the call, its parameters, and the connection."""


class NoParameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of a route that has none."""


class Route:
    """A row of the table.

    Args:
        method: of HTTP.
        path: whole, with parameters as `{session}`.
        handler: does it.
        scope: the right that it takes; None where it takes none.
        statuses: of results, by their types, where they are not 200.
        waits: the answer may take long, so that it is given up where the client hangs up.
        socket: does it over WebSocket, where it can be had so, too.
        headers: of the request that it obeys, for the OpenAPI document.

    Attributes:
        name: of the operation: that of the handler.
        summary: one line.
        description: what is behind it.
        parameters: of path and query.
        body: None where there is none.
        results: the types of what the handler returns.
    """

    def __init__(
        self,
        method: Method,
        path: str,
        handler: Handler,
        *,
        scope: Scope | None,
        statuses: Mapping[type, int] | None = None,
        waits: bool = False,
        socket: Socket | None = None,
        headers: tuple[str, ...] = (),
    ) -> None:
        hints = get_type_hints(handler)
        self.method: Method = method
        self.path = path
        self.handler = handler
        self.scope: Scope | None = scope
        self.statuses: Mapping[type, int] = dict(statuses or {})
        self.waits = waits
        self.socket = socket
        self.headers = headers
        self.name: str = handler.__name__
        summary, _, description = cleandoc(handler.__doc__ or "").partition("\n")
        self.summary: str = summary.rstrip(".")
        self.description: str = description.strip()
        self.parameters: type[Struct] = hints.get("given", NoParameters)
        self.takes_parameters: bool = "given" in hints
        self.body: type[Struct] | None = hints.get("body")
        self.decoder: msgspec.json.Decoder[Struct] | None = (
            None if self.body is None else msgspec.json.Decoder(self.body)
        )
        result = hints["return"]
        self.results: tuple[Any, ...] = get_args(result) if get_origin(result) is UnionType else (result,)

    def status_of(self, value: object) -> int:
        """The status of a result."""
        return self.status_of_kind(type(value))

    def status_of_kind(self, kind: Any) -> int:
        """The status of a result of a type."""
        return self.statuses.get(kind, 204 if kind in {None, NoneType} else 200)
