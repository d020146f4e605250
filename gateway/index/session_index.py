"""The index as others use it: lists and searches, current to the moment."""

import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Final, Self, TypeVar

import anyio
from msgspec import structs

from argentos.actors import Supervisor
from argentos.concurrency.background import keep_running
from argentos.concurrency.closing import close_stack
from argentos.errors import MissingExtraError, StoreError
from argentos.gateway.index.database import FAULTS, Database, Work
from argentos.gateway.index.lists import list_page
from argentos.gateway.index.queries import (
    SearchQuery,
    SearchResult,
    SessionPage,
    SessionQuery,
    checked_list,
    checked_search,
)
from argentos.gateway.index.rows import as_number, progress
from argentos.gateway.index.schema import is_usable
from argentos.gateway.index.searching import search
from argentos.gateway.index.updating import Updater
from argentos.storage.files import search_files

__all__ = ["SessionIndex"]

T = TypeVar("T")

_PATIENCE: Final = 2.0  # seconds that a question waits for what has just happened


class SessionIndex:
    """Lists of the sessions of a supervisor, and search in their messages: an async context manager.

    It is derived of what is durable, and kept in the state directory that the supervisor owns, in the folder `search/`;
    where there is none, in memory. While it is made, two minutes for half a million messages, a search says so.

    Args:
        supervisor: it is entered before, and left after, the index.
    """

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def __aenter__(self) -> Self:
        """Open the index, and begin to bring it up to date.

        Raises:
            MissingExtraError: the SQLite of this Python is too old for full-text search, or was built without it.
            StoreError: it cannot be opened; `StoreBusyError` where another index of the directory is open.
        """
        if not is_usable():
            raise MissingExtraError(
                "the index of sessions needs SQLite 3.34 or newer with FTS5, and this Python has"
                f" {sqlite3.sqlite_version}; use a newer Python"
            )
        root = self._supervisor.directory
        self._database = Database(search_files.folder(root) if root is not None else None)
        self._updater = Updater(self._supervisor, self._database)
        async with AsyncExitStack() as stack:
            try:
                await self._database.open()
            except (*FAULTS, OSError) as error:
                raise StoreError(f"the index {self._database.path} cannot be opened: {error}") from error
            stack.push_async_callback(self._close)
            group = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(group.cancel_scope.cancel)
            group.start_soon(keep_running, "the index of sessions", self._updater.run, name="argentos index")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """Close the index; what it lacks is written when it is opened again."""
        await close_stack(self._stack, error)

    async def _close(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._database.close()

    async def page(self, query: SessionQuery | None = None) -> SessionPage:
        """A page of sessions as they stand now; all that happened before the call is in it.

        Args:
            query: chooses them; by default all.

        Raises:
            InputError: something of the query cannot be used.
            StoreError: the index or the store cannot be read.
            SupervisorStoppedError: the supervisor is closed.
        """
        query = checked_list(query or SessionQuery())
        await self._settle()
        now = as_number(self._supervisor.catalogue.now())
        listed = await self._asked(self._database.look, partial(list_page, query=query, now=now))
        found = await self._supervisor.catalogue.find(listed.keys)
        counts, states, total = _summed(listed.counts, query)
        return SessionPage(
            # One that has just changed hands is not shown to whom it does not belong any more.
            sessions=tuple(each for each in found.sessions if query.owner in {None, each.owner}),
            next=listed.next,
            total=total,
            counts=counts,
            states=states,
            problems=(*self._updater.problems, *found.problems),
        )

    async def search(self, query: SearchQuery) -> SearchResult:
        """Messages that have certain words, the latest first; all that was said before the call is looked at.

        What left the context, by a compaction, a clear or a rewind, is found as long as its session exists.

        Raises:
            InputError: something of the query cannot be used, or there are no words in it.
            StoreError: the index cannot be read.
        """
        query = checked_search(query)
        await self._settle()
        lacking = await self._lacking()  # before the search: what is written during it may have been missed
        result = await self._asked(self._database.search, partial(search, query=query))
        return structs.replace(result, is_complete=False, progress=lacking) if lacking else result

    async def settle(self) -> None:
        """Wait until all messages are in the index, and nothing is left in it of sessions that were deleted."""
        await self._updater.at_rest()

    async def _settle(self) -> None:
        with anyio.move_on_after(_PATIENCE):
            await self._updater.settled()

    async def _asked(self, ask: Callable[[Work[T]], Awaitable[T]], work: Work[T]) -> T:
        try:
            return await ask(work)
        except FAULTS as error:
            self._updater.fail(error)
            raise StoreError(f"the index {self._database.path} cannot be read, and is made anew: {error}") from error

    async def _lacking(self) -> str:
        """A sentence that says what a search does not find, for the index is not whole; empty where it is."""
        if self._updater.failure:
            return self._updater.failure
        if not self._updater.is_building:
            return ""
        done, there = await self._asked(self._database.look, progress)
        if done == there:
            return ""
        return f"the index is being made, and has the messages of {done:,} of {there:,} sessions so far"


def _summed(counts: Mapping[tuple[str, str], int], query: SessionQuery) -> tuple[dict[str, int], dict[str, int], int]:
    """The numbers of sessions of each status, of each state, and of those that are asked for."""
    statuses, states, total = Counter[str](), Counter[str](), 0
    for (status, state), count in counts.items():
        is_of_status, is_in_state = query.status in {None, status}, query.state in {None, state}
        statuses[status] += count if is_in_state else 0
        states[state] += count if is_of_status else 0
        total += count if is_of_status and is_in_state else 0
    return dict(+statuses), dict(+states), total
