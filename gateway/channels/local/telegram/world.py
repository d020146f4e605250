"""The world of a local Telegram: bots, chats, messages, and the updates that a bot has not confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import anyio

__all__ = ["Bot", "Chat", "Posted", "World"]

_FIRST_MESSAGE: Final = 100
_FIRST_UPDATE: Final = 5000


@dataclass
class Bot:
    """A bot, and its updates.

    Attributes:
        updates: those that it has not confirmed, by their ids.
        confirmed: the latest hundred that it has.
        offset: the updates before it are confirmed.
        is_revoked: its token does not hold any more.
        poll: the request that waits for updates; a second one ends it.
    """

    token: str
    user: Mapping[str, Any]
    updates: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    confirmed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    offset: int = 0
    is_revoked: bool = False
    poll: int = 0
    arrived: anyio.Event = field(default_factory=anyio.Event)

    def give(self, update: dict[str, Any]) -> None:
        """Have an update wait for the bot."""
        self.updates[update["update_id"]] = update
        self.arrived.set()

    def confirm(self, offset: int) -> None:
        """Take note that the bot has the updates before this one."""
        self.offset = max(self.offset, offset)
        for number in [each for each in self.updates if each < offset]:
            self.confirmed = [*self.confirmed, self.updates.pop(number)][-100:]


@dataclass
class Posted:
    """A message as it stands in a chat now.

    Attributes:
        raw: as the API has it.
        is_ours: a bot sent it.
        texts: all that it has shown, the latest last.
        file: the bytes of its attachment.
        is_deleted: it is gone.
    """

    raw: dict[str, Any]
    is_ours: bool
    texts: list[str] = field(default_factory=list[str])
    file: bytes = b""
    is_deleted: bool = False

    @property
    def text(self) -> str:
        """The text that it shows."""
        return self.texts[-1] if self.texts else ""

    @property
    def buttons(self) -> dict[str, str]:
        """The data of its buttons, by their labels."""
        rows = self.raw.get("reply_markup", {}).get("inline_keyboard", [])
        return {each["text"]: each["callback_data"] for row in rows for each in row}


@dataclass
class Chat:
    """A chat.

    Attributes:
        topics: of a forum, besides General.
        is_closed: bots may not write to it any more: the user has blocked them, or has removed them from the group.
        typing: how often a bot was shown as typing.
    """

    raw: dict[str, Any]
    messages: dict[int, Posted] = field(default_factory=dict[int, Posted])
    topics: set[int] = field(default_factory=set[int])
    is_closed: bool = False
    typing: int = 0

    @property
    def shown(self) -> list[Posted]:
        """The messages of bots that a person sees, in their order."""
        return [each for each in self.messages.values() if each.is_ours and not each.is_deleted]


class World:
    """Bots, and the chats that they share."""

    def __init__(self) -> None:
        self.bots: dict[str, Bot] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, bytes] = {}
        self._message = _FIRST_MESSAGE
        self._update = _FIRST_UPDATE

    def new_bot(self, token: str, username: str) -> Bot:
        """Make a bot."""
        user = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": username, "username": username}
        self.bots[token] = Bot(token, user)
        return self.bots[token]

    def chat(self, number: int, **raw: Any) -> Chat:
        """A chat, made where there is none: one of a person, or a group where the number is below zero."""
        if number not in self.chats:
            kind = "private" if number > 0 else "supergroup"
            self.chats[number] = Chat({"id": number, "type": kind, **({} if number > 0 else {"title": "A group"})})
        self.chats[number].raw.update(raw)
        return self.chats[number]

    def post(self, chat: int, raw: Mapping[str, Any], *, is_ours: bool, sent_at: datetime | None = None) -> Posted:
        """Put a message into a chat."""
        self._message += 1
        at = sent_at or datetime.now(UTC)
        whole = {"message_id": self._message, "date": int(at.timestamp()), "chat": self.chat(chat).raw, **raw}
        text = str(raw.get("text") or raw.get("caption") or "")
        posted = self.chat(chat).messages[self._message] = Posted(whole, is_ours, [text])
        return posted

    def tell(self, bot: Bot, kind: str, content: Mapping[str, Any]) -> int:
        """Tell a bot of something; gives the id of the update."""
        self._update += 1
        bot.give({"update_id": self._update, kind: dict(content)})
        return self._update
