"""The caller of a gateway: what its token is called, what it may do, and whose sessions it sees."""

from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from argentos.errors import ScopeError

__all__ = ["SCOPES", "Caller", "Scope"]

Scope: TypeAlias = Literal["read", "write", "approve", "admin"]
"""A part of what may be done: look, talk and change, decide about calls of tools, and manage."""

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
