"""Commands of an actor; each carries the time at which it was given, and its place among the others."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from argentos.actors.core.reports import Arriving, CallDone, Charge, SummaryMade, TurnDone
from argentos.actors.core.turn import Turn
from argentos.actors.scheduling import slots
from argentos.actors.scheduling.slots import TaskId
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError
from argentos.storage import Address, Checkpoint, Content, Message, Metadata, Record, Role, SessionKey, Snapshot
from argentos.storage.open_context import OpenContext

__all__ = [
    "Accept",
    "Adopt",
    "BeginCall",
    "Cancel",
    "Changes",
    "Clear",
    "Command",
    "Compact",
    "Create",
    "Decide",
    "Decided",
    "Delete",
    "Deliver",
    "Receipt",
    "Regenerate",
    "Retry",
    "Rewind",
    "Stop",
    "Undo",
    "Update",
    "Wake",
]

T = TypeVar("T")


class Changes(NamedTuple):
    """The changes of the properties of a session and of its system prompt; None leaves one as it is."""

    title: str | None
    tags: tuple[str, ...] | None
    owner: str | None
    system: str | None
    pinned: bool | None
    archived: bool | None
    read: int | None


class Receipt(NamedTuple):
    """The answer to a message.

    Attributes:
        number: of the message; 0 if it was sent before and is in the archive.
        turn: None for a message of the agent, and for one that was sent before and has been settled.
        metadata: of where the session stands.
        context: likewise.
    """

    number: int
    turn: Turn | None
    metadata: Metadata
    context: OpenContext

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot of the session."""
        return Snapshot(self.metadata, self.context.context)


_NO_ATTACHMENTS: Final[Mapping[str, bytes]] = {}
_NO_LINKS: Final[Mapping[str, SessionKey]] = {}


class _Command(Arriving, Generic[T]):
    """A command, and the answer to whoever gave it."""

    __slots__ = ("_answer", "_answered", "_error")

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self._answered: Waiter | None = None
        self._answer: T | None = None
        self._error: ArgentError | None = None

    def answer(self, value: T) -> None:
        """Done: this is the result."""
        self._answer = value
        if self._answered is not None:
            self._answered.set()

    def fail(self, error: ArgentError) -> None:
        """Not done, for this reason, unless it was answered before."""
        if self._answer is None:
            self._error = error
        if self._answered is not None:
            self._answered.set()

    async def answered(self) -> T:
        """Wait for the result."""
        if self._answer is None and self._error is None:
            self._answered = new_waiter()
            await slots.wait(self._answered)
        if self._error is not None:
            error, self._error = self._error, None
            try:
                raise error.copy()  # which others may be told, too
            finally:
                del error  # held by nothing that it holds: no garbage to collect, however many fail
        if self._answer is None:
            raise RuntimeError("a command was answered with nothing")
        return self._answer


class Accept(_Command[Receipt]):
    """Take a message; answered once it is durable.

    Attributes:
        attachments: the bytes that the content refers to, by their hashes.
        awaits_reply: it is the user's, and not only appended.
        until_reply: whoever gave it wants to know of the reply alone, and is woken by nothing before.
        is_from_task: it was sent by a turn of this supervisor, which may wait for the reply.
    """

    __slots__ = (
        "address",
        "attachments",
        "awaits_reply",
        "content",
        "is_from_task",
        "message_id",
        "role",
        "sender",
        "tokens",
        "until_reply",
    )

    def __init__(
        self,
        at: datetime,
        *,
        message_id: str,
        role: Role,
        content: Content,
        tokens: int,
        sender: str | None,
        address: Address | None,
        awaits_reply: bool,
        until_reply: bool = False,
        attachments: Mapping[str, bytes] = _NO_ATTACHMENTS,
    ) -> None:
        super().__init__(at)
        self.attachments: Mapping[str, bytes] = attachments
        self.until_reply: bool = until_reply
        self.message_id: str = message_id
        self.role: Role = role
        self.awaits_reply: bool = awaits_reply
        self.content: Content = content
        self.tokens: int = tokens
        self.sender: str | None = sender
        self.address: Address | None = address
        self.is_from_task: bool = slots.is_in_task()

    def answer(self, value: Receipt) -> None:
        """It is durable; where the reply alone is waited for, that ends the wait."""
        if self.until_reply and value.turn is not None and self._answered is not None:
            self._answer = value
            value.turn.wake(self._answered)
        else:
            super().answer(value)


