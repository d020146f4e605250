"""Signals that end a process: the gateway drains at once, while its server begins to wait for its connections."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

import anyio
from anyio.abc import TaskGroup

from argentos.errors import SupervisorStoppedError

__all__ = ["draining_at_signals"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def draining_at_signals(drain: Callable[[], Awaitable[None]], group: TaskGroup) -> Generator[None]:
    """The time in which a signal that a server waits for has this drained, too; the server hears of it as before.

    Where nobody waits for a signal, or this is no main thread, all stays as it is.

    Args:
        drain: drains.
        group: in which it does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, heard = asyncio.get_running_loop(), anyio.Event()

    async def drain_when_heard() -> None:
        await heard.wait()
        with suppress(SupervisorStoppedError):  # it has ended meanwhile
            await drain()

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(heard.set)
        handlers[number](number, frame)

    known = {int(each): signal.getsignal(each) for each in _SIGNALS}
    handlers = {number: handler for number, handler in known.items() if callable(handler)}
    group.start_soon(drain_when_heard, name="argentos drain")
    for each in handlers:
        signal.signal(each, hear)
    try:
        yield
    finally:
        for each, handler in handlers.items():
            if signal.getsignal(each) is hear:
                signal.signal(each, handler)
