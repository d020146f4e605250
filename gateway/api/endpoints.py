"""Endpoints: the ASGI application of each path, which does what its rows of the table say."""

from collections.abc import Mapping
from typing import Any

import anyio
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from argentos.errors import ArgentError
from argentos.gateway.access.caller import ANYONE, caller_of
from argentos.gateway.api.answers import answer
from argentos.gateway.api.call import Call
from argentos.gateway.api.decoding import decode_parameters
from argentos.gateway.api.routes import Route
from argentos.gateway.api.service import Service
from argentos.gateway.api.streams.event_stream import EventStream
from argentos.gateway.api.waiting import read_body, while_waited_for
from argentos.gateway.problems import RequestError, problem_response, unexpected

__all__ = ["Endpoint"]


class Endpoint:
    """The application of a path, with a row for each method.

    Args:
        service: what all requests share.
        rows: by their methods.
    """

    def __init__(self, service: Service, rows: Mapping[str, Route]) -> None:
        self._service = service
        self._rows = dict(rows)
        self._path = next(iter(rows.values())).path
        self._socket = next((each for each in rows.values() if each.socket), None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or talk over a WebSocket."""
        if scope["type"] == "websocket":
            await self._talk(scope, receive, send)
            return
        request, begun = Request(scope, receive), anyio.current_time()
        response = await self._answer(request)
        if response is not None:
            self._service.metrics.answered(
                self._path, request.method, response.status_code, anyio.current_time() - begun
            )
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        """The response to a request; None where the client has hung up."""
        try:
            row = self._row(request.method)
            arguments = [*self._arguments(row, request)]
            if row.decoder is not None:
                arguments.append(await _body_of(request, row))

            async def respond() -> Response:
                value = await row.handler(*arguments)
                return answer(value, row.status_of(value), request)

            return await (while_waited_for(request, respond, problem_response) if row.waits else respond())
        except ArgentError as error:
            return problem_response(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            return problem_response(unexpected(error))

    def _row(self, method: str) -> Route:
        row = self._rows.get("GET" if method == "HEAD" else method)
        if row is None or (method == "HEAD" and EventStream in row.results):
            allowed = ", ".join(self._rows)
            raise RequestError(
                f"this path takes {allowed}, and not {method[:20]}",
                status=405,
                code="method_not_allowed",
                headers={"Allow": allowed},
            )
        return row

    def _arguments(self, row: Route, connection: HTTPConnection) -> list[Any]:
        """The arguments of the handler of a row, but for a body."""
        caller = ANYONE if row.scope is None else caller_of(connection.scope)
        if row.scope is not None:
            caller.check(row.scope)
        given = decode_parameters(connection.path_params, connection.scope["query_string"], row.parameters)
        call = Call(self._service, connection, caller)
        return [call, given] if row.takes_parameters else [call]

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        row = self._socket
        try:
            if row is None or row.socket is None:
                raise RequestError("there is no WebSocket at this path; use HTTP", status=404, code="not_found")
            call, given = self._arguments(row, connection)
        except ArgentError as error:
            await problem_response(error)(scope, receive, send)
            return
        await row.socket(call, given, scope, receive, send)


async def _body_of(request: Request, row: Route) -> Any:
    assert row.decoder is not None  # noqa: S101 - asked before
    body = await request.body()
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError(
            "the body is not sent as JSON; send it with `Content-Type: application/json`",
            status=415,
            code="media_type_unsupported",
        )
    return await read_body(request, row.decoder)
