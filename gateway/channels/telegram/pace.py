"""A pace no faster than Telegram takes messages: per chat, per group, and of the whole bot."""

from collections import deque
from typing import Final

import anyio

__all__ = ["Pace"]

_CHAT_SECONDS: Final = 1.0  # between two messages to one chat
_GROUP_MINUTE: Final = 20  # messages to one group in a minute
_BOT_SECOND: Final = 30  # messages of the bot in a second
_MOST_CHATS: Final = 10_000  # remembered


class Pace:
    """The times at which messages may be sent."""

    def __init__(self) -> None:
        self._chats: dict[int, deque[float]] = {}
        self._latest: deque[float] = deque(maxlen=_BOT_SECOND)

    async def wait(self, chat: int) -> None:
        """Wait until a message may go to a chat; its place is taken at once, so that the next one waits behind it."""
        now = anyio.current_time()
        sent = self._chats.setdefault(chat, deque(maxlen=_GROUP_MINUTE))
        at = now
        if sent:
            at = max(at, sent[-1] + _CHAT_SECONDS)
        if chat < 0 and len(sent) == _GROUP_MINUTE:  # groups have ids below zero
            at = max(at, sent[0] + 60.0)
        if len(self._latest) == _BOT_SECOND:
            at = max(at, self._latest[0] + 1.0)
        sent.append(at)
        self._latest.append(at)
        self._forget(now)
        await anyio.sleep(at - now)

    def _forget(self, now: float) -> None:
        if len(self._chats) > _MOST_CHATS:
            self._chats = {chat: sent for chat, sent in self._chats.items() if sent[-1] + 60.0 > now}
