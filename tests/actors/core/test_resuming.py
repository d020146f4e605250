"""Sessions that an earlier run left unfinished: taken up a few at a time, all of them, while others are served."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import anyio
import anyio.lowlevel
import pytest

from argentos import Emit, MemoryStore, ReplayModel, Reply, Request, Supervisor
from argentos.storage import SessionKey, Snapshot

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]

MANY = 200
TURNS = 4
LIVE = 2 * TURNS


class Held:
    """A model that answers nothing left over until it may, and counts what it was asked."""

    name = "held"

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = anyio.Event()

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.begun += 1
        if request.messages[-1].text == "left":
            await self.go_on.wait()
        return Reply("Yes.")


@pytest.fixture
async def unfinished(running: Running, store: MemoryStore) -> MemoryStore:
    """A store with many sessions that wait for their first reply."""
    async with running(ReplayModel(live=True), max_turns=1) as supervisor:
        for number in range(MANY):
            await supervisor.session(f"s-{number}").send("left")
    return store


async def answered(store: MemoryStore) -> int:
    return sum(each.is_settled for each in (await store.list("main", None, 2 * MANY)).sessions)


@pytest.mark.usefixtures("unfinished")
async def test_no_more_sessions_are_revived_at_once_than_can_soon_be_at_work(running: Running) -> None:
    model = Held()
    async with running(model, max_turns=TURNS) as supervisor:
        await anyio.wait_all_tasks_blocked()
        while model.begun < TURNS:
            await anyio.wait_all_tasks_blocked()
        await anyio.wait_all_tasks_blocked()
        assert TURNS <= supervisor.live <= LIVE


async def test_all_unfinished_sessions_are_answered_in_the_end(running: Running, unfinished: MemoryStore) -> None:
    model = Held()
    model.go_on.set()
    async with running(model, max_turns=TURNS):
        while await answered(unfinished) < MANY:
            await anyio.wait_all_tasks_blocked()
    assert model.begun == MANY


@pytest.mark.usefixtures("unfinished")
async def test_new_messages_are_answered_while_others_are_taken_up(running: Running) -> None:
    class Slow(Held):
        """Takes a moment for each reply."""

        async def reply(self, request: Request, _emit: Emit) -> Reply:
            self.begun += 1
            for _ in request.messages:
                await anyio.lowlevel.checkpoint()
            return Reply("Yes.")

    model = Slow()
    async with running(model, max_turns=1) as supervisor:
        while model.begun == 0:
            await anyio.lowlevel.checkpoint()
        await supervisor.session("new").ask("Hello?")
        assert model.begun < MANY / 2


async def test_a_session_that_a_message_has_revived_is_not_taken_up_again(
    running: Running, unfinished: MemoryStore
) -> None:
    model = Held()
    async with running(model, max_turns=TURNS) as supervisor:
        turns = [await supervisor.session(f"s-{MANY - number}").send("More.") for number in (1, 2, 3)]
        model.go_on.set()
        for turn in turns:
            await turn.reply()
        while await answered(unfinished) < MANY:
            await anyio.wait_all_tasks_blocked()
    histories = [await unfinished.load(each.key) for each in (await unfinished.list("main", None, MANY)).sessions]
    replies = [[m.reply_to for m in each.context.messages if m.reply_to] for each in histories if each]
    assert all(len({id_ for ids in each for id_ in ids}) == sum(map(len, each)) for each in replies)


async def test_what_is_not_taken_up_when_a_supervisor_ends_is_left_to_the_next(
    running: Running, unfinished: MemoryStore
) -> None:
    async with running(Held(), max_turns=TURNS):
        await anyio.wait_all_tasks_blocked()
    assert await answered(unfinished) == 0
    model = Held()
    model.go_on.set()
    async with running(model):
        while await answered(unfinished) < MANY:
            await anyio.wait_all_tasks_blocked()


class Treacherous(MemoryStore):
    """Fails in an unheard-of way to read one session, once."""

    is_bad = False

    async def load(self, key: SessionKey) -> Snapshot | None:
        if self.is_bad and key.id == "s-7":
            self.is_bad = False
            raise RuntimeError("it was read badly")
        return await super().load(key)


async def test_a_session_that_cannot_be_taken_up_keeps_no_other_from_it(running: Running) -> None:
    store, model = Treacherous(), Held()
    async with running(ReplayModel(live=True), on=store) as supervisor:
        for number in range(20):
            await supervisor.session(f"s-{number}").send("left")
    store.is_bad = True
    model.go_on.set()
    async with running(model, on=store):
        while await answered(store) < 20:
            await anyio.wait_all_tasks_blocked()
    assert not store.is_bad
