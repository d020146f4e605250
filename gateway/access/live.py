"""Requests under way, as streams and sockets are for days: each ends soon after its token is no more."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import anyio
from msgspec import Struct

from argentos.errors import RateLimitedError
from argentos.gateway.access.tokens import Token

__all__ = ["Credential", "LiveRequests"]

_LOOKS: Final = 0.25  # seconds between two looks at the tokens
_CROWDED: Final = 5.0  # seconds until a request may come again that was one too many


class Credential(Struct, frozen=True):
    """A token that a request has shown, or as which its browser is signed in.

    Attributes:
        token: as it was then.
        cookie: by which the browser is signed in; None where the token itself was shown.
    """

    token: Token
    cookie: str | None = None


class LiveRequests:
    """The requests that are being answered.

    Args:
        holds: tells whether a credential still holds.
        most: of one token at once.
    """

    def __init__(self, holds: Callable[[Credential], bool], most: int) -> None:
        self._holds = holds
        self._most = most
        self._scopes: dict[anyio.CancelScope, Credential] = {}
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._scopes)

    @contextmanager
    def answered(self, credential: Credential) -> Generator[anyio.CancelScope]:
        """The time in which a request is answered: the scope is cancelled when its credential holds no more.

        Raises:
            RateLimitedError: too many of the same token are being answered.
        """
        token = credential.token.id
        count = self._counts.get(token, 0)
        if count >= self._most:
            raise RateLimitedError(
                f"{count} requests of token {credential.token.name!a} run already; end some", retry_after=_CROWDED
            )
        scope = anyio.CancelScope()
        self._counts[token] = count + 1
        self._scopes[scope] = credential
        try:
            with scope:
                yield scope
        finally:
            del self._scopes[scope]
            self._counts[token] -= 1
            if not self._counts[token]:
                del self._counts[token]

    async def watch(self) -> None:
        """End the requests whose credentials hold no more, until this is cancelled."""
        while True:
            await anyio.sleep(_LOOKS)
            self.end_revoked()

    def end_revoked(self) -> None:
        """End them now."""
        credentials = {each: self._holds(each) for each in {*self._scopes.values()}}
        for scope, credential in list(self._scopes.items()):
            if not credentials[credential]:
                scope.cancel()
