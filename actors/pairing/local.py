"""The book of pairings in the process that owns it."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
from msgspec import structs

from argentos.actors.events import PairingsChanged
from argentos.actors.pairing.book import PairingBook
from argentos.actors.pairing.changes import Change, Link, RequestCode
from argentos.actors.pairing.file import NAME, PairingFile
from argentos.actors.pairing.keeping import after, as_of
from argentos.actors.pairing.links import members, sessions_of
from argentos.actors.routing.settings import RoutingSettings
from argentos.concurrency.clock import Clock
from argentos.errors import StoreError, StoreFailedError

__all__ = ["LocalPairings", "Since"]

Since = Callable[[str], Awaitable[datetime | None]]
"""Tells since when there is a session of this id, of any agent; None where there is none."""

_log: Final = logging.getLogger(__name__)
_PATIENCE: Final = 10.0  # seconds, with a disk


class LocalPairings:
    """The book of pairings where it is kept; one change after the other.

    Args:
        settings: which accounts give codes.
        clock: the time.
        since: tells the age of sessions.
        tell: is told when the book was changed.
    """

    def __init__(
        self, settings: RoutingSettings, clock: Clock, since: Since, tell: Callable[[PairingsChanged], None]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._since = since
        self._tell = tell
        self._file = PairingFile(None)
        self._is_writable = True
        self._lock = anyio.Lock()

    def open(self, directory: Path | None, *, is_writable: bool) -> None:
        """Keep the book in a state directory; None keeps it in memory."""
        if directory is not None:
            self._file = PairingFile(directory / NAME)
        self._is_writable = is_writable
        self._lock = anyio.Lock()

    async def read(self) -> PairingBook:
        """All pairings as they are now."""
        return as_of(await self._read(), self._clock.now())

    async def _read(self) -> PairingBook:
        with anyio.move_on_after(_PATIENCE):
            return await anyio.to_thread.run_sync(self._file.read, abandon_on_cancel=True)
        raise StoreFailedError(f"{NAME} was not read within {_PATIENCE:.0f} s; look after the disk")

    async def _write(self, book: PairingBook) -> None:
        with anyio.move_on_after(_PATIENCE, shield=True) as waiting:  # what was written is known, too
            await anyio.to_thread.run_sync(self._file.write, book, abandon_on_cancel=True)
        if waiting.cancelled_caught:
            raise StoreFailedError(
                f"{NAME} was not written within {_PATIENCE:.0f} s; look after the disk, and at `argent pairing list`"
                " whether it was"
            )

    async def change(self, change: Change) -> PairingBook:
        """The book after a change, which is durable."""
        if not self._is_writable:
            raise StoreError(f"{NAME} was opened for reading only")
        async with self._lock:
            before = await self._read()
            if isinstance(change, Link) and change.session is None:
                change = structs.replace(change, session=await self._oldest(before, change))
            may_ask = isinstance(change, RequestCode) and self._gives_codes(change)
            book, error = after(before, change, self._clock.now(), may_ask=may_ask)
            if book is not before:
                await self._write(book)
                self._tell(PairingsChanged(revision=book.revision, at=self._clock.now()))
        if error is not None:
            raise error
        if isinstance(change, RequestCode):
            _log.warning("%s asks to be let in; see `argent pairing list`", change.sender)
        return book

    def _gives_codes(self, change: RequestCode) -> bool:
        account = self._settings.account(change.sender.channel, change.sender.account)
        return account.policy == "pairing" and change.sender.user not in account.allow

    async def _oldest(self, book: PairingBook, change: Link) -> str:
        """The id of the oldest session that one of the senders has; of the first one where none has any."""
        ids = sessions_of(book, members(book, change.senders))
        ages = [(at, place) for place, each in enumerate(ids) if (at := await self._since(each)) is not None]
        return ids[min(ages)[1]] if ages else ids[0]
