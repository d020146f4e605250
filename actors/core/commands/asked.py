"""Commands that people give, perhaps in a message."""

from collections.abc import Sequence
from datetime import datetime

from argentos.actors.core.commands.answered import Answered
from argentos.storage import Checkpoint, Message, Metadata

__all__ = ["Clear", "Compact", "Rewind", "Stop", "Undo"]


class _Asked(Answered[Metadata]):
    """A command that people give, perhaps in a message.

    Attributes:
        message_id: of the message; None where it comes by another way.
        by: who gave it, where that is known.
        is_repeated: it was done before, for the same message, and not once more.
    """

    __slots__ = ("by", "is_repeated", "message_id")

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.message_id: str | None = None
        self.by: str | None = None
        self.is_repeated: bool = False


class Stop(_Asked):
    """End the turn and empty the queue."""

    __slots__ = ()


class Clear(_Asked):
    """Empty the context."""

    __slots__ = ()


class Undo(_Asked):
    """Bring back into the context what left it at a checkpoint: these messages, in their order."""

    __slots__ = ("messages", "place")

    def __init__(self, at: datetime, place: Checkpoint, messages: Sequence[Message]) -> None:
        super().__init__(at)
        self.place: Checkpoint = place
        self.messages: Sequence[Message] = messages


class Rewind(_Asked):
    """Send the message of this number to the archive, and what is behind it."""

    __slots__ = ("before",)

    def __init__(self, at: datetime, before: int) -> None:
        super().__init__(at)
        self.before: int = before


class Compact(_Asked):
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
