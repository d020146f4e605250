"""Background tasks that live as long as their owner: no unexpected error ends them, nor their owner with them."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from argentos.concurrency.foreign_code import in_log, passes

__all__ = ["keep_running"]

_log: Final = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 1.0  # seconds
_LONGEST_PAUSE: Final = 60.0  # seconds
_CALM: Final = 300.0  # seconds without an error, after which the next is the first again


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work until it returns; where it raises, begin it again, after a pause that grows from 1 s to a minute.

    Args:
        name: what it is, for the log.
        work: is done from its beginning each time.
    """
    pause = _FIRST_PAUSE
    while True:
        begun = anyio.current_time()
        try:
            await work()
        except BaseException as error:
            if passes(error):
                raise
            if anyio.current_time() - begun > _CALM:
                pause = _FIRST_PAUSE
            _log.error("%s failed, and begins again in %g s: %s", name, pause, in_log(error), exc_info=error)
        else:
            return
        await anyio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
