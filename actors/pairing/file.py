"""`pairing.json`: the book of pairings in the state directory. All of this blocks."""

from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from argentos.actors.pairing.book import VERSION, PairingBook
from argentos.errors import StoreDamagedError, StoreFailedError, StoreVersionError
from argentos.machines.lifecycles.pairing import LINKED, PAIRING
from argentos.storage.disk import durable, reading

__all__ = ["NAME", "PairingFile", "read_book"]

NAME: Final = "pairing.json"
_QUOTED: Final = 200  # characters of a decoder's words


class _Versioned(Struct):
    version: int = VERSION


def read_book(path: Path) -> PairingBook:
    """Read the book; an empty one where there is no file.

    Raises:
        StoreDamagedError: it cannot be read; it was left as it is.
        StoreVersionError: it is of a newer version, and was left as it is.
    """
    try:
        data = reading.read(path)
    except FileNotFoundError:
        return PairingBook()
    except OSError as error:
        raise StoreDamagedError(f"{path} cannot be read: {error.strerror}; it was left as it is") from error
    try:
        version = msgspec.json.decode(data, type=_Versioned).version
        if version != VERSION:
            raise StoreVersionError(
                f"{path} was written by another argentos (version {str(version)[:20]}, this one reads {VERSION}); it"
                " was left as it is"
            )
        book = msgspec.json.decode(data, type=PairingBook)
        _check_sense(book)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise StoreDamagedError(
            f"{path} is damaged: {str(error)[:_QUOTED]}; it was left as it is: mend it, or take it from a backup"
        ) from error
    return book


def _check_sense(book: PairingBook) -> None:
    """Refuse what no book says, as where somebody has changed the file by hand.

    Raises:
        ValueError: it does not make sense.
    """
    senders = [each.sender for each in book.pairings]
    linked = [each for person in book.people for each in person.senders]
    times = [each.since for each in book.pairings] + [each.expires_at for each in book.pairings if each.expires_at]
    if len({*senders}) != len(senders) or len({*linked}) != len(linked):
        raise ValueError("a sender stands in it twice")
    if wrong := next((each for each in book.pairings if each.state not in PAIRING.states), None):
        raise ValueError(f"there is no state {wrong.state!a:.40}")
    if {each.sender for each in book.pairings if each.state == LINKED} != {*linked}:
        raise ValueError("the senders that are linked are not those of the people")
    if any(len(each.senders) <= 1 for each in book.people):
        raise ValueError("a person has one sender only")
    if any(at.tzinfo is None for at in (*times, *book.wrong_codes)):
        raise ValueError("a time has no zone")


class PairingFile:
    """The book as the file has it, which another process may have changed.

    Args:
        path: of the file; None keeps the book in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._latest = _Read(PairingBook(), None)  # replaced whole, for threads read at the same time

    def read(self) -> PairingBook:
        """The book as it is now.

        Raises:
            StoreDamagedError, StoreVersionError: see `read_book`.
        """
        latest = self._latest
        if self._path is not None and (found := _mark(self._path)) != latest.mark:
            latest = self._latest = _Read(read_book(self._path), found)  # what came meanwhile has another mark
        return latest.book

    def write(self, book: PairingBook) -> None:
        """Replace the book; when this returns, it is durable.

        Raises:
            StoreFailedError: it cannot be written; the old one is there.
        """
        if self._path is not None:
            try:
                durable.replace(self._path, msgspec.json.format(msgspec.json.encode(book), indent=2) + b"\n")
            except OSError as error:
                raise StoreFailedError(f"{self._path} cannot be written: {error.strerror}") from error
        self._latest = _Read(book, None)


class _Read(NamedTuple):
    """A book, and the mark of the file that it was read from; None reads that again."""

    book: PairingBook
    mark: tuple[int, ...] | None


def _mark(path: Path) -> tuple[int, ...]:
    """The marks by which a file is told from those that had its name before; none where there is no file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ()
    except OSError:
        return (-1,)  # reading it says why
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
