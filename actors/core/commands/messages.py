"""Messages that are taken, answered once more, or not any more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from argentos.actors.core.commands.answered import Answered
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.scheduling import slots
from argentos.storage import Address, Content, Metadata, Role, Snapshot
from argentos.storage.open_context import OpenContext

__all__ = ["Accept", "Cancel", "Receipt", "Regenerate", "Retry"]

_NO_ATTACHMENTS: Final[Mapping[str, bytes]] = {}


class Receipt(NamedTuple):
    """The answer to a message.

    Attributes:
        number: of the message; 0 if it was sent before and is in the archive.
        turn: None for a message of the agent, and for one that was sent before and has been settled.
        metadata: of where the session stands.
        context: likewise.
    """

    number: int
    turn: TurnProgress | None
    metadata: Metadata
    context: OpenContext

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot of the session."""
        return Snapshot(self.metadata, self.context.context)


class Accept(Answered[Receipt]):
    """Take a message; answered once it is durable.

    Attributes:
        attachments: the bytes that the content refers to, by their hashes.
        awaits_reply: it is the user's, and not only appended.
        owner: whose session it has to be; None where it may be anybody's, or is made.
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
        "owner",
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
        owner: str | None = None,
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
        self.owner: str | None = owner
        self.is_from_task: bool = slots.is_in_task()

    def answer(self, value: Receipt) -> None:
        """It is durable; where the reply alone is waited for, that ends the wait."""
        if self.until_reply and value.turn is not None and self._answered is not None:
            self._answer = value
            value.turn.wake(self._answered)
        else:
            super().answer(value)


class Retry(Answered[Receipt]):
    """Have a turn that failed run once more: the latest, or that of the message with this id."""

    __slots__ = ("message_id",)

    def __init__(self, at: datetime, message_id: str | None) -> None:
        super().__init__(at)
        self.message_id: str | None = message_id


class Regenerate(Answered[Receipt]):
    """Send the latest reply to the archive, and have another one made."""

    __slots__ = ()


class Cancel(Answered[bool]):
    """End the turn of the message of this number, and no other; answered with False where it has ended."""

    __slots__ = ("number",)

    def __init__(self, at: datetime, number: int) -> None:
        super().__init__(at)
        self.number: int = number
