"""Code that is not ours at its worst: `python -m benchmarks.actors.scenarios.hostile SESSIONS SECONDS [FOLDER]`.

A model, a counter and the host's telemetry raise what is no `Exception`, cancel the task that they run in, ignore their
cancellation in a thread, and give nonsense, in so many sessions at a time, again and again.
"""

import asyncio
import itertools
import logging
import os
import sys
import threading
from time import perf_counter
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec
from msgspec import Struct
from opentelemetry import trace

from argentos import ArgentError, Config, Emit, Reply, Request, Supervisor
from benchmarks.actors.scenarios.others import Others, Waits
from benchmarks.actors.scenarios.parts import store_in
from benchmarks.storage.instant import InstantModel

__all__ = ["Hostile", "main"]

_HOSTILE: Final = "hostile"
_DEEDS: Final = ("panic", "exit", "cancel", "ignore", "nonsense", "count panic", "count long")
_CONFIG: Final = Config(turn_timeout=1.0)
_PAUSE: Final = 0.1  # seconds between two messages to a hostile session
_over: Final = threading.Event()  # ends what ignores its cancellation, so that the process can end


class Hostile(Struct, frozen=True):
    """What others saw meanwhile, in seconds; and how many messages of the hostile sessions failed with our errors."""

    failed: int
    took: float
    calm: Waits
    others: Waits


class _PanicError(BaseException):
    pass


class _HostileModel(InstantModel):
    async def reply(self, request: Request, emit: Emit) -> Reply:
        match request.messages[-1].text:
            case "panic":
                raise _PanicError
            case "exit":
                sys.exit("enough")
            case "cancel":
                task = asyncio.current_task()
                if task is not None:
                    task.cancel()
                await anyio.sleep_forever()
            case "ignore":
                await anyio.to_thread.run_sync(_over.wait, 12.0)
            case "nonsense":
                nonsense: Any = 7
                await emit(nonsense)
            case _:
                pass
        return await super().reply(request, emit)


def _count(text: str) -> int:
    if text == "count panic":
        raise _PanicError
    if text == "count long":
        _over.wait(12.0)
    return 1


class _HostileTracer(trace.NoOpTracer):
    def start_span(self, name: str, *arguments: Any, **options: Any) -> trace.Span:
        if str(options.get("attributes", {}).get("argentos.session", "")).startswith(_HOSTILE):
            raise _PanicError(name)
        return super().start_span(name, *arguments, **options)


class _HostileTelemetry(trace.NoOpTracerProvider):
    def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
        return _HostileTracer()


class _Hostility:
    """The sessions, each of which has one kind of deed done to it again and again."""

    def __init__(self, supervisor: Supervisor, sessions: int, seconds: float) -> None:
        self._supervisor = supervisor
        self._sessions = sessions
        self._seconds = seconds
        self.failed = 0
        self.took = 0.0

    async def go_on(self) -> None:
        before = perf_counter()
        with anyio.move_on_after(self._seconds):
            async with anyio.create_task_group() as group:
                for number, deed in zip(range(self._sessions), itertools.cycle(_DEEDS), strict=False):
                    group.start_soon(self._do, f"{_HOSTILE}-{number}", deed)
        self.took = perf_counter() - before

    async def _do(self, name: str, deed: str) -> None:
        while True:
            try:
                await self._supervisor.session(name).ask(deed)
            except ArgentError:
                self.failed += 1
            await anyio.sleep(_PAUSE)


async def _measure(sessions: int, seconds: float, folder: str) -> Hostile:
    try:
        async with Supervisor(
            store_in(folder), _HostileModel(), config=_CONFIG, count=_count, patience=1
        ) as supervisor:
            others = Others(supervisor)
            await others.calm(seconds / 10)
            calm = await others.calm(seconds)
            hostility = _Hostility(supervisor, sessions, seconds)
            waits = await others.during(hostility.go_on)
            return Hostile(hostility.failed, hostility.took, calm, waits)
    finally:
        _over.set()


def main(sessions: str, seconds: str, folder: str = "") -> None:
    """Let them do their worst, and print what came of it; what is logged is written, but to nowhere."""
    logging.basicConfig(filename=os.devnull)
    trace.set_tracer_provider(_HostileTelemetry())
    result = anyio.run(_measure, int(sessions), float(seconds), folder)
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
