"""The guard before a gateway's application: what may not be asked never reaches it.

A pure ASGI middleware. In this order: the host, the address, the origin, the token, the rate, and the body.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from argentos.concurrency.background import keep_running
from argentos.errors import AccessError, ArgentError, InputError, NotAuthenticatedError, StoreError
from argentos.gateway.access.authentication import Authentication, check_address
from argentos.gateway.access.caller import ANYONE, Caller
from argentos.gateway.access.exchanges import Exchange
from argentos.gateway.access.limits.bodies import Bodies, HungUpError
from argentos.gateway.access.limits.rates import Rate
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.access.live import Credential, LiveRequests
from argentos.gateway.access.origins import Origins
from argentos.gateway.access.requests import is_unsafe
from argentos.gateway.access.sign_in import SignIns
from argentos.gateway.access.tokens import Tokens
from argentos.gateway.problems import problem_response
from argentos.storage import expand_home

__all__ = ["Access", "IsPublic", "Refusal"]

IsPublic: TypeAlias = Callable[[AsgiScope], bool]
"""Tells whether everybody may ask this, without a token."""

Refusal: TypeAlias = Callable[[AsgiScope, ArgentError], Response]
"""Makes the response to a request that is refused."""

_PUBLIC_BODY: Final = 4096  # bytes that are read of somebody without a token


class Access:
    """Access to a gateway: who may ask it, what, and how much.

    Args:
        state_dir: has the tokens.
        origins: by which hosts it is asked, and by whose pages; by default those of this machine.
        limits: how much.
    """

    def __init__(self, state_dir: str | Path, *, origins: Origins | None = None, limits: Limits | None = None) -> None:
        self.origins: Origins = origins or Origins()
        self.limits: Limits = limits or Limits()
        directory = expand_home(state_dir)
        self.tokens: Tokens = Tokens(directory)
        self.sign_ins: SignIns = SignIns(directory, self.tokens)
        self.authentication: Authentication = Authentication(self.tokens, self.sign_ins, self.origins)
        self.live: LiveRequests = LiveRequests(self.authentication.holds, self.limits.requests_at_once)

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """The time in which requests end whose tokens are rotated or revoked."""
        async with anyio.create_task_group() as group:
            group.start_soon(keep_running, "the watch over tokens", self.live.watch, name="argentos tokens")
            yield
            group.cancel_scope.cancel()

    def guarded(self, application: ASGIApp, is_public: IsPublic, refusal: Refusal | None = None) -> ASGIApp:
        """An application that is reached only by what may be asked of it.

        Args:
            application: the guarded one; it finds the `Caller` in the state of each request.
            is_public: what needs no token.
            refusal: the form of errors at a path; by default problem documents.
        """
        return _Guard(application, self, is_public, refusal or _problem)


def _problem(_: AsgiScope, error: ArgentError) -> Response:
    return problem_response(error)


class _Guard:
    """The middleware."""

    def __init__(self, application: ASGIApp, access: Access, is_public: IsPublic, refusal: Refusal) -> None:
        self._application = application
        self._access = access
        self._is_public = is_public
        self._refusal = refusal
        limits = access.limits
        self._bodies = Bodies(limits.body_bytes, limits.bodies_bytes, limits.body_timeout)
        self._rate = Rate(limits.requests_per_second, limits.requests_burst)
        self._strangers = Rate(limits.strangers_per_second, limits.strangers_burst)

    async def __call__(self, request: AsgiScope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if request["type"] not in {"http", "websocket"}:
            await self._application(request, receive, send)
            return
        exchange = Exchange(request, receive, send, partial(self._refusal, request))
        try:
            await self._pass(exchange)
        except HungUpError:
            return
        except (AccessError, InputError, StoreError) as error:
            if exchange.has_begun:
                raise
            await exchange.refuse(error)

    async def _pass(self, exchange: Exchange) -> None:
        request = exchange.request
        self._access.origins.check_host(request)
        check_address(request)
        self._access.origins.check_origin(request)
        if self._is_public(request):
            if is_unsafe(request):  # to look at what is public costs next to nothing
                self._strangers.take(_address_of(request), "requests without a token")
            await self._let_pass(exchange, ANYONE, _PUBLIC_BODY)
            return
        credential = self._credential(request)
        self._rate.take(credential.token.id, f"requests of token {credential.token.name!a}")
        with self._access.live.answered(credential) as under_way:
            await self._let_pass(exchange, credential.token.caller)
        if under_way.cancelled_caught:
            await exchange.end()

    def _credential(self, request: AsgiScope) -> Credential:
        try:
            return self._access.authentication.credential(request)
        except NotAuthenticatedError:
            self._strangers.take(_address_of(request), "requests without a token that holds")
            raise

    async def _let_pass(self, exchange: Exchange, caller: Caller, most: int | None = None) -> None:
        request = exchange.request
        async with self._bodies.read(request, exchange.receive, most) as receive:
            state = {**request.get("state", {}), "caller": caller}
            await self._application({**request, "state": state}, receive, exchange.send)


def _address_of(request: AsgiScope) -> str:
    """The address of the client; of all that have none, as by a socket of this machine, the same."""
    client: tuple[str, int] | None = request.get("client")
    return client[0] if client else ""
