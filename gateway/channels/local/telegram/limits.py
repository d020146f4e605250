"""The published limits of the Bot API: how much may be sent, and how often."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from argentos.gateway.channels.local.telegram.requests import Call, Refused
from argentos.gateway.channels.outgoing.splitting import units

__all__ = ["Rates", "check_sizes"]

_TEXT: Final = 4096
_CAPTION: Final = 1024
_CALLBACK: Final = 64  # bytes
_ANSWER: Final = 200  # characters of the answer to a click
_PHOTO: Final = 10 * 1024**2
_DOCUMENT: Final = 50 * 1024**2
_PER_CHAT: Final = 0.95  # seconds between two messages to a chat; the network shortens one second a little
_PER_GROUP: Final = 20  # messages to a group in a minute
_PER_BOT: Final = 30  # messages in a second


def check_sizes(call: Call) -> None:
    """Refuse what is larger than the platform takes it.

    Raises:
        Refused: it is.
    """
    text = str(call.get("text") or "")
    if call.name in {"sendMessage", "editMessageText"}:
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if units(text) > _TEXT:
            raise Refused(400, "Bad Request: message is too long")
    if call.name == "answerCallbackQuery" and len(text) > _ANSWER:
        raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
    if units(str(call.get("caption") or "")) > _CAPTION:
        raise Refused(400, "Bad Request: message caption is too long")
    for name, most in (("photo", _PHOTO), ("document", _DOCUMENT)):
        if len(call.file(name)) > most:
            raise Refused(413, "Request Entity Too Large")
    _check_buttons(call.markup.get("inline_keyboard", []))


def _check_buttons(rows: Sequence[Sequence[Mapping[str, object]]]) -> None:
    for row in rows:
        for button in row:
            if not 1 <= len(str(button.get("callback_data", "")).encode()) <= _CALLBACK:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")


class Rates:
    """The rates at which messages may be sent.

    Attributes:
        refused: how many were sent too soon.
    """

    def __init__(self) -> None:
        self.refused: int = 0
        self._chats: dict[int, deque[float]] = {}
        self._latest: deque[float] = deque(maxlen=_PER_BOT)

    def take(self, chat: int) -> None:
        """Take note of a message to a chat.

        Raises:
            Refused: it comes too soon.
        """
        now = time.monotonic()
        sent = self._chats.setdefault(chat, deque(maxlen=_PER_GROUP))
        waits = [1.0 for _ in sent if now - sent[-1] < _PER_CHAT][:1]
        if chat < 0 and len(sent) == _PER_GROUP and now - sent[0] < 60:  # noqa: PLR2004 - a minute
            waits.append(60 - (now - sent[0]))
        if len(self._latest) == _PER_BOT and now - self._latest[0] < 1:
            waits.append(1.0)
        if waits:
            self.refused += 1
            seconds = int(max(waits)) + 1
            raise Refused(429, f"Too Many Requests: retry after {seconds}", seconds)
        sent.append(now)
        self._latest.append(now)
