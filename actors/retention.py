"""Retention: which sessions are kept no longer, by age and by size, and the task that deletes them.

What is chosen here is only a proposal: whether a session is at work, or has been active meanwhile, its actor decides
in the step that deletes it.
"""

import logging
from collections.abc import Iterable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from argentos.actors.registry import Registry
from argentos.actors.step import is_at_work
from argentos.errors import ArgentError, SessionNotFoundError, SupervisorStoppedError
from argentos.storage import Metadata, SessionKey

__all__ = ["Due", "Stored", "apply_retention", "choose", "keep_within", "stored_sessions"]

_log: Final = logging.getLogger(__name__)
_EVERY: Final = 3600.0  # seconds


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
            found += [Stored.of(each, await store.size(each.key) if sizes else 0) for each in page.sessions]
            for problem in page.problems:
                _log.warning("a session is kept, whatever its age and size: %s", problem)
    return tuple(found)


async def apply_retention(registry: Registry, agent: str) -> int:
    """Delete what the settings say is kept no longer; gives how many sessions that were.

    One that cannot be deleted is logged, and keeps no other.

    Raises:
        ArgentError: the sessions cannot be listed.
    """
    runtime = registry.runtime
    config = runtime.config
    sessions = await stored_sessions(registry, agent, sizes=config.retain_bytes is not None)
    due = choose(sessions, now=runtime.clock.now(), retain_for=config.retain_for, retain_bytes=config.retain_bytes)
    count = 0
    for session, reason in due:
        key = SessionKey(agent, session.id)
        try:
            deleted = await registry.delete(key, unless_active_since=session.last_activity)
        except SessionNotFoundError:
            continue  # somebody was faster
        except SupervisorStoppedError:
            raise
        except ArgentError as error:
            _log.warning("session %s was to be deleted, for its %s, and was not: %s", key, reason, error)
            continue
        if deleted:
            count += 1
            _log.info("session %s was deleted, for its %s", key, reason)
    return count


async def keep_within(registry: Registry, agent: str) -> None:
    """Apply the retention now, and once an hour, until cancelled."""
    clock = registry.runtime.clock
    while True:
        try:
            await apply_retention(registry, agent)
        except ArgentError as error:
            _log.warning("the retention was not applied in full, and will be in an hour: %s", error)
        await clock.sleep_until(clock.monotonic() + _EVERY)