class Retry(_Command[Receipt]):
    """Have a turn that failed run once more: the latest, or that of the message with this id."""

    __slots__ = ("message_id",)

    def __init__(self, at: datetime, message_id: str | None) -> None:
        super().__init__(at)
        self.message_id: str | None = message_id


class Update(_Command[Metadata]):
    """Change the title, the tags, the owner or the system prompt; None leaves one as it is."""

    __slots__ = ("changes", "system_tokens")

    def __init__(self, at: datetime, changes: Changes, system_tokens: int) -> None:
        super().__init__(at)
        self.changes: Changes = changes
        self.system_tokens: int = system_tokens


class Create(_Command[Metadata]):
    """Make the session by hand, with these properties and this system prompt."""

    __slots__ = ("changes", "system_tokens")

    def __init__(self, at: datetime, changes: Changes, system_tokens: int) -> None:
        super().__init__(at)
        self.changes: Changes = changes
        self.system_tokens: int = system_tokens


class Adopt(_Command[Metadata]):
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


class Delete(_Command[bool]):
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


class Deliver(_Command[Metadata]):
    """Note a message as delivered or, with a failure, as one that never can be, in the session made at that time."""

    __slots__ = ("created_at", "failure", "number")

    def __init__(self, at: datetime, number: int, created_at: datetime, failure: str = "") -> None:
        super().__init__(at)
        self.number: int = number
        self.created_at: datetime = created_at
        self.failure: str = failure


class Stop(_Command[Metadata]):
    """End the turn and empty the queue."""

    __slots__ = ()


class Cancel(_Command[bool]):
    """End the turn of the message of this number, and no other; answered with False where it has ended."""

    __slots__ = ("number",)

    def __init__(self, at: datetime, number: int) -> None:
        super().__init__(at)
        self.number: int = number


class Clear(_Command[Metadata]):
    """Empty the context."""

    __slots__ = ()


class Undo(_Command[Metadata]):
    """Bring back into the context what left it at a checkpoint: these messages, in their order."""

    __slots__ = ("messages", "place")

    def __init__(self, at: datetime, place: Checkpoint, messages: Sequence[Message]) -> None:
        super().__init__(at)
        self.place: Checkpoint = place
        self.messages: Sequence[Message] = messages


class Rewind(_Command[Metadata]):
    """Send the message of this number to the archive, and what is behind it."""

    __slots__ = ("before",)

    def __init__(self, at: datetime, before: int) -> None:
        super().__init__(at)
        self.before: int = before


class Regenerate(_Command[Receipt]):
    """Send the latest reply to the archive, and have another one made."""

    __slots__ = ()


class Compact(_Command[Metadata]):
    """Compact by hand; answered when the conversation goes on.

    Attributes:
        focus: what the summary should keep above all.
        keep: how many of the latest messages stay; None leaves that to the settings.
    """

    __slots__ = ("focus", "keep")

    def __init__(self, at: datetime, focus: str, keep: int | None = None) -> None:
        super().__init__(at)
        self.focus: str = focus
        self.keep: int | None = keep


class Wake(_Command[Metadata]):
    """Look at the time, and at what is left to do."""

    __slots__ = ()


class BeginCall(_Command[bool]):
    """Note durably that a call begins that must not be repeated; False where it is not waited for any more."""

    __slots__ = ("call_id", "tag")

    def __init__(self, at: datetime, tag: TaskId, call_id: str) -> None:
        super().__init__(at)
        self.tag: TaskId = tag
        self.call_id: str = call_id


class Decide(_Command[Metadata]):
    """Give a person's word on a call.

    Attributes:
        reason: for the model, where the call is denied.
        by: who gives it, where that is known.
    """

    __slots__ = ("by", "call_id", "is_approved", "reason")

    def __init__(self, at: datetime, call_id: str, *, is_approved: bool, reason: str, by: str | None) -> None:
        super().__init__(at)
        self.call_id: str = call_id
        self.is_approved: bool = is_approved
        self.reason: str = reason
        self.by: str | None = by


Decided: TypeAlias = (
    Accept
    | Adopt
    | Retry
    | Create
    | Deliver
    | Stop
    | Cancel
    | Update
    | Clear
    | Undo
    | Rewind
    | Regenerate
    | Compact
    | Wake
    | BeginCall
    | Decide
    | TurnDone
    | CallDone
    | Charge
    | SummaryMade
)

Command: TypeAlias = Decided | Delete
