"""A life whose model calls tools, to be killed: `python -m tests.campaigns.calling FOLDER SEED`."""

import itertools
import random
import sys
from pathlib import Path
from typing import Final

import anyio

from argentos import Agent, Emit, FileStore, Reply, Request, Supervisor, Text, ToolContext, ToolUse, tool
from argentos.storage import RawBlock

SESSIONS: Final = ("s0", "s1", "s2")
ROUNDS: Final = 4  # of calls in a turn, at most
STATE, RAN, ANSWERED, WRONG = "state", "ran", "answered", "wrong"


class Calling:
    """Calls tools for some rounds, and replies; notes every request in which calls and results do not match.

    Args:
        folder: of the notes.
        rng: the source of chance.
    """

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self._folder = folder
        self._rng = rng

    async def reply(self, request: Request, emit: Emit, /) -> Reply:  # noqa: ARG002 - it does not stream
        """See `Model.reply`."""
        if unmatched := unmatched_in([message.blocks for message in request.messages]):
            note(self._folder / WRONG, f"{request.session}: {unmatched}")
        await anyio.sleep(self._rng.random() / 200)
        if self._rng.randrange(ROUNDS) == 0:
            return Reply("done")
        names = self._rng.choices(("once", "again", "unknown"), k=self._rng.randrange(1, 4))
        calls = [ToolUse(f"c{self._rng.getrandbits(64)}", name, {"n": self._rng.randrange(30)}) for name in names]
        return Reply([Text("let me see"), *calls])


def unmatched_in(messages: list[tuple[RawBlock, ...]]) -> list[str]:
    """The ids of calls and results that have none of the other right behind, or before, them."""
    called: list[str] = []
    unmatched: list[str] = []
    for blocks in [*messages, ()]:
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        unmatched += set(called) ^ set(results)
        called = [block["id"] for block in blocks if block["type"] == "tool_use"]
    return unmatched


def note(path: Path, line: str) -> None:
    """Add a line to a file, in one write."""
    with path.open("a", buffering=1) as file:
        file.write(f"{line}\n")


def agent(folder: Path, seed: int) -> Agent:
    """The agent of such a life."""
    rng = random.Random(seed)  # noqa: S311 - the same in every run

    @tool(repeatable=False)
    async def once(n: int, context: ToolContext) -> str:
        """Do what must be done once."""
        note(folder / RAN, context.call_id)
        await anyio.sleep(rng.random() / 100)
        if n % 7 == 0:
            raise ValueError("it broke")
        return "x" * n

    @tool
    async def again(n: int) -> str:
        """Do what may be done again."""
        await anyio.sleep(rng.random() / 100)
        return "y" * n

    return Agent(Calling(folder, rng), tools=[once, again])


async def live(folder: Path, seed: int) -> None:
    """Ask all sessions, one message after the other, until killed; tell when it has begun."""

    async def talk(session: str) -> None:
        for number in itertools.count():
            message_id = f"{seed}-{number}"
            await supervisor.session(session).ask("go on", message_id=message_id)
            note(folder / ANSWERED, f"{session} {message_id}")

    async with (
        Supervisor(FileStore(folder / STATE), agent(folder, seed)) as supervisor,
        anyio.create_task_group() as group,
    ):
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        for session in SESSIONS:
            group.start_soon(talk, session)


if __name__ == "__main__":
    anyio.run(live, Path(sys.argv[1]), int(sys.argv[2]))
