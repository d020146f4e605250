"""Files of sessions that were read a moment ago: while nobody writes them they are not decoded again."""

import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from argentos.storage.disk import reading
from argentos.storage.files import session_files
from argentos.storage.messages import SessionKey

__all__ = ["ReadFiles"]

_Identities: TypeAlias = tuple[tuple[int, ...] | None, ...]

_MOST: Final = 8  # sessions
_LARGEST: Final = 64 * 1024 * 1024  # bytes of the files of all of them
_TICK: Final = 20_000_000  # nanoseconds: a file that is written again within them may keep its time
_SIZE, _WRITTEN, _CHANGED = 2, 3, 4  # places in an identity


class _Known(NamedTuple):
    identities: _Identities
    size: int
    content: session_files.SessionFiles


class ReadFiles:
    """The content of the files of some sessions, those read last: a page of a conversation reads them many times."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, _Known] = OrderedDict()
        self._mutex = threading.Lock()

    def read_stored(self, folder: Path, key: SessionKey) -> session_files.SessionFiles:
        """The content of the files of a session, see `session_files.read_stored`. Blocks, in any thread.

        Raises:
            StoreDamagedError, StoreVersionError: see `Store.load`.
        """
        before = _identities(folder)
        with self._mutex:
            known = self._known.pop(folder, None)
            if known is not None and known.identities == before:
                self._known[folder] = known
                return known.content
        content = session_files.read_stored(folder, key)
        if before is not None and before == _identities(folder):
            self._keep(folder, _Known(before, sum(each[_SIZE] for each in before if each), content))
        return content

    def forget(self, folder: Path) -> None:
        """Keep nothing of a session that is deleted."""
        with self._mutex:
            self._known.pop(folder, None)

    def _keep(self, folder: Path, read: _Known) -> None:
        if read.size > _LARGEST:
            return
        with self._mutex:
            self._known[folder] = read
            while len(self._known) > _MOST or sum(each.size for each in self._known.values()) > _LARGEST:
                self._known.popitem(last=False)


def _identities(folder: Path) -> _Identities | None:
    """By what a change of the files is seen; None where one might not be, and where there is none, or a fault."""
    try:
        found = tuple(reading.identity(folder / name) for name in ("history.json", "metadata.json"))
    except OSError:  # which reading them tells of
        return None
    latest = max((max(each[_WRITTEN], each[_CHANGED]) for each in found if each), default=None)
    return found if latest is not None and latest < time.time_ns() - _TICK else None
