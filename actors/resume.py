"""Sessions that an earlier run left with something to do, taken up a few at a time."""

import logging
from collections.abc import Iterator
from typing import Final

import anyio

from argentos.actors.core.decisions.draft import COMPACTING
from argentos.actors.core.registry import Registry
from argentos.actors.core.supervision import is_suspect
from argentos.errors import ArgentError, SessionNotFoundError, StoreError
from argentos.storage import Metadata

__all__ = ["resume_unfinished"]

_log: Final = logging.getLogger(__name__)


async def resume_unfinished(registry: Registry, at_once: int) -> None:
    """Revive the sessions that wait for a reply or a summary, so many at a time.

    Those whose turn the process may have died of come first, one by one, and no turn begins before they are done. Of
    the others the next one follows when the turn, or the compaction, of one has ended. So few are in memory for it, and
    new messages need not wait behind all of them.
    """
    suspects, store = registry.runtime.suspects, registry.runtime.store
    try:
        unfinished = [each for agent in registry.runtimes for each in await store.unfinished(agent, COMPACTING)]
        suspected = [metadata for metadata in unfinished if is_suspect(metadata)]
        suspects.know(metadata.key for metadata in suspected)
        for metadata in suspected:
            with suspects.alone_for(metadata.key):
                await _resume(registry, iter((metadata,)))
    except StoreError as error:
        _log.error("what was left unanswered is not known, so it is answered at the next message: %s", error)
        return
    finally:
        suspects.know(())
        registry.runtime.slots.release()
    left, count = iter(unfinished), len(unfinished)
    del unfinished
    async with anyio.create_task_group() as group:
        for _ in range(min(at_once, count)):
            group.start_soon(_resume, registry, left)


async def _resume(registry: Registry, left: Iterator[Metadata]) -> None:
    for metadata in left:
        if registry.runtime.is_draining:
            return
        try:
            await registry.resume(metadata.key)
        except SessionNotFoundError:
            pass  # it was deleted meanwhile
        except ArgentError as error:
            _log.warning("session %s was not taken up where it was left: %s", metadata.key, error)
