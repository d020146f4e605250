"""Changes of the book of pairings, as they are asked for: by senders, and by the owner."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from argentos.actors.routing.senders import Sender

__all__ = ["Approve", "Change", "Deny", "Link", "RequestCode", "Unlink"]


class RequestCode(Struct, frozen=True, kw_only=True, tag=True):
    """An unknown sender has written.

    Attributes:
        sender: who.
        sent_at: when, by the platform.
        is_direct: to the agent alone.
        name: as the sender gives it.
    """

    sender: Sender
    sent_at: datetime
    is_direct: bool
    name: str = ""


class _OfOwner(Struct, frozen=True, kw_only=True):
    """A word of the owner: who says it, and from where."""

    by: str | None = None
    origin: str = ""


class Approve(_OfOwner, frozen=True, kw_only=True, tag=True):
    """The sender with this code, or the one whose text this is, is let in."""

    whom: str


class Deny(_OfOwner, frozen=True, kw_only=True, tag=True):
    """The sender with this code, or the one whose text this is, is refused from now on."""

    whom: str


class Link(_OfOwner, frozen=True, kw_only=True, tag=True):
    """Senders are one person.

    Attributes:
        senders: two or more.
        session: the id of the session that they share; None takes the oldest that one of them has.
    """

    senders: tuple[Sender, ...]
    session: str | None = None


class Unlink(_OfOwner, frozen=True, kw_only=True, tag=True):
    """A sender is no more one person with others."""

    sender: Sender


Change: TypeAlias = RequestCode | Approve | Deny | Link | Unlink
"""A change of the book."""
