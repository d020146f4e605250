"""The caller of a gateway: what its token is called, what it may do, and whose sessions it sees."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from msgspec import Struct

from argentos.errors import NotAuthenticatedError, ScopeError

__all__ = ["ANYONE", "SCOPES", "Caller", "Scope", "caller_of"]

Scope: TypeAlias = Literal["read", "write", "approve", "admin"]
"""A part of what may be done: look, talk and change, decide about tools and senders, delete and link."""

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


class Caller(Struct, frozen=True):
    """A caller of a gateway, as its token says.

    Attributes:
        name: of the token.
        scopes: what it may do.
        owner: bound to it, the caller sees the sessions of this owner and no others; None sees all.
    """

    name: str
    scopes: frozenset[Scope]
    owner: str | None = None

    def check(self, scope: Scope) -> None:
        """Refuse what needs another scope.

        Raises:
            ScopeError: the caller does not have it.
        """
        if scope not in self.scopes:
            raise ScopeError(f"token {self.name!a} has no scope {scope!r}, which this needs; use one that has it")

    def check_unbound(self) -> None:
        """Refuse what concerns the sessions of all owners.

        Raises:
            ScopeError: the caller is bound to one.
        """
        if self.owner is not None:
            raise ScopeError(f"token {self.name!a} is bound to an owner, and this is about all sessions")


ANYONE: Final = Caller("anyone", frozenset())
"""The caller of what is public, who has shown no token."""


def caller_of(scope: Mapping[str, Any]) -> Caller:
    """The caller of a request, by its ASGI scope.

    Raises:
        NotAuthenticatedError: nobody has looked at its token.
    """
    caller = scope.get("state", {}).get("caller")
    if not isinstance(caller, Caller):
        raise NotAuthenticatedError("the request was not authenticated; send `Authorization: Bearer` and a token")
    return caller
