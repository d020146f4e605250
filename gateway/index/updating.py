"""The task that keeps the index current: what changed first, then what is removed or lacks, a piece at a time.

Events only say which sessions have changed; what they are by now is asked of the supervisor. So nothing of an event has
to be kept, and where some were missed all sessions are compared.
"""

import logging
import math
from contextlib import aclosing
from typing import Final

import anyio

from argentos.actors import Supervisor
from argentos.errors import StoreError, SupervisorStoppedError
from argentos.gateway.index.database import FAULTS, Database
from argentos.gateway.index.marks import Marks
from argentos.gateway.index.writing import Writer
from argentos.storage.disk.lock import DirectoryLostError

__all__ = ["Updater"]

_log: Final = logging.getLogger(__name__)
_EVENTS: Final = 10_000  # that may wait to be heard
_TOGETHER: Final = 200  # sessions that are looked at together
_AGAIN: Final = 30.0  # seconds after which sessions that could not be read are tried again
_PAUSE: Final = 10.0  # seconds before what failed is tried again
_LONGEST_REST: Final = 0.2  # seconds
_MOST_PROBLEMS: Final = 100


class Updater:
    """Keeps the tables as the supervisor's sessions are.

    Args:
        supervisor: of the sessions.
        database: the tables.

    Attributes:
        has_walked: all sessions have been compared.
        is_building: messages lack of sessions that were there already.
        failure: a sentence that says why the index is not kept current; empty where it is.
    """

    def __init__(self, supervisor: Supervisor, database: Database) -> None:
        self.has_walked: bool = False
        self.is_building: bool = True
        self.failure: str = ""
        self._supervisor = supervisor
        self._database = database
        self._writer = Writer(supervisor, database)
        self._marks: Marks | None = None
        self._first_walk = anyio.Event()
        self._walk_due = math.inf
        self._fault: BaseException | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences about sessions that lists lack."""
        failure = (self.failure,) if self.failure else ()
        unread = () if self.has_walked else ("the list of sessions is being made, and lacks some",)
        return (*failure, *unread, *self._writer.problems[:_MOST_PROBLEMS])

    async def settled(self) -> None:
        """Wait until what has happened so far is in the index, but not for messages of long ago."""
        await self._first_walk.wait()
        if self._marks is not None:
            await self._marks.settled()

    async def at_rest(self) -> None:
        """Wait until there is nothing left to do."""
        await self._first_walk.wait()
        if self._marks is not None:
            await self._marks.at_rest()

    def fail(self, fault: BaseException) -> None:
        """Have the tables made anew, which cannot be read."""
        self._fault = fault
        if self._marks is not None:
            self._marks.wake()

    async def run(self) -> None:
        """Keep the index current until the supervisor ends."""
        try:
            async with self._supervisor.events(limit=_EVENTS) as events:
                self._marks = Marks(events)
                await self._keep_current(self._marks)
        except SupervisorStoppedError:
            _log.debug("the index is kept no more, for the supervisor has ended")
        except DirectoryLostError as error:
            self.failure = str(error.strerror)
        finally:
            self._first_walk.set()
            if self._marks is not None:
                self._marks.end()

    async def _keep_current(self, marks: Marks) -> None:
        while True:
            try:
                await self._go_on(marks)
            except DirectoryLostError:
                raise
            except (*FAULTS, OSError) as fault:
                await self._begin_anew(fault)
            except StoreError as error:
                self._writer.problems[:] = [str(error)]
                marks.has_missed = True
                await anyio.sleep(_PAUSE)

    async def _go_on(self, marks: Marks) -> None:
        """Do the next piece, or wait for something to do."""
        marks.hear()
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        if marks.has_missed or self._walk_due <= anyio.current_time():
            await self._compare_all(marks)
        await self._look_again(marks)
        begun = anyio.current_time()
        if await self._writer.clear_some() or await self._writer.fill_some():
            rest = min(anyio.current_time() - begun, _LONGEST_REST)  # half of the time is others'
        else:
            self.is_building, rest = False, self._walk_due - anyio.current_time()
            marks.rest()
        if not marks:
            await marks.hear_next(max(0.0, rest))

    async def _look_again(self, marks: Marks) -> None:
        marked = marks.take(_TOGETHER)
        if marked:
            await self._writer.look_again(marked)
        marks.done()

    async def _compare_all(self, marks: Marks) -> None:
        """Compare all sessions with their rows; what changes meanwhile comes first."""
        marks.has_missed = False
        await self._writer.begin_walk()
        for agent in self._supervisor.agents:
            async with aclosing(self._supervisor.catalogue.pages(agent)) as pages:
                async for page in pages:
                    await self._writer.write(page.sessions)
                    self._writer.problems += page.problems
                    marks.hear()
                    await self._look_again(marks)
        await self._writer.end_walk()
        self.has_walked = True
        self._first_walk.set()
        self._walk_due = anyio.current_time() + _AGAIN if self._writer.problems else math.inf

    async def _begin_anew(self, fault: BaseException) -> None:
        _log.warning("the index %s is made anew: %s", self._database.path, fault)
        self.has_walked, self.is_building = False, True
        while True:
            try:
                await self._database.make_anew()
            except DirectoryLostError:
                raise
            except (*FAULTS, OSError) as error:
                self.failure = f"the index of sessions cannot be written: {error}"
                await anyio.sleep(_PAUSE)
            else:
                self.failure = ""
                if self._marks is not None:
                    self._marks.has_missed = True
                return
