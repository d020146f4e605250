"""The channel protocol: what the adapter of a platform does for one account of ours, and what it is given."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from argentos.storage import Address, ContentLike

__all__ = ["Attachment", "Button", "Channel", "Click", "ClickAnswer", "Inbox", "Incoming", "Part", "Traits"]


class Traits(Struct, frozen=True, kw_only=True):
    """The traits of a platform, by which replies are made ready for it.

    Attributes:
        text_units: the most UTF-16 code units of a message's text.
        caption_units: likewise of the text beside an attachment; 0 where a platform has none.
        attachment_bytes: the most bytes of an attachment that is sent.
        edit_seconds: between two edits of a reply that streams; longer ones may be asked for by `Channel.edit_pause`.
        typing_seconds: for which the platform shows that the agent is typing.
        dedupe_seconds: for which the platform itself recognises a part that is sent again with its key; 0 for never.
        shows_own: a message of ours can be looked for, by `Channel.find`.
    """

    text_units: int
    caption_units: int = 0
    attachment_bytes: int = 8 * 1024**2
    edit_seconds: float = 1.5
    typing_seconds: float = 4.5
    dedupe_seconds: float = 0.0
    shows_own: bool = False


class Incoming(Struct, frozen=True, kw_only=True):
    """A message as it came from a platform.

    Attributes:
        address: where it came from, and whom.
        message_id: of the platform, unique in the chat; the same each time the platform sends it.
        content: a text or content blocks; the same each time, too.
        sent_at: when it was sent, by the platform.
        sender: a name to show.
        is_addressed: it is meant for the agent: written to it alone, mentions it, answers it, or is a command.
    """

    address: Address
    message_id: str
    content: ContentLike
    sent_at: datetime
    sender: str | None = None
    is_addressed: bool = True


class Click(Struct, frozen=True, kw_only=True):
    """A click on a button of ours.

    Attributes:
        address: where the button stands, and who clicked.
        data: of the button.
    """

    address: Address
    data: str


class Button(Struct, frozen=True):
    """A button below a message; the data have 64 bytes at most."""

    label: str
    data: str


class ClickAnswer(Struct, frozen=True):
    """The answer to a click: a sentence for the one who clicked; once it `is_settled`, the buttons have no use."""

    text: str
    is_settled: bool


class Attachment(Struct, frozen=True):
    """A file that is sent."""

    name: str
    media_type: str
    data: bytes


class Part(Struct, frozen=True, kw_only=True):
    """A part of a delivery that is one message of the platform: a text, or an attachment with a text beside it."""

    text: str = ""
    attachment: Attachment | None = None
    buttons: tuple[Button, ...] = ()


class Inbox(Protocol):
    """The taker of what a channel receives."""

    async def take(self, incoming: Incoming) -> None:
        """Take a message; when this returns, it may be acknowledged to the platform.

        It is in the journal then, or was refused for good. The same message taken again changes nothing.

        Raises:
            ArgentError: it cannot be taken now; do not acknowledge it, and give it again.
        """
        ...

    async def click(self, click: Click) -> ClickAnswer:
        """Obey a click of somebody whose click counts.

        Raises:
            ArgentError: see `take`.
        """
        ...


class Channel(ABC):
    """A connection of one account of ours to its platform.

    Made of a `Connection`; `connect` and then `receive` are called again and again, one at a time, as connections fail.
    The other methods are called meanwhile, also several at once. Every method raises `ChannelError` where the platform
    cannot do now what is asked (with `retry_after` where it says when), `ChannelRefusedError` where it refuses the
    account, and `TargetGoneError` where a place cannot be written to any more, as where the user has blocked the bot.
    `send` raises `UnknownOutcomeError` where the platform may have done it. Whatever else is raised counts likewise.

    Attributes:
        traits: of the platform.
    """

    traits: ClassVar[Traits]

    @abstractmethod
    async def connect(self) -> str:
        """Ask the platform who we are there; gives that name, as `@harbour_bot`."""

    @abstractmethod
    async def receive(self, inbox: Inbox) -> None:
        """Receive messages and clicks, until the connection fails, or for good.

        Each is acknowledged to the platform only after the inbox has taken it; what came while nobody was connected
        is fetched first.
        """

    @abstractmethod
    async def send(self, place: Address, part: Part, *, key: str, answers: str | None = None) -> str:
        """Send a part to a place; gives the platform's id of the message.

        Args:
            place: where to.
            part: no larger than the traits allow.
            key: of this part, the same each time it is sent, 25 characters at most.
            answers: the platform's id of the message that it answers, to show it as its reply; None for none.
        """

    async def find(self, place: Address, text: str, since: datetime) -> str | None:  # noqa: ARG002 - see the trait
        """The platform's id of a message of ours with that text, sent since then; asked where it `shows_own`."""
        return None

    @abstractmethod
    async def edit(self, place: Address, message_id: str, part: Part) -> None:
        """Put another text, and other buttons, into a message of ours; the same once more is no error.

        Raises:
            TargetGoneError: the message is gone, or cannot be edited any more; send the part instead.
        """

    @abstractmethod
    async def delete(self, place: Address, message_id: str) -> None:
        """Remove a message of ours; one that is gone is no error."""

    @abstractmethod
    async def type(self, place: Address) -> None:
        """Show that the agent is typing, for as long as `Traits.typing_seconds`."""

    def edit_pause(self, place: Address) -> float:  # noqa: ARG002 - platforms may look at it
        """The seconds between two edits at a place."""
        return self.traits.edit_seconds

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of the connection; `connect` may be called again."""
