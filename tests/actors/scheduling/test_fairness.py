"""Nobody keeps the others from being served: every public coroutine lets go, and who looks delays nobody."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, cast

import anyio
import anyio.lowlevel
import pytest

import argentos
from argentos import (
    Address,
    Config,
    Delivery,
    Emit,
    ManualClock,
    MemoryStore,
    Reply,
    Request,
    Sender,
    Session,
    Supervisor,
    Turn,
)
from argentos.actors.events import Subscription
from argentos.actors.outbox.deliveries import Deliveries
from argentos.errors import ArgentError, SessionError
from argentos.storage import SessionKey
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

ROUNDS = 100
"""Of a loop that nobody could cancel; by then it gives up."""

TELEGRAM = Address("telegram", "1")
SENDER = Sender("telegram", "1")


class Prompt:
    """A model that answers at once."""

    name = "prompt"

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply(f"{len(request.messages)} so far")


# Every public coroutine is a cancellation point ------------------------------------------------------


class World(NamedTuple):
    """What a public coroutine is tried on."""

    supervisor: Supervisor
    session: Session
    turn: Turn
    events: Subscription
    reader: Deliveries
    delivery: Delivery
    numbers: Iterator[int]


Call = Callable[[World], Awaitable[object]]


async def read_all(turn: Turn) -> None:
    async for _ in turn:
        pass


CALLS: dict[str, Call] = {
    "Delivery.done": lambda world: world.delivery.done(),
    "Delivery.fail": lambda world: world.delivery.fail("the user blocked the bot"),
    "Delivery.retry": lambda world: world.delivery.retry(30.0),
    "ManualClock.sleep_until": lambda _: ManualClock(argentos.SystemClock().now()).sleep_until(0.0),
    "Deliveries.__anext__": lambda world: anext(world.reader),
    "Catalogue.find": lambda world: world.supervisor.catalogue.find([world.session.key]),
    "PairingDesk.approve": lambda world: world.supervisor.pairing.approve("telegram:123"),
    "PairingDesk.book": lambda world: world.supervisor.pairing.book(),
    "PairingDesk.deny": lambda world: world.supervisor.pairing.deny("telegram:123"),
    "PairingDesk.link": lambda world: world.supervisor.pairing.link([SENDER, Sender("discord", "2")]),
    "PairingDesk.request": lambda world: world.supervisor.pairing.request(TELEGRAM, sent_at=datetime.now(UTC)),
    "PairingDesk.unlink": lambda world: world.supervisor.pairing.unlink(SENDER),
    "Session.adopt": lambda world: adopt(world.session),
    "Session.append": lambda world: world.session.append("By the way."),
    "Session.update": lambda world: world.session.update(title="Maren"),
    "Session.approvals": lambda world: world.session.approvals(),
    "Session.approve": lambda world: world.session.approve("c-1"),
    "Session.attachment": lambda world: world.session.attachment("0" * 64),
    "Session.deny": lambda world: world.session.deny("c-1", "no"),
    "Session.ask": lambda world: world.session.ask("And now?"),
    "Session.checkpoints": lambda world: world.session.checkpoints(),
    "Session.clear": lambda world: world.session.clear(),
    "Session.command": lambda world: world.session.command("/status"),
    "Session.compact": lambda world: world.session.compact(),
    "Session.compactions": lambda world: world.session.compactions(),
    "Session.preview_compaction": lambda world: world.session.preview_compaction(),
    "Session.current_turn": lambda world: world.session.current_turn(),
    "Session.create": lambda world: world.session.create(),
    "Session.delete": lambda world: world.session.delete(),
    "Session.fork": lambda world: world.session.fork(f"fork-{next(world.numbers)}"),
    "Session.history": lambda world: world.session.history(),
    "Session.transitions": lambda world: world.session.transitions(),
    "Session.left_context": lambda world: world.session.left_context(),
    "Session.info": lambda world: world.session.info(),
    "Session.lifecycles": lambda world: world.session.lifecycles(),
    "Session.messages": lambda world: world.session.messages(1, 2),
    "Session.regenerate": lambda world: world.session.regenerate(),
    "Session.retry": lambda world: world.session.retry(),
    "Session.rewind": lambda world: world.session.rewind(before=1),
    "Session.say": lambda world: world.session.say("Good morning."),
    "Session.send": lambda world: world.session.send("Hello?", message_id=f"n-{next(world.numbers)}"),
    "Session.stop": lambda world: world.session.stop(),
    "Session.summary": lambda world: world.session.summary(),
    "Session.transcript": lambda world: world.session.transcript(),
    "Session.turn": lambda world: world.session.turn("m-1"),
    "Session.undo": lambda world: world.session.undo(),
    "Session.unpark": lambda world: world.session.unpark(),
    "Subscription.__anext__": lambda world: anext(world.events),
    "Subscription.get": lambda world: world.events.get(),
    "Supervisor.command": lambda world: world.supervisor.command(TELEGRAM, "/status"),
    "Supervisor.approvals": lambda world: world.supervisor.approvals(),
    "Supervisor.backup": lambda world: world.supervisor.backup(Path("backup")),
    "Supervisor.deliver": lambda world: world.supervisor.deliver(TELEGRAM, "Hello?"),
    "Supervisor.route": lambda world: world.supervisor.route(TELEGRAM),
    "Supervisor.owed": lambda world: world.supervisor.owed(),
    "Supervisor.drop": lambda world: world.supervisor.drop("nobody", 1, "late"),
    "Supervisor.retry_delivery": lambda world: world.supervisor.retry_delivery("nobody", 1),
    "Supervisor.drain": lambda world: world.supervisor.drain(),
    "Supervisor.list": lambda world: world.supervisor.list(),
    "Supervisor.stored": lambda world: world.supervisor.stored(),
    "SystemClock.sleep_until": lambda _: argentos.SystemClock().sleep_until(0.0),
    "Turn.__aiter__": lambda world: read_all(world.turn),
    "Turn.cancel": lambda world: world.turn.cancel(),
    "Turn.reply": lambda world: world.turn.reply(),
}

ELSEWHERE = {
    "AnthropicModel.aclose",
    "AnthropicModel.learn",
    "AnthropicModel.load",
    "AnthropicModel.measure",
    "AnthropicModel.reply",
    "LocalModel.aclose",
    "LocalModel.load",
    "LocalModel.measure",
    "LocalModel.reply",
    "Model.reply",
    "OfflineModel.reply",
    "ReplayModel.reply",
    "Tool.call",
}
"""What the supervisor itself calls, and what others of these stand on."""

ALSO: dict[str, Call] = {
    "an empty text is sent": lambda world: world.session.send(" "),
    "an id is sent again": lambda world: world.session.send("Hello?", message_id="m-1"),
    "the whole history": lambda world: world.session.history(full=True),
    "a session that does not exist": lambda world: world.supervisor.session("nobody").info(),
    "one that is not in memory": lambda world: world.supervisor.session("away").info(),
    "a focus that is too long": lambda world: world.session.compact("x" * 1000),
    "the list of another state": lambda world: world.supervisor.list(limit=1, active_since=None),
}


async def adopt(session: Session) -> object:
    return await session.adopt(await session.transcript())


READERS: set[Call] = {CALLS[name] for name in ("Deliveries.__anext__", "Subscription.__anext__", "Subscription.get")}
"""Calls that wait where there is nothing to read: each call of the loops needs something of its own."""

OTHERS: set[type] = {
    argentos.Clock,
    argentos.FileStore,
    argentos.MemoryStore,
    argentos.Store,
    argentos.SupervisorInterface,
    argentos.RemoteSupervisor,  # tried in test_second_process
}
"""Interfaces, stores, and what another process calls."""


def public_coroutines() -> set[str]:
    """The names of those that belong to what `argentos` exports, and to what that gives to its users."""
    exported = {getattr(argentos, name) for name in argentos.__all__}
    classes = {each for each in exported if inspect.isclass(each)} | {Subscription, Deliveries}
    return {
        f"{each.__name__}.{name}"
        for each in classes - OTHERS
        for name, _ in inspect.getmembers(each, inspect.iscoroutinefunction)
        if not name.startswith("_") or name == "__anext__"
    }


def test_every_public_coroutine_is_tried() -> None:
    assert public_coroutines() - ELSEWHERE == CALLS.keys() - {"Turn.__aiter__"}


async def new_world(stack: AsyncExitStack, running: Running, call: Call) -> World:
    supervisor = await stack.enter_async_context(running(Prompt(), outbox=("telegram",)))
    events = await stack.enter_async_context(supervisor.events(limit=10_000))
    reader = await stack.enter_async_context(supervisor.outbox("telegram"))
    session = supervisor.session("maren")
    turn = await session.send("Hello?", message_id="m-1", address=TELEGRAM)
    await turn.reply()
    for number in range(3 * ROUNDS if call in READERS else 10):
        await supervisor.session(f"s-{number}").say("Hello.", address=TELEGRAM)
    return World(supervisor, session, turn, events, reader, await anext(reader), count())


@pytest.mark.parametrize("call", [*CALLS.values(), *ALSO.values()], ids=[*CALLS, *ALSO])
async def test_a_public_coroutine_ends_where_it_was_cancelled_before(running: Running, call: Call) -> None:
    async with AsyncExitStack() as stack:
        world = await new_world(stack, running, call)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await call(world)
        assert scope.cancelled_caught


async def again_and_again(call: Call, world: World, rounds: list[int]) -> None:
    for _ in range(ROUNDS):
        with suppress(ArgentError):
            await call(world)
    rounds.append(ROUNDS)


@pytest.mark.parametrize("call", [*CALLS.values(), *ALSO.values()], ids=[*CALLS, *ALSO])
@pytest.mark.parametrize("others", [0, 2])
async def test_a_loop_of_public_coroutines_can_be_cancelled_while_others_do_the_same(
    running: Running, call: Call, others: int
) -> None:
    async with AsyncExitStack() as stack:
        world = await new_world(stack, running, call)
        not_cancelled: list[int] = []
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                for _ in range(1 + others):
                    group.start_soon(again_and_again, call, world, not_cancelled)
                for _ in range(10):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
        assert not_cancelled == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("call", [*CALLS.values(), *ALSO.values()], ids=[*CALLS, *ALSO])
async def test_asyncio_can_cancel_a_loop_of_public_coroutines(running: Running, call: Call) -> None:
    async with AsyncExitStack() as stack:
        world = await new_world(stack, running, call)
        not_cancelled: list[int] = []
        tasks = [asyncio.create_task(again_and_again(call, world, not_cancelled)) for _ in range(3)]
        for _ in range(10):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        outcomes: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
        assert not_cancelled == []
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)


# Also where it is refused ------------------------------------------------------------------------------


async def enter(context: AbstractAsyncContextManager[object]) -> None:
    async with context:
        pass


REFUSED_ALWAYS: dict[str, Call] = {
    "a supervisor that is open": lambda world: enter(world.supervisor),
    "a time that is none": lambda world: world.session.delete(unless_active_since=cast("Any", "yesterday")),
    "a flag that is none": lambda world: world.session.history(full=cast("Any", 1)),
    "an id that is none": lambda world: world.session.retry(cast("Any", 1.5)),
    "a text that is none": lambda world: world.session.send(cast("Any", 7)),
    "a transcript that is none": lambda world: world.session.adopt(cast("Any", 7)),
    "a limit of events that is none": lambda world: enter(world.supervisor.events(0)),
    "a channel that nobody named": lambda world: enter(world.supervisor.outbox("discord")),
    "a path that is none": lambda world: world.supervisor.backup(cast("Any", 7)),
}

REFUSED_WHEN_PARKED = {name: CALLS[f"Session.{name}"] for name in ("ask", "clear", "compact", "say", "send", "stop")}

REFUSED_WHEN_CLOSED: dict[str, Call] = {
    **{name: call for name, call in CALLS.items() if name.startswith(("Session.", "Delivery."))},
    **{name: call for name, call in REFUSED_ALWAYS.items() if name != "a supervisor that is open"},
    "events": lambda world: enter(world.supervisor.events()),
    "an outbox": lambda world: enter(world.supervisor.outbox("telegram")),
}


async def lets_others_run(call: Call, world: World) -> bool:
    """Whether others run while a task asks for this again and again, though it is refused each time."""
    others_ran = ran_meanwhile = False

    async def note() -> None:
        nonlocal others_ran
        await anyio.lowlevel.checkpoint()
        others_ran = True

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(note)
            for _ in range(ROUNDS):
                with suppress(ArgentError):
                    await call(world)
            ran_meanwhile = others_ran
    return ran_meanwhile


@pytest.mark.parametrize("call", REFUSED_ALWAYS.values(), ids=REFUSED_ALWAYS.keys())
async def test_who_is_refused_again_and_again_holds_up_nobody(running: Running, call: Call) -> None:
    async with AsyncExitStack() as stack:
        assert await lets_others_run(call, await new_world(stack, running, call))


class Broken(MemoryStore):
    """Raises for the session of the name `parked` instead of storing anything."""

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Any) -> bool:
        if key.id == "parked":
            raise ValueError("a bug")
        return await super().append(key, epoch, expected_sequence, records)


@pytest.mark.parametrize("call", REFUSED_WHEN_PARKED.values(), ids=REFUSED_WHEN_PARKED.keys())
async def test_who_asks_a_parked_session_again_and_again_holds_up_nobody(running: Running, call: Call) -> None:
    async with AsyncExitStack() as stack:
        config = Config(restart_intensity=1)
        world = await new_world(stack, partial(running, on=Broken(), config=config), call)
        world = world._replace(session=world.supervisor.session("parked"))
        for _ in range(2):
            with pytest.raises(SessionError):
                await world.session.say("Hello?")
        assert world.supervisor.health().parked
        assert await lets_others_run(call, world)


@pytest.mark.parametrize("call", REFUSED_WHEN_CLOSED.values(), ids=REFUSED_WHEN_CLOSED.keys())
async def test_who_asks_a_closed_supervisor_again_and_again_holds_up_nobody(running: Running, call: Call) -> None:
    async with AsyncExitStack() as stack:
        world = await new_world(stack, running, call)
    assert await lets_others_run(call, world)


# Who looks delays nobody -----------------------------------------------------------------------------


@pytest.mark.parametrize("pollers", [1, 64])
async def test_a_message_is_acknowledged_while_many_look_at_its_session(running: Running, pollers: int) -> None:
    looks = 0

    async def look(session: Session) -> None:
        nonlocal looks
        while True:
            await session.info()
            await session.history()
            await session.summary()
            looks += 1

    async with running(Prompt()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        async with anyio.create_task_group() as group:
            for _ in range(pollers):
                group.start_soon(look, session)
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
            looks = 0
            with anyio.fail_after(5):
                reply = await session.ask("And now?")
            assert reply.text == "3 so far"
            assert looks <= 50 * pollers
            group.cancel_scope.cancel()


class Held(MemoryStore):
    """A store that takes what it is told only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = anyio.Event()
        self.go_on.set()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Any) -> bool:
        await self.go_on.wait()
        return await super().append(key, epoch, expected_sequence, records)


async def test_who_looks_sees_what_is_durable_and_waits_for_no_write(running: Running) -> None:
    store = Held()
    async with running(Prompt(), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        store.go_on = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(session.send, "Are you there?")
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(5):
                assert (await session.info()).messages == 2
                assert [message.text for message in await session.history()] == ["Hello?", "1 so far"]
                assert (await session.summary()) is None
            store.go_on.set()
        assert (await session.info()).messages >= 3


async def test_who_looks_keeps_no_session_in_memory(running: Running, clock: ManualClock) -> None:
    config = Config(idle_after=60.0, passivate_after=60.0)
    async with running(Prompt(), config=config) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        for seconds in (60, 60):
            await session.info()
            clock.advance(seconds)
            await anyio.wait_all_tasks_blocked()
        assert supervisor.live == 0
