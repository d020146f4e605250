"""The processor time of what takes next to none, for which others on the machine count for little."""

import statistics
import time
from collections.abc import Callable
from typing import Final

__all__ = ["seconds_each"]

_BLOCK: Final = 0.005  # seconds; what the system does in between spoils a few blocks, not their median


def seconds_each(work: Callable[[], object], seconds: float) -> float:
    """The seconds of one call: the median of blocks of calls, which take this many seconds together."""
    calls = 1
    while (took := _block(work, calls)) < _BLOCK:
        calls = max(2 * calls, int(calls * _BLOCK / max(took, 1e-9)))
    blocks = [took]
    while sum(blocks) < seconds:
        blocks.append(_block(work, calls))
    return statistics.median(blocks) / calls


def _block(work: Callable[[], object], calls: int) -> float:
    before = time.process_time()
    for _ in range(calls):
        work()
    return time.process_time() - before
