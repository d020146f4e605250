"""The ledger of a gateway's channels: what a restart has to know of deliveries and replies that are not finished.

Each note is a small private file of its own, so that one costs a write and a rename, whatever else there is.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import anyio
import anyio.to_thread
import msgspec
from msgspec import Struct

from argentos.errors import StoreError
from argentos.gateway.access.files import make_gateway_folder
from argentos.storage.disk import durable, reading

__all__ = ["Attempt", "Draft", "Late", "Ledger", "Note", "key_of", "platform_key"]

_log: Final = logging.getLogger(__name__)
_FOLDER: Final = "deliveries"
_KEPT: Final = timedelta(days=30)  # nobody removes the notes of a session that was deleted, nor of what was given up


class Attempt(Struct, frozen=True, kw_only=True, tag="attempt", rename="camel"):
    """An attempt to deliver something part by part.

    Attributes:
        key: of the delivery.
        at: when the latest part was begun.
        sent: the platform's ids of the parts that were sent.
        is_open: of the part that follows these it is not known whether it was sent.
    """

    key: str
    at: datetime
    sent: tuple[str, ...] = ()
    is_open: bool = False


class Draft(Struct, frozen=True, kw_only=True, tag="draft", rename="camel"):
    """A message of the platform in which a reply is shown while it is made, and which becomes the reply.

    Attributes:
        key: of the message that is answered.
        at: when it was begun to be sent.
        text: that it was sent with.
        message_id: of the platform; None where it is not known whether it was sent.
    """

    key: str
    at: datetime
    text: str
    message_id: str | None = None


class Late(Struct, frozen=True, kw_only=True, tag="late", rename="camel"):
    """A message that was sent while nobody received it; `at` that time, by the platform."""

    key: str
    at: datetime


Note: TypeAlias = Attempt | Draft | Late
N = TypeVar("N", Attempt, Draft, Late)


def key_of(agent: str, session: str, message_id: str) -> str:
    """The key of a message of a session."""
    return f"{agent}\0{session}\0{message_id}"


def platform_key(*parts: str) -> str:
    """A key of 24 characters by which a platform recognises what is sent again."""
    return _digest(*parts)[:24]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Ledger:
    """The notes of a state directory, in memory and on disk.

    Args:
        state_dir: has them, in the folder of the gateway.
        now: the time.
    """

    def __init__(self, state_dir: Path, now: Callable[[], datetime]) -> None:
        self._state_dir = state_dir
        self._now = now
        self._folder = state_dir
        self._notes: dict[tuple[type[Note], str], Note] = {}

    async def open(self) -> None:
        """Read what an earlier run left.

        Raises:
            StoreError: there is no folder for it.
        """
        await anyio.to_thread.run_sync(self._load)

    def _load(self) -> None:
        self._folder = make_gateway_folder(self._state_dir) / _FOLDER
        durable.make_folder(self._folder)
        decode: Callable[[bytes], Note] = msgspec.json.Decoder(Note).decode
        oldest = self._now() - _KEPT
        for path in sorted(self._folder.glob("*.json")):
            try:
                note = decode(reading.read(path))
            except (OSError, msgspec.MsgspecError) as error:
                _log.warning("the note %s cannot be read, and is left out: %s", path, error)
                continue
            if note.at < oldest:
                durable.remove(path)
            else:
                self._notes[type(note), note.key] = note

    def find(self, kind: type[N], key: str) -> N | None:
        """The note of a kind with a key."""
        found = self._notes.get((kind, key))
        return found if isinstance(found, kind) else None

    async def write(self, note: Note) -> None:
        """Make a note durable, in the place of the one of its kind with its key.

        Raises:
            StoreError: it cannot be written.
        """
        data = msgspec.json.encode(note)
        with anyio.CancelScope(shield=True):
            try:
                await anyio.to_thread.run_sync(partial(durable.replace, self._path(type(note), note.key), data))
            except OSError as error:
                raise StoreError(f"a note cannot be written to {self._folder}: {error.strerror}") from error
            self._notes[type(note), note.key] = note

    async def drop(self, kind: type[Note], key: str) -> None:
        """Forget a note, if there is one."""
        if (kind, key) in self._notes:
            with anyio.CancelScope(shield=True):
                try:
                    await anyio.to_thread.run_sync(durable.remove, self._path(kind, key))
                except FileNotFoundError:
                    pass
                except OSError as error:
                    _log.warning("a note in %s cannot be removed: %s", self._folder, error)
                self._notes.pop((kind, key), None)

    def _path(self, kind: type[Note], key: str) -> Path:
        name = _digest(kind.__name__, key)[:40]
        return self._folder / f"{name}.json"
