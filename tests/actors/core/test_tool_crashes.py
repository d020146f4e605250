"""Random conversations with tools, killed before and behind every record: no call without a result, none done twice.

A kill is what it leaves: the store refuses everything from one append on, before or behind it, and another supervisor
begins on what is durable. Then the conversation is driven to its end.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import anyio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from argentos import (
    Agent,
    CallStarted,
    Config,
    Emit,
    ManualClock,
    MemoryStore,
    Message,
    Record,
    Reply,
    Request,
    Supervisor,
    Text,
    ToolUse,
    tool,
)
from argentos.errors import ArgentError, StoreFailedError
from argentos.llm import ToolContext
from argentos.storage import SessionKey
from tests.actors.conftest import count_words
from tests.actors.core.tools import check_request
from tests.actors.suspensions import Suspensions, suspensions

Kind: TypeAlias = Literal["add", "once", "fail", "hang", "flood", "ask", "unknown", "nonsense"]
Round: TypeAlias = list[Kind]
Word: TypeAlias = Literal["approve", "deny", "write", "stop"]

KINDS: Final[list[Kind]] = ["add", "once", "fail", "hang", "flood", "ask", "unknown", "nonsense"]
WORDS: Final[list[Word]] = ["approve", "approve", "deny", "write", "stop"]
START: Final = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
CONFIG: Final = Config(call_timeout=0.01, result_limit=200)


class Dying(MemoryStore):
    """A store that is killed at an append: before it, or behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.appends = 0
        self.kill_at: float | None = None
        self.is_dead = False
        self.records: list[Record] = []
        self.died = anyio.Event()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        self._reach(self.appends)
        wants_files = await super().append(key, epoch, expected_sequence, records)
        self.records += records
        self.appends += 1
        self._reach(self.appends - 0.5)
        return wants_files

    def _reach(self, at: float) -> None:
        if at == self.kill_at:
            self.is_dead = True
            self.died.set()
        if self.is_dead:
            raise StoreFailedError("killed")

    def revive(self) -> None:
        self.kill_at, self.is_dead = None, False


class World:
    """The world outside of a process, which outlasts it: the store, and the effects of the tools."""

    def __init__(self, rounds: Sequence[Round], word: Word) -> None:
        self.rounds, self.word = rounds, word
        self.clock = ManualClock(START)
        self.store = Dying()
        self.done = Counter[str]()
        self.asked = 0
        self.is_written = False

    async def reply(self, request: Request, _emit: Emit, /) -> Reply:
        """Follow the plan, as far as the request shows that it was gone."""
        check_request(request.messages)
        self.asked += 1
        at = sum(1 for each in request.messages if each.role == "assistant" and each.blocks)
        if at >= len(self.rounds):
            return Reply("That is all.")
        return Reply([Text(text="Let me see."), *(self._call(kind, at, n) for n, kind in enumerate(self.rounds[at]))])

    def _call(self, kind: Kind, at: int, n: int) -> ToolUse | dict[str, Any]:
        call_id = f"c-{at}-{n}"
        if kind == "nonsense":
            return {"type": "tool_use", "id": call_id, "name": "add", "input": ["no", "object"]}
        return ToolUse(id=call_id, name=kind, input={"n": n})

    @property
    def agent(self) -> Agent:
        done = self.done

        @tool
        async def add(n: int, context: ToolContext) -> int:
            """Add."""
            done[context.call_id] += 1
            return n + 1

        @tool(repeatable=False)
        async def once(n: int, context: ToolContext) -> str:
            """Do it once."""
            done[f"once {context.call_id}"] += 1
            await anyio.lowlevel.checkpoint()
            return f"done {n}"

        @tool
        async def fail(n: int) -> str:
            """Fail."""
            raise SystemExit(n)

        @tool
        async def hang(n: int) -> str:
            """Hang."""
            await anyio.sleep_forever()
            return str(n)

        @tool
        async def flood(n: int) -> str:
            """Say too much."""
            return "x" * (1000 + n)

        @tool(needs_approval=True, repeatable=False)
        async def ask(n: int, context: ToolContext) -> str:
            """Ask first."""
            done[f"once {context.call_id}"] += 1
            return f"allowed {n}"

        return Agent(self, tools=[add, once, fail, hang, flood, ask])

    name = "planned"

    def supervisor(self) -> Supervisor:
        return Supervisor(
            self.store, self.agent, config=CONFIG, clock=self.clock, count=count_words, count_inline=10**6, grace=0
        )

    async def live(self) -> None:
        """Go on until the session is settled, or killed."""
        try:
            async with self.supervisor() as supervisor:
                session = supervisor.session("maren")
                await session.send("go", message_id="m-1")
                while not self.store.is_dead:
                    if await session.approvals():
                        await self._decide(supervisor)
                    elif (await session.info()).waiting == 0:
                        return
                    await anyio.sleep(0.001)
        except ArgentError:
            assert self.store.is_dead

    async def _decide(self, supervisor: Supervisor) -> None:
        session = supervisor.session("maren")
        call_id = (await session.approvals())[0].call_id
        match self.word:
            case "approve":
                await session.approve(call_id, by="jason")
            case "deny":
                await session.deny(call_id, "no")
            case "stop":
                await session.stop()
            case _ if self.is_written:  # a message that was sent before denies nothing again
                await session.approve(call_id, by="jason")
            case _:
                self.is_written = True
                await session.send("no, wait", message_id="m-2")

    async def history(self) -> tuple[Message, ...]:
        async with self.supervisor() as supervisor:
            session = supervisor.session("maren")
            assert (await session.info()).waiting == 0
            return await session.history(full=True)

    def check(self, found: Sequence[Message]) -> None:
        check_request(sorted(found, key=lambda each: each.number) if self.word != "write" else self._in_order(found))
        for what, count in self.done.items():
            assert count == 1 or not what.startswith("once"), f"{what} was done {count} times"
        started = Counter(each.call_id for each in self.store.records if isinstance(each, CallStarted))
        assert all(count == 1 for count in started.values())

    @staticmethod
    def _in_order(found: Sequence[Message]) -> list[Message]:
        """The messages as a request has them: what was written meanwhile comes behind the turn."""
        steps = [each for each in found if each.id != "m-2" and not (each.reply_to and "m-2" in each.reply_to)]
        return [*steps, *(each for each in found if each not in steps)]


