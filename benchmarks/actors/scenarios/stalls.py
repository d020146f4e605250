"""How long the event loop stands still for what takes longest: `python -m benchmarks.actors.scenarios.stalls`."""

import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from typing import Final

import anyio
import msgspec

from argentos import AnthropicModel, ArgentError, Config, MemoryStore, OfflineModel, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import MessageTooLargeError

__all__ = ["main"]

_BEAT: Final = 0.001  # seconds
_WORDS: Final = ("harbour", "ship", "tide", "morning", "captain", "12", "deadline", "must", "4711", "/srv/data")
_chance: Final = random.Random(2)  # noqa: S311 - texts of always the same words


def _text(sentences: int) -> str:
    return ". ".join(" ".join(_chance.choice(_WORDS) for _ in range(12)) for _ in range(sentences))


async def _stall(work: Callable[[], Awaitable[object]]) -> float:
    """The longest time, in seconds, for which nothing else ran while this was done."""
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            before = perf_counter()
            await anyio.sleep(_BEAT)
            worst = max(worst, perf_counter() - before - _BEAT)

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

    async with Supervisor(MemoryStore(), AnthropicModel(api_key="none", base_url="http://127.0.0.1:9")) as supervisor:
        return await _stall(ask)


async def _measure() -> dict[str, float]:
    stalls = {"the first turn": await _first_turn()}
    large = Config(max_context_tokens=1_000_000)
    async with Supervisor(MemoryStore(), OfflineModel(), config=large) as supervisor:
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
        messages = [TranscriptMessage(role="user", text=_text(10)) for _ in range(50_000)]
        transcript = Transcript(agent="main", session="imported", messages=tuple(messages))
        adopt = supervisor.session("imported").adopt
        stalls[f"an import of {len(messages):,} messages"] = await _stall(lambda: adopt(transcript))
    return stalls


def main() -> None:
    """Do all of it, and print the stalls in seconds."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure)))


if __name__ == "__main__":
    main()
