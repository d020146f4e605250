"""Retention: which sessions are kept no longer, by age and by size, and the task that deletes them.

What is chosen here is only a proposal: whether a session is at work, or has been active meanwhile, its actor decides
in the step that deletes it.
"""

import logging
from collections.abc import Collection, Iterable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from argentos.actors.core.decisions.draft import is_at_work
from argentos.actors.core.registry import Registry
from argentos.actors.core.runtime import Runtime
from argentos.concurrency.clock import Clock
from argentos.concurrency.foreign_code import reading_a_store
from argentos.errors import ArgentError, SessionNotFoundError, SupervisorStoppedError
from argentos.storage import Metadata, SessionKey

__all__ = ["Due", "Retention", "Stored", "choose", "stored_sessions"]

_log: Final = logging.getLogger(__name__)
_EVERY: Final = 3600.0  # seconds
_GRACE: Final = 600.0  # seconds
_FEW: Final = 10
_SHARE: Final = 10  # one of so many


class Stored(Struct, frozen=True, rename="camel"):
    """A session as retention sees it.

    Attributes:
        size: on disk, in bytes, archive included.
        at_work: a message waits for its answer, or a compaction runs.
    """

    id: str
    last_activity: datetime
    size: int
    at_work: bool

    @classmethod
    def of(cls, metadata: Metadata, size: int) -> "Stored":
        """Read it off the metadata."""
        return cls(metadata.session, metadata.last_activity, size, is_at_work(metadata))


class Due(NamedTuple):
    """A session to delete, and why: it is too old, or all together are too large."""

    session: Stored
    reason: Literal["age", "size"]


def choose(
    sessions: Iterable[Stored], *, now: datetime, retain_for: float | None, retain_bytes: int | None
) -> list[Due]:
    """The sessions to delete, the longest without activity first.

    Args:
        sessions: all there are. Those at work are never chosen, though their sizes count.
        now: the wall time.
        retain_for: seconds after the last activity; None keeps them for ever.
        retain_bytes: of all that are left; None sets no limit.
    """
    oldest_first = sorted(sessions, key=lambda each: (each.last_activity, each.id))
    left = sum(each.size for each in oldest_first)
    due: list[Due] = []
    for session in oldest_first:
        too_old = retain_for is not None and now - session.last_activity > timedelta(seconds=retain_for)
        too_large = retain_bytes is not None and left > retain_bytes
        if (too_old or too_large) and not session.at_work:
            due.append(Due(session, "age" if too_old else "size"))
            left -= session.size
    return due


async def stored_sessions(registry: Registry, agent: str, *, sizes: bool) -> tuple[Stored, ...]:
    """An agent's sessions; one that cannot be read is logged instead. Without `sizes` each has 0 bytes."""
    store = registry.runtime.store
    found: list[Stored] = []
    async with aclosing(registry.pages(agent)) as pages:
        async for page in pages:
            with reading_a_store():
                found += [Stored.of(each, await store.size(each.key) if sizes else 0) for each in page.sessions]
            for problem in page.problems:
                _log.warning("a session is kept, whatever its age and size: %s", problem)
    return tuple(found)


class Calendar:
    """The wall clock as far as it can be believed: it never runs ahead of the time that has passed here.

    Args:
        clock: the wall clock, and the time that passes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.monotonic()
        self._at = clock.now()
        self._is_compared = False

    def compare(self, activities: Iterable[datetime]) -> None:
        """Tell it of the activities that are found at first: what has passed since the latest before is not believed.

        A clock that is ahead cannot be told from a long absence.
        """
        if not self._is_compared:
            self._at = max((each for each in activities if each <= self._at), default=self._at)
        self._is_compared = True

    def now(self) -> datetime:
        """The time that is believed, which is never ahead of the wall clock's."""
        passed = timedelta(seconds=self._clock.monotonic() - self._begun)
        return min(self._clock.now(), self._at + passed)


class Retention:
    """Deletes what the settings say is kept no longer.

    By age only what the believed time says, after a grace in which a clock may be set right, and never many at once.
    """

    def __init__(self, registry: Registry, runtime: Runtime) -> None:
        self._registry = registry
        self._runtime = runtime
        self._agent = runtime.agent
        self._calendar = Calendar(registry.runtime.clock)

    async def keep(self) -> None:
        """Apply it now, and once an hour, until cancelled."""
        clock = self._registry.runtime.clock
        while True:
            try:
                await self._apply()
            except ArgentError as error:
                _log.warning("the retention was not applied in full, and will be in an hour: %s", error)
            await clock.sleep_until(clock.monotonic() + _EVERY)

    async def _apply(self) -> None:
        """Delete what is due; what is not deleted though the clock says so is told of.

        One that cannot be deleted is logged, and keeps no other.

        Raises:
            ArgentError: the sessions cannot be listed.
        """
        config, clock = self._runtime.config, self._runtime.clock
        sessions = await stored_sessions(self._registry, self._agent, sizes=config.retain_bytes is not None)
        self._calendar.compare(each.last_activity for each in sessions)
        old = self._too_old(sessions, self._calendar.now())
        self._tell(old, sessions)
        if old and len(old) <= _most(sessions):
            await clock.sleep_until(clock.monotonic() + _GRACE)
            still = set(self._too_old(sessions, self._calendar.now()))
            await self._delete([Due(each, "age") for each in old if each in still])
        if config.retain_bytes is not None:
            left = await stored_sessions(self._registry, self._agent, sizes=True)
            await self._delete(choose(left, now=clock.now(), retain_for=None, retain_bytes=config.retain_bytes))

    def _too_old(self, sessions: Iterable[Stored], now: datetime) -> list[Stored]:
        config = self._runtime.config
        return [due.session for due in choose(sessions, now=now, retain_for=config.retain_for, retain_bytes=None)]

    def _tell(self, old: Collection[Stored], sessions: Collection[Stored]) -> None:
        """Say what is kept though it is due, and why, in the log and in the health."""
        runtime = self._runtime
        by_the_clock = len(self._too_old(sessions, runtime.clock.now()))
        why = ""
        if len(old) > _most(sessions):
            why = f"more than {_most(sessions)} of {len(sessions)} at once are deleted only by hand"
        elif by_the_clock > len(old):
            why = "the clock is further ahead than the time that passed"
        told = f"{by_the_clock} sessions are due by their age and kept, for {why}; see `argent sessions prune`"
        runtime.retention = told if why else ""
        if why:
            _log.warning("agent %s: %s", self._agent, told)

    async def _delete(self, due: Iterable[Due]) -> None:
        for session, reason in due:
            key = SessionKey(self._agent, session.id)
            try:
                deleted = await self._registry.delete(key, unless_active_since=session.last_activity, by="retention")
            except SessionNotFoundError:
                continue  # somebody was faster
            except SupervisorStoppedError:
                raise
            except ArgentError as error:
                _log.warning("session %s was to be deleted, for its %s, and was not: %s", key, reason, error)
                continue
            if deleted:
                _log.info("session %s was deleted, for its %s", key, reason)


def _most(sessions: Collection[Stored]) -> int:
    """The number of sessions that may be deleted at once for their age without confirmation."""
    return max(_FEW, len(sessions) // _SHARE)
