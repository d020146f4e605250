"""Sessions that are made, changed, deleted, or woken."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from argentos.actors.core.commands.answered import Answered
from argentos.storage import Metadata, Record, SessionKey, Snapshot

__all__ = ["Adopt", "Changes", "Create", "Delete", "Deliver", "RetryDelivery", "Update", "Wake"]

_NO_ATTACHMENTS: Final[Mapping[str, bytes]] = {}
_NO_LINKS: Final[Mapping[str, SessionKey]] = {}


class Changes(NamedTuple):
    """The changes of the properties of a session and of its system prompt; None leaves one as it is."""

    title: str | None
    tags: tuple[str, ...] | None
    owner: str | None
    system: str | None
    pinned: bool | None
    archived: bool | None
    read: int | None


class Create(Answered[Metadata]):
    """Make the session by hand, with these properties and this system prompt."""

    __slots__ = ("changes", "system_tokens")

    def __init__(self, at: datetime, changes: Changes, system_tokens: int) -> None:
        super().__init__(at)
        self.changes: Changes = changes
        self.system_tokens: int = system_tokens


class Update(Answered[Metadata]):
    """Change the title, the tags, the owner or the system prompt; None leaves one as it is."""

    __slots__ = ("changes", "system_tokens")

    def __init__(self, at: datetime, changes: Changes, system_tokens: int) -> None:
        super().__init__(at)
        self.changes: Changes = changes
        self.system_tokens: int = system_tokens


class Adopt(Answered[Metadata]):
    """Make the session of records, which fold to the snapshot.

    Attributes:
        attachments: the bytes that they refer to, by their hashes.
        links: those of them that another session has, likewise.
    """

    __slots__ = ("attachments", "links", "records", "snapshot")

    def __init__(
        self,
        at: datetime,
        records: Sequence[Record],
        snapshot: Snapshot,
        attachments: Mapping[str, bytes] = _NO_ATTACHMENTS,
        links: Mapping[str, SessionKey] = _NO_LINKS,
    ) -> None:
        super().__init__(at)
        self.attachments: Mapping[str, bytes] = attachments
        self.links: Mapping[str, SessionKey] = links
        self.records: Sequence[Record] = records
        self.snapshot: Snapshot = snapshot


class Deliver(Answered[Metadata]):
    """Note a message as delivered or, with a failure, as one that never can be, in the session made at that time."""

    __slots__ = ("created_at", "failure", "number")

    def __init__(self, at: datetime, number: int, created_at: datetime, failure: str = "") -> None:
        super().__init__(at)
        self.number: int = number
        self.created_at: datetime = created_at
        self.failure: str = failure


class RetryDelivery(Answered[Metadata]):
    """Have a message owed again that could not be delivered."""

    __slots__ = ("number",)

    def __init__(self, at: datetime, number: int) -> None:
        super().__init__(at)
        self.number: int = number


class Delete(Answered[bool]):
    """Have the store forget the session; answered once it has, or with False where the session is kept.

    Attributes:
        unless_active_since: keep it if it is at work, or was active after this time; None deletes it in any case.
        set_aside: take along what was set aside of it.
        by: who asks for it.
    """

    __slots__ = ("by", "set_aside", "unless_active_since")

    def __init__(
        self,
        at: datetime,
        unless_active_since: datetime | None,
        *,
        set_aside: bool = False,
        by: Literal["command", "retention"] = "command",
    ) -> None:
        super().__init__(at)
        self.unless_active_since: datetime | None = unless_active_since
        self.set_aside: bool = set_aside
        self.by: Literal["command", "retention"] = by


class Wake(Answered[Metadata]):
    """Look at the time, and at what is left to do."""

    __slots__ = ()
