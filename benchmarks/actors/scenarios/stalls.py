"""How long the event loop stands still for what takes longest: `python -m benchmarks.actors.scenarios.stalls`."""

import gc
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Final

import anyio
import msgspec

from argentos import (
    Agent,
    AnthropicModel,
    ArgentError,
    Config,
    Emit,
    FileStore,
    MemoryStore,
    OfflineModel,
    Reply,
    Request,
    Supervisor,
)
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import MessageTooLargeError
from argentos.storage import Store

__all__ = ["main"]

_BEAT: Final = 0.001  # seconds
_WORDS: Final = ("harbour", "ship", "tide", "morning", "captain", "12", "deadline", "must", "4711", "/srv/data")
_LARGE: Final = Config(max_context_tokens=1_000_000)
_ALL: Final = Config(max_context_tokens=10_000_000)  # takes back whatever has left it
_chance: Final = random.Random(2)  # noqa: S311 - texts of always the same words


def _waited() -> float:
    """Seconds for which this thread was ready, and others had the processors; 0 where the kernel does not tell."""
    with suppress(OSError):
        return int(Path("/proc/thread-self/schedstat").read_bytes().split()[1]) / 1e9
    return 0.0


def _text(sentences: int) -> str:
    return ". ".join(" ".join(_chance.choice(_WORDS) for _ in range(12)) for _ in range(sentences))


async def _stall(work: Callable[[], Awaitable[object]]) -> float:
    """The longest time, in seconds, for which this process kept a task from running while this was done.

    What others of the machine take is not its: the time in which the thread was ready and got no processor is left
    out, and it is never longer than the processor's time that the process took meanwhile.
    """
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            before, used, waited = perf_counter(), process_time(), _waited()
            await anyio.sleep(_BEAT)
            late = perf_counter() - before - _BEAT - (_waited() - waited)
            worst = max(worst, min(late, process_time() - used))

    gc.collect()  # what is left of what came before
    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await anyio.sleep(0.1)
        worst = 0.0
        await work()
        await anyio.sleep(0.1)
        group.cancel_scope.cancel()
    return worst


async def _first_turn() -> float:
    """What is loaded for it was loaded at opening; nobody listens at the address."""

    async def ask() -> None:
        with suppress(ArgentError):
            await supervisor.session("first").ask("Hello?")

    nobody = AnthropicModel(api_key="none", base_url="http://127.0.0.1:9")
    async with Supervisor(MemoryStore(), nobody, config=Config(retry_attempts=0)) as supervisor:
        return await _stall(ask)


async def _measure(messages: int) -> dict[str, float]:
    stalls = {"the first turn": await _first_turn()}
    async with Supervisor(MemoryStore(), OfflineModel(), config=_LARGE) as supervisor:
        send = supervisor.session("long").send
        english, word = " ".join(_chance.choice(_WORDS) for _ in range(700_000)), "a" * 1_000_000

        async def refused(text: str) -> None:
            with suppress(MessageTooLargeError):
                await send(text)

        stalls[f"counting {len(english) / 1e6:.1f} MB of English"] = await _stall(lambda: refused(english))
        stalls["counting 1 MB of one word"] = await _stall(lambda: refused(word))
        session = supervisor.session("compacted")
        for _ in range(300):
            await session.say(_text(25))
        tokens = (await session.info()).tokens
        stalls[f"a compaction of {tokens:,} tokens, without a model"] = await _stall(session.compact)
    return {**stalls, **await _measure_long(MemoryStore(), "in memory", messages)}


class _Scribe:
    """Sums up whatever it is shown at once; its window is that of small models."""

    name = "scribe"
    window = 200_000

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        """See `Model.reply`."""
        return Reply(f"Course of things: up to message {request.messages[-1].number}, they spoke of ships.")


async def _measure_summaries(messages: int) -> dict[str, float]:
    """The compaction of a session of many short messages: in quotes, and by a model, part by part."""
    stalls: dict[str, float] = {}
    transcript = _short_messages(messages)
    for how, agent in (
        ("in quotes", Agent(OfflineModel())),
        ("by a model", Agent(OfflineModel(), summariser=_Scribe())),
    ):
        async with Supervisor(MemoryStore(), agent, config=_LARGE) as supervisor:
            session = supervisor.session("imported")
            await session.adopt(transcript)
            before = getrusage(RUSAGE_SELF).ru_maxrss
            stalls[f"the compaction of {messages:,} messages {how}"] = await _stall(session.compact)
            stalls[f"the memory that it took at most, {how}, in GB"] = (
                getrusage(RUSAGE_SELF).ru_maxrss - before
            ) / 2**20
    return stalls


