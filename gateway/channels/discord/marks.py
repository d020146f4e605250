"""Marks: up to which message the sessions have taken what was written in each channel, kept over restarts.

A mark may stand too early, for a message that is taken again changes nothing; it never stands too late.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import msgspec
from hikari import Snowflake
from msgspec import Struct

from argentos.errors import StoreDamagedError, StoreError
from argentos.storage.disk import durable, reading

__all__ = ["Mark", "Marks"]

_NAME: Final = "marks.json"
_MOST: Final = 10_000  # channels
_OVERLAP: Final = timedelta(minutes=1)  # in which messages may be told of in another order than they were written
_OLDEST: Final = timedelta(days=1)  # what was sent before that is not answered any more


class Mark(Struct, omit_defaults=True):
    """The mark of a channel: the latest message, and whether only one person and the bot are in the channel."""

    last: int
    is_direct: bool = False


class _Content(Struct):
    """The content of the file; `since` is the moment, as an id, at which the account was connected first."""

    since: int = 0
    channels: dict[int, Mark] = {}


class Marks:
    """The marks of an account.

    Args:
        folder: of the account.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._content = _Content()
        self._before: dict[int, int] = {}  # where they stood as the session began
        self._newest = 0
        self._is_saved = True

    async def load(self, now: datetime) -> None:
        """Read what an earlier run has written; the first one begins now.

        Raises:
            StoreError: it cannot be read, or a first one not be written.
        """
        self._content = await anyio.to_thread.run_sync(self._read)
        self.begin_session()
        if not self._content.since:
            self._content.since = int(Snowflake.from_datetime(now))
            self._is_saved = False
            await self.save()

    def _read(self) -> _Content:
        try:
            return msgspec.json.decode(reading.read(self._path), type=_Content)
        except FileNotFoundError:
            return _Content()
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreDamagedError(
                f"{self._path} cannot be read: {error}; remove it, and what was sent meanwhile stays unanswered"
            ) from error

    def begin_session(self) -> None:
        """Note where the marks stand as a session begins, in which they move on before all channels were looked at."""
        self._before = {channel: mark.last for channel, mark in self._content.channels.items()}
        self._newest = max(self._before.values(), default=0)

    def begin(self, channel: int, now: datetime, joined_at: datetime | None = None) -> int:
        """The id behind which the messages of a channel are to be taken, some of them once more.

        Args:
            channel: its id.
            now: the time.
            joined_at: when we came to the guild; what was written before was not written for us.
        """
        mark = self._before.get(channel)
        last = self._content.since if mark is None else mark - _width(_OVERLAP)
        joined = 0 if joined_at is None else int(Snowflake.from_datetime(joined_at))
        return max(last, joined, self._content.since, int(Snowflake.from_datetime(now - _OLDEST)))

    def may_lack(self, channel: int, last_message: int, now: datetime, joined_at: datetime | None = None) -> bool:
        """Tell whether something may have been written in a channel that was not taken."""
        mark = self._before.get(channel)
        if mark is not None and last_message <= mark:
            return mark > self._newest - _width(_OVERLAP)  # it ended in the midst of it
        return last_message > self.begin(channel, now, joined_at)

    @property
    def direct(self) -> list[int]:
        """The channels with a single person, those in which something was said lately first."""
        found = [(mark.last, channel) for channel, mark in self._content.channels.items() if mark.is_direct]
        return [channel for _, channel in sorted(found, reverse=True)]

    def move(self, channel: int, message: int, *, is_direct: bool) -> None:
        """Note that a message was taken."""
        mark = self._content.channels.setdefault(int(channel), Mark(0, is_direct))
        if message > mark.last:
            mark.last = int(message)  # hikari's ids are of a class of its own
            self._is_saved = False

    async def save(self) -> None:
        """Write the marks, where they have changed.

        Raises:
            StoreError: they cannot be written.
        """
        if self._is_saved:
            return
        self._is_saved = True
        self._forget_oldest()
        data = msgspec.json.encode(self._content)
        with anyio.CancelScope(shield=True):
            try:
                await anyio.to_thread.run_sync(self._write, data)
            except StoreError:
                self._is_saved = False
                raise

    def _write(self, data: bytes) -> None:
        try:
            for folder in reversed(self._path.parents[:3]):  # that of the gateway, of its channels, and of the account
                durable.make_folder(folder)
            durable.replace(self._path, data)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error.strerror}") from error

    def _forget_oldest(self) -> None:
        channels = self._content.channels
        if len(channels) > _MOST:
            for channel in sorted(channels, key=lambda each: channels[each].last)[: len(channels) // 2]:
                del channels[channel]


def _width(length: timedelta) -> int:
    """The difference of ids that were made so long after each other."""
    return (length // timedelta(milliseconds=1)) << 22
