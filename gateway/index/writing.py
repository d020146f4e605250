"""Writing into the index, a piece at a time, so that nobody waits for it long."""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from argentos.actors import SessionInfo, Supervisor
from argentos.errors import SessionNotFoundError, StoreError
from argentos.gateway.index import purging, rows
from argentos.gateway.index.database import Database
from argentos.gateway.index.rows import Lacking
from argentos.storage import Message, SessionKey

__all__ = ["Writer"]

_log: Final = logging.getLogger(__name__)
_MESSAGES: Final = 500  # that are written together
_SESSIONS: Final = 20  # whose messages are written one after the other
_SOON: Final = 50  # messages of a session that are written as soon as it is


class Writer:
    """Writes down what the sessions of a supervisor are, and removes what they are no more.

    Args:
        supervisor: of the sessions.
        database: the tables.

    Attributes:
        problems: a sentence for each session that was not found, for it cannot be read.
    """

    def __init__(self, supervisor: Supervisor, database: Database) -> None:
        self.problems: list[str] = []
        self._supervisor = supervisor
        self._database = database
        self._walk = 0
        self._is_truncated = False

    async def begin_walk(self) -> None:
        """Begin to compare all sessions: those that are not written from here on until the end of it are gone."""
        self.problems.clear()
        self._walk = await self._database.look(rows.latest_walk) + 1

    async def end_walk(self) -> None:
        """Remove the sessions that are gone."""
        while await self._database.change(partial(rows.forget_unseen, walk=self._walk)):
            pass

    async def write(self, infos: Sequence[SessionInfo], gone: Sequence[SessionKey] = ()) -> list[Lacking]:
        """Write down sessions, but for their messages, and remove others; gives those of which messages lack."""

        def work(connection: sqlite3.Connection) -> list[Lacking]:
            rows.forget(connection, gone)
            return rows.put_sessions(connection, infos, self._walk)

        self._is_truncated = self._is_truncated and not gone
        return await self._database.change(work)

    async def look_again(self, marked: Mapping[SessionKey, bool]) -> None:
        """Write down sessions as they are by now, with their latest messages; those that are gone are removed.

        Args:
            marked: each with whether it was deleted: what there is of it now is another one.

        Raises:
            StoreError: the store cannot be read.
            SupervisorStoppedError: the supervisor is closed.
        """
        page = await self._supervisor.catalogue.find(marked)
        self.problems += page.problems
        found = {SessionKey(each.agent, each.id) for each in page.sessions}
        gone = [key for key, was_deleted in marked.items() if was_deleted or key not in found]
        lacking = await self.write(page.sessions, gone)
        await self._fill([each for each in lacking if each.stop - each.start <= _SOON])

    async def fill_some(self) -> bool:
        """Write down some of the messages that lack; tells whether any did.

        Raises:
            SupervisorStoppedError: the supervisor is closed.
        """
        lacking = await self._database.look(partial(rows.lacking, most=_SESSIONS))
        await self._fill(lacking)
        return bool(lacking)

    async def clear_some(self) -> bool:
        """Remove some of what is left of sessions that are gone; tells whether there was anything."""
        if await self._database.change(rows.bury) or await self._database.change(purging.purge_step):
            self._is_truncated = False
            return True
        if self._is_truncated:
            return False
        self._is_truncated = await self._database.tidy(purging.truncate)
        return True

    async def _fill(self, lacking: Sequence[Lacking]) -> None:
        """Write down messages that lack, of each session some."""
        read: list[_Read] = []
        for each in lacking:
            read.append(await self._read(each))
            if sum(len(one.messages) for one in read) >= _MESSAGES:
                await self._database.change(partial(_put, read))
                read = []
        if read:
            await self._database.change(partial(_put, read))

    async def _read(self, lacking: Lacking) -> "_Read":
        stop = min(lacking.stop, lacking.start + _MESSAGES)
        session = self._supervisor.session(lacking.key.id, agent=lacking.key.agent)
        try:
            return _Read(lacking.id, stop, await session.messages(lacking.start, stop))
        except SessionNotFoundError:  # which an event will tell
            return _Read(lacking.id, stop, ())
        except StoreError as error:
            _log.warning("the messages of session %s are not found by a search: %s", lacking.key, error)
            return _Read(lacking.id, 0, ())


class _Read(NamedTuple):
    """Messages of the session of a row, up to the number before `stop`; 0 where they cannot be read."""

    row: int
    stop: int
    messages: Sequence[Message]


def _put(read: Sequence[_Read], connection: sqlite3.Connection) -> None:
    for row, stop, messages in read:
        if stop:
            rows.put_messages(connection, row, messages, stop)
        else:
            rows.mark_unreadable(connection, row)