async def _live(rounds: Sequence[Round], word: Word, kill_at: float | None) -> World:
    world = World(rounds, word)
    world.store.kill_at = kill_at
    with anyio.fail_after(20):
        await world.live()
        if kill_at is not None:
            world.store.revive()
            await world.live()
        world.check(await world.history())
    return world


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rounds=st.lists(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3), min_size=1, max_size=3),
    word=st.sampled_from(WORDS),
)
@example(rounds=[["once", "add"], ["ask", "once"]], word="approve")
@example(rounds=[["ask", "hang"], ["flood"]], word="write")
@example(rounds=[["ask"], ["add"]], word="stop")
@example(rounds=[["ask"], ["ask"]], word="write")
@pytest.mark.parametrize("backend", ["asyncio"])
def test_a_kill_at_any_record_leaves_no_call_without_a_result_and_does_nothing_twice(
    backend: str, rounds: list[Round], word: Word
) -> None:
    whole = anyio.run(_live, rounds, word, None, backend=backend)
    for at in range(whole.store.appends):
        anyio.run(_live, rounds, word, float(at), backend=backend)
        anyio.run(_live, rounds, word, at + 0.5, backend=backend)


ROUNDS: Final[list[Round]] = [["once", "add", "ask"], ["once"]]
STRIDES: Final = {"asyncio": 1, "trio": 3}


async def _cut(at: int, backend: str) -> int:
    """Cancel the host of the first life at this suspension, of whichever task; gives how many there were."""
    world = World(ROUNDS, "approve")
    counted: Suspensions
    with suspensions(backend) as counted, anyio.fail_after(20):
        with anyio.CancelScope() as scope:
            counted.then(at, scope.cancel)
            await world.live()
        counted.forget()
        count = counted.count
        await world.live()
        world.check(await world.history())
    return count


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_host_that_is_cancelled_at_any_moment_leaves_no_call_without_a_result(backend: str) -> None:
    at = 1
    while anyio.run(_cut, at, backend, backend=backend) >= at:
        at += STRIDES[backend]
    assert at > 20


async def _stopped(at: int, backend: str) -> bool:
    """Stop the session at this suspension; tells whether there was anything left to stop."""
    world = World(ROUNDS, "approve")
    due = anyio.Event()
    with suspensions(backend) as counted, anyio.fail_after(20):
        async with world.supervisor() as supervisor, anyio.create_task_group() as group:
            session = supervisor.session("maren")
            await session.send("go")
            counted.then(at, due.set)

            async def stop() -> None:
                await due.wait()
                await session.stop()

            group.start_soon(stop)
            while (await session.info()).waiting:
                for wanted in await session.approvals():
                    try:
                        await session.approve(wanted.call_id)
                    except ArgentError:
                        assert due.is_set()
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        counted.forget()
        world.check(await world.history())
    return due.is_set()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_stop_at_any_moment_leaves_no_call_without_a_result(backend: str) -> None:
    at = 1
    while anyio.run(_stopped, at, backend, backend=backend):
        at += STRIDES[backend]
    assert at > 20


async def _poisoned() -> tuple[int, tuple[Message, ...]]:
    """Live as long as the process dies of the tool; gives how often it did, and what is left."""
    world = World([["add"]], "approve")
    lives = 0

    @tool
    async def add(n: int) -> int:
        """Kill the process."""
        world.store.is_dead = True
        raise SystemExit(n)

    while lives < 20:
        lives += 1
        world.store.revive()
        supervisor = Supervisor(
            world.store, Agent(world, tools=[add]), config=CONFIG, clock=world.clock, count=count_words, grace=0
        )
        try:
            with anyio.fail_after(10):
                async with supervisor:
                    session = supervisor.session("maren")
                    if lives == 1:
                        await session.send("go", message_id="m-1")
                    while not world.store.is_dead:
                        if (await session.info()).waiting == 0:
                            return lives, await session.history()
                        await anyio.sleep(0.001)
        except ArgentError:
            assert world.store.is_dead
    return lives, ()


def test_a_tool_of_which_the_process_dies_is_given_up_and_its_call_has_a_result() -> None:
    lives, found = anyio.run(_poisoned)
    assert 3 <= lives < 10
    check_request(found)
    assert "the process died" in found[0].failure
    assert "the process died of it" in found[-1].blocks[0]["content"]
