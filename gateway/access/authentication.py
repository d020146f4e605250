"""Authentication: from the headers of a request to its token."""

from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.requests import cookie_parser
from starlette.types import Scope as AsgiScope

from argentos.errors import NotAuthenticatedError, StoreDamagedError
from argentos.gateway.access.live import Credential
from argentos.gateway.access.origins import Origins
from argentos.gateway.access.requests import header
from argentos.gateway.access.sign_in import SignIns
from argentos.gateway.access.tokens import TOKEN_PATTERN, Tokens

__all__ = ["Authentication", "check_address", "cookie_name"]

_SECRETS: Final = frozenset({"token", "access_token", "authorization"})  # names of parameters that would be some
_LONGEST: Final = 8000  # characters of a query that is looked through


class Authentication:
    """The tokens and sign-ins by which requests are known.

    Args:
        tokens: of the state directory.
        sign_ins: likewise.
        origins: whose pages may use the cookie.
    """

    def __init__(self, tokens: Tokens, sign_ins: SignIns, origins: Origins) -> None:
        self._tokens = tokens
        self._sign_ins = sign_ins
        self._origins = origins

    def credential(self, request: AsgiScope) -> Credential:
        """The token that a request has shown, or as which its browser is signed in.

        Raises:
            NotAuthenticatedError: it has shown none, or one that does not hold.
            OriginRefusedError: it may change something, has only a cookie, and no page of the gateway makes it.
            StoreDamagedError: the tokens cannot be read.
        """
        given = header(request, b"authorization")
        if given is not None:
            return self._of_token(given)
        given = header(request, b"x-api-key")  # as clients of the Messages API have it
        if given is not None:
            return self._of_token(f"Bearer {given}")
        cookie = self.cookie(request)
        if cookie is None:
            raise NotAuthenticatedError(
                "the request has no token; send `Authorization: Bearer` and one, or sign in with `argent gateway link`"
            )
        self._origins.check_own_page(request)
        token = self._sign_ins.find(cookie)
        if token is None:
            raise NotAuthenticatedError("the sign-in has ended; `argent gateway link` makes another link")
        return Credential(token, cookie)

    def cookie(self, request: AsgiScope) -> str | None:
        """The cookie by which the browser of a request is signed in, or was; None where it has none."""
        given = header(request, b"cookie")
        return None if given is None else cookie_parser(given).get(cookie_name(request, self._origins))

    def holds(self, credential: Credential) -> bool:
        """Tell whether a credential holds as it did: its token is unchanged, and its browser signed in."""
        token = credential.token
        try:
            if credential.cookie is not None and self._sign_ins.find(credential.cookie) != token:
                return False
            return self._tokens.get(token.id) == token
        except StoreDamagedError:
            return False

    def _of_token(self, given: str) -> Credential:
        kind, _, secret = given.partition(" ")
        token = self._tokens.find(secret.strip())
        if kind.lower() != "bearer" or token is None:
            raise NotAuthenticatedError(
                "the token is not known, or was rotated or revoked; `argent gateway token list` shows those there are"
            )
        return Credential(token)


def check_address(request: AsgiScope) -> None:
    """Refuse a token in the address, which histories and logs keep.

    Raises:
        NotAuthenticatedError: there is one.
    """
    query: bytes = request["query_string"]
    address = unquote_to_bytes((request.get("raw_path") or request["path"].encode()) + b"?" + query)
    names = {name.lower() for name, _ in parse_qsl(query[:_LONGEST].decode("latin-1"), keep_blank_values=True)}
    if TOKEN_PATTERN.search(address) or names & _SECRETS:
        raise NotAuthenticatedError(
            "the address has a token, which histories and logs would keep; rotate it, and send"
            " `Authorization: Bearer` instead"
        )


def cookie_name(request: AsgiScope, origins: Origins) -> str:
    """The name of the cookie: of its host alone under TLS, else with the port, for cookies know no ports."""
    if origins.is_secure(request):
        return "__Host-argent"
    _, _, port = (header(request, b"host") or "").rpartition(":")
    return f"argent-{port}" if port.isdecimal() else "argent-80"
