"""Sign-in and sign-out over HTTP: the paths by which the dashboard gets its cookie, and gives it back."""

from typing import Final

import anyio.to_thread
import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from argentos.errors import ArgentError, InputError
from argentos.gateway.access.authentication import cookie_name
from argentos.gateway.access.caller import Caller, Scope
from argentos.gateway.access.guard import Access
from argentos.gateway.access.sign_in import COOKIE_SECONDS
from argentos.gateway.problems import problem_response

__all__ = ["SIGN_IN", "WhoAmI", "sign_in_routes"]

SIGN_IN: Final = "/sign-in"
"""The path at which a code is taken, which is public."""

SIGN_OUT: Final = "/sign-out"
"""The path at which a browser is signed out."""


class _Given(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a sign-in."""

    code: str


class WhoAmI(Struct, frozen=True, rename="camel"):
    """A caller as it is told of itself.

    Attributes:
        name: of its token.
        scopes: what it may do.
        owner: whose sessions it sees; None where it sees all.
    """

    name: str
    scopes: tuple[Scope, ...]
    owner: str | None

    @classmethod
    def of(cls, caller: Caller) -> "WhoAmI":
        """Tell a caller."""
        return cls(caller.name, tuple(sorted(caller.scopes)), caller.owner)


def sign_in_routes(access: Access) -> list[Route]:
    """The routes of a gateway by which browsers sign in and out."""

    async def sign_in(request: Request) -> Response:
        try:
            access.origins.check_own_page(request.scope)
            given = _decoded(request, await request.body())
            cookie, token = await anyio.to_thread.run_sync(access.sign_ins.redeem, given.code)
        except ArgentError as error:
            return problem_response(error)
        answer = _json(WhoAmI.of(token.caller))
        answer.set_cookie(
            cookie_name(request.scope, access.origins),
            cookie,
            max_age=COOKIE_SECONDS,
            secure=access.origins.is_secure(request.scope),
            httponly=True,
            samesite="strict",
        )
        return answer

    async def sign_out(request: Request) -> Response:
        cookie = access.authentication.cookie(request.scope)
        try:
            if cookie is not None:
                await anyio.to_thread.run_sync(access.sign_ins.end, cookie)
        except ArgentError as error:
            return problem_response(error)
        answer = Response(status_code=204)
        answer.delete_cookie(
            cookie_name(request.scope, access.origins),
            secure=access.origins.is_secure(request.scope),
            httponly=True,
            samesite="strict",
        )
        return answer

    return [Route(SIGN_IN, sign_in, methods=["POST"]), Route(SIGN_OUT, sign_out, methods=["POST"])]


def _decoded(request: Request, body: bytes) -> _Given:
    """The code of a sign-in.

    Raises:
        InputError: the body is none.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InputError('the body is no JSON; send {"code": "…"} with `Content-Type: application/json`')
    try:
        return msgspec.json.decode(body, type=_Given)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError('the body has no code; send {"code": "…"}') from error


def _json(value: Struct) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
