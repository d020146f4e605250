"""The ASGI applications of the chat APIs."""

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import anyio
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from argentos.errors import ArgentError
from argentos.gateway.access.caller import Scope, caller_of
from argentos.gateway.api.call import Call
from argentos.gateway.api.service import Service
from argentos.gateway.api.streams.event_stream import ErrorForm, EventStream, Tell
from argentos.gateway.api.waiting import read_body, while_waited_for
from argentos.gateway.chat_apis.asked import Asked, ChatApi
from argentos.gateway.chat_apis.conversations import begin
from argentos.gateway.chat_apis.errors import OPENAI_ERRORS
from argentos.gateway.chat_apis.fields import check_fields
from argentos.gateway.chat_apis.models import list_models
from argentos.gateway.chat_apis.told import Speech
from argentos.gateway.problems import RequestError, unexpected

__all__ = ["ChatEndpoint", "ModelsEndpoint"]

_SEE: Final = "docs/chat-clients.md says what a request may have"
_decoder: Final = msgspec.json.Decoder(dict[str, Any])


class _Endpoint(ABC):
    """Base of the applications: what they raise is told in the form of their clients."""

    def __init__(self, service: Service, path: str, method: str, scope: Scope, errors: ErrorForm) -> None:
        self._service = service
        self._path = path
        self._method = method
        self._scope: Scope = scope
        self._errors = errors

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket":
            refused = RequestError("there is no WebSocket at this path; use HTTP", status=404, code="not_found")
            await self._errors.response(refused)(scope, receive, send)
            return
        request, begun = Request(scope, receive), anyio.current_time()
        response = await self._told(request)
        if response is not None:
            took = anyio.current_time() - begun
            self._service.metrics.answered(self._path, request.method, response.status_code, took)
            await response(scope, receive, send)

    async def _told(self, request: Request) -> Response | None:
        try:
            self._check_method(request.method)
            caller = caller_of(request.scope)
            caller.check(self._scope)
            return await self._answer(Call(self._service, request, caller), request)
        except ArgentError as error:
            return self._errors.response(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            return self._errors.response(unexpected(error))

    def _check_method(self, method: str) -> None:
        if method != self._method:
            raise RequestError(
                f"this path takes {self._method}, and not {method[:20]}",
                status=405,
                code="method_not_allowed",
                headers={"Allow": self._method},
            )

    @abstractmethod
    async def _answer(self, call: Call, request: Request) -> Response | None:
        """The response; None where the client has hung up."""


class ModelsEndpoint(_Endpoint):
    """`GET /v1/models`."""

    path = "/v1/models"

    def __init__(self, service: Service) -> None:
        super().__init__(service, self.path, "GET", "read", OPENAI_ERRORS)

    async def _answer(self, call: Call, request: Request) -> Response:  # noqa: ARG002 - it has nothing to say
        return list_models(call)


class ChatEndpoint(_Endpoint):
    """A chat API.

    Args:
        service: what all requests share.
        api: the form of requests and answers.
    """

    def __init__(self, service: Service, api: ChatApi) -> None:
        super().__init__(service, api.path, "POST", "write", api.errors)
        self._api = api

    async def _answer(self, call: Call, request: Request) -> Response | None:
        body = await read_body(request, _decoder, _SEE)
        check_fields(body, self._api.fields)
        asked = self._api.read(body)
        session, turn = await begin(call, asked)
        speech = Speech(session, turn, asked.max_tokens, asked.stops)
        if asked.is_streamed:
            return EventStream(self._service, self._source(asked, speech), self._errors)
        return await while_waited_for(
            request, partial(self._whole, asked, speech), self._errors.response
        )  # the turn goes on

    async def _whole(self, asked: Asked, speech: Speech) -> Response:
        answer = self._api.answer(asked, await speech.whole())
        return Response(msgspec.json.encode(answer), media_type="application/json")

    @asynccontextmanager
    async def _source(self, asked: Asked, speech: Speech) -> AsyncGenerator[Callable[[Tell], Awaitable[None]]]:
        async def write(tell: Tell) -> None:
            await self._api.stream(asked, speech, int(time.time()), tell)

        yield write