def _short_messages(messages: int) -> Transcript:
    said = [TranscriptMessage(role="user", text=f"{number}: {_text(2)}") for number in range(messages)]
    return Transcript(agent="main", session="imported", messages=tuple(said))


async def _measure_going_back(store: Store, where: str, messages: int) -> dict[str, float]:
    """Stalls of what takes many messages out of a context, and back into it."""
    stalls: dict[str, float] = {}
    async with Supervisor(store, OfflineModel(), config=_ALL) as supervisor:
        session = supervisor.session("imported")
        await session.adopt(_short_messages(messages))

        async def regenerate() -> None:
            await (await session.regenerate()).reply()

        what = f"of {messages:,} messages {where}"
        stalls[f"an ask in a context {what}"] = await _stall(lambda: session.ask("Hello?"))
        stalls[f"another reply in a context {what}"] = await _stall(regenerate)
        stalls[f"a fork {what}"] = await _stall(lambda: session.fork("now"))
        stalls[f"a clear {what}"] = await _stall(session.clear)
        stalls[f"a fork at the checkpoint {what}"] = await _stall(lambda: session.fork("then", at="c2"))
        stalls[f"the undo of a clear {what}"] = await _stall(session.undo)
        stalls[f"a rewind of half {what}"] = await _stall(lambda: session.rewind(before=messages // 2))
        stalls[f"the undo of that {where}"] = await _stall(session.undo)
    return stalls


async def _measure_files(messages: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state"
        stalls = await _measure_long(FileStore(path), "in files", messages)
        stalls |= await _measure_socket(path, messages)
        async with Supervisor(FileStore(path), OfflineModel(), config=_LARGE, resume=False) as supervisor:
            session = supervisor.session("imported")
            stalls["the first look at it after a restart"] = await _stall(session.info)
            stalls["its first message after a restart"] = await _stall(lambda: session.say("Hello."))
            stalls["its compaction"] = await _stall(session.compact)
            stalls["its end"] = await _stall(session.delete)
    return stalls


def _transcript(messages: int) -> Transcript:
    said = [TranscriptMessage(role="user", text=_text(10)) for _ in range(messages)]
    return Transcript(agent="main", session="imported", messages=tuple(said))


async def _measure_long(store: Store, where: str, messages: int) -> dict[str, float]:
    """What is done with a session of many messages."""
    stalls: dict[str, float] = {}
    transcript = _transcript(messages)
    async with Supervisor(store, OfflineModel(), config=_LARGE) as supervisor:
        session = supervisor.session("imported")
        stalls[f"an import of {messages:,} messages {where}"] = await _stall(lambda: session.adopt(transcript))
        stalls[f"all of its messages {where}"] = await _stall(lambda: session.history(full=True))
        stalls[f"its transcript {where}"] = await _stall(session.transcript)
        stalls[f"its size {where}"] = await _stall(supervisor.stored)
        stalls[f"a list {where}"] = await _stall(supervisor.list)
    return stalls


async def _measure_socket(path: Path, messages: int) -> dict[str, float]:
    """The same over the control socket, with both ends in this process."""
    stalls: dict[str, float] = {}
    transcript = _transcript(messages)
    supervisor = Supervisor(FileStore(path), OfflineModel(), config=_LARGE)
    async with supervisor, Supervisor.connect(path) as owner:
        session = owner.session("sent")
        stalls["an import over the socket"] = await _stall(lambda: session.adopt(transcript))
        stalls["all of its messages over the socket"] = await _stall(lambda: session.history(full=True))
        stalls["a backup beside it"] = await _stall(lambda: supervisor.backup(path.with_name("backup")))
    return stalls


async def _measure_all(messages: int) -> dict[str, float]:
    stalls = {**await _measure(messages), **await _measure_summaries(messages)}
    stalls |= await _measure_going_back(MemoryStore(), "in memory", messages)
    with tempfile.TemporaryDirectory() as folder:
        stalls |= await _measure_going_back(FileStore(folder), "in files", messages)
    return stalls | await _measure_files(messages)


def main(messages: str) -> None:
    """Do all of it, with a long session of so many messages, and print the stalls in seconds."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure_all, int(messages))))


if __name__ == "__main__":
    main(*sys.argv[1:])
