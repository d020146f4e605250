"""What a model, a listener or a sender may do wrong, and what must not come of it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import anyio
import anyio.lowlevel
import pytest

from argentos import Address, Config, Emit, FileStore, ManualClock, MemoryStore, ReplayModel, Reply, Request, Supervisor
from argentos.errors import InputError, ModelError, NoReplyError, SupervisorStoppedError
from argentos.storage import Record, SessionKey

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


class Custom:
    """A model that does what the test says."""

    name = "custom"

    def __init__(self, before_reply: Callable[[Request], Awaitable[None]], text: str = "Yes.") -> None:
        self.before_reply = before_reply
        self.text = text
        self.is_closed = False

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        await self.before_reply(request)
        return Reply(self.text)

    async def aclose(self) -> None:
        self.is_closed = True
        raise OSError("the connection was gone already")


async def at_once(_: Request) -> None:
    await anyio.lowlevel.checkpoint()


def count_messages_only(text: str) -> int:
    """A counter that fails for what is no message: so for every quote."""
    if set(text.split()) != {"word"}:
        raise RuntimeError("no idea")
    return len(text.split())


async def test_a_session_for_which_no_summary_can_be_made_goes_on_without(running: Running) -> None:
    config = Config(max_context_tokens=500)
    async with running(Custom(at_once, "word " * 40), config=config, count=count_messages_only) as supervisor:
        session = supervisor.session("maren")
        for _ in range(15):
            await session.ask("word " * 60)
        await anyio.wait_all_tasks_blocked()  # the last attempt at a summary ends, too
        info = await session.info()
        assert (info.state, info.compactions, info.messages) == ("Active", 0, 30)


async def test_a_model_that_cannot_be_closed_keeps_nothing_open(running: Running, tmp_path: Path) -> None:
    model = Custom(at_once)
    for _ in range(2):
        async with running(model, on=FileStore(tmp_path)) as supervisor:
            await supervisor.session("maren").ask("Hello?")
        assert model.is_closed


@pytest.mark.parametrize("text", ["half a pair \ud83d", None, 7])
async def test_a_reply_that_is_no_text_fails_its_turn_and_no_other(running: Running, text: str) -> None:
    model = Custom(at_once, text)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(ModelError):
            await session.ask("Hello?")
        model.text = "Yes."
        assert (await session.ask("And now?")).text == "Yes."


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_model_that_is_cancelled_from_inside_cancels_nobody_else(running: Running) -> None:
    async def await_something_cancelled(_: Request) -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task

    async with running(Custom(await_something_cancelled)) as supervisor:
        with pytest.raises(ModelError, match="cancelled from inside"):
            await supervisor.session("maren").ask("Hello?")


async def cancel_the_task_and_wait(_: Request) -> None:
    cancel_this_task()
    await anyio.sleep_forever()


async def cancel_the_task_and_go_on(_: Request) -> None:
    cancel_this_task()


async def cancel_the_task_twice(_: Request) -> None:
    cancel_this_task()
    with contextlib.suppress(asyncio.CancelledError):
        await anyio.sleep_forever()
    await cancel_the_task_and_wait(_)


async def cancel_the_task_within_a_timeout(_: Request) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    await anyio.lowlevel.checkpoint()
    async with asyncio.timeout(60):
        cancel_this_task()
        await asyncio.Event().wait()


async def cancel_the_task_within_a_scope(_: Request) -> None:
    with anyio.move_on_after(0.001):
        await anyio.sleep_forever()
    await anyio.lowlevel.checkpoint()
    with anyio.CancelScope(shield=True):
        await cancel_the_task_and_wait(_)


def cancel_this_task() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


CANCELLATIONS = [
    cancel_the_task_and_wait,
    cancel_the_task_and_go_on,
    cancel_the_task_twice,
    cancel_the_task_within_a_timeout,
    cancel_the_task_within_a_scope,
]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("cancel", CANCELLATIONS)
async def test_a_model_that_cancels_its_own_task_fails_its_turn_and_no_other(
    running: Running, cancel: Callable[[Request], Awaitable[None]]
) -> None:
    async def cancel_when_told(request: Request) -> None:
        if request.messages[-1].text == "Cancel!":
            await cancel(request)

    async with running(Custom(cancel_when_told), max_turns=1) as supervisor:
        for _ in range(3):
            with contextlib.suppress(ModelError):
                await supervisor.session("maren").ask("Cancel!")
            assert (await supervisor.session("other").ask("Hello?")).text == "Yes."
        assert (await supervisor.session("maren").ask("And now?")).text == "Yes."


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_turn_whose_model_cancels_its_own_task_can_still_be_stopped(running: Running) -> None:
    asked = asyncio.Event()

    async def cancel_and_hang(request: Request) -> None:
        if request.messages[-1].text != "Hang!":
            return
        cancel_this_task()
        with contextlib.suppress(asyncio.CancelledError):
            await anyio.sleep_forever()
        asked.set()
        await anyio.sleep_forever()

    async with running(Custom(cancel_and_hang), max_turns=1) as supervisor:
        turn = await supervisor.session("maren").send("Hang!")
        await asked.wait()
        await supervisor.session("maren").stop()
        with pytest.raises(NoReplyError):
            await turn.reply()
        assert (await supervisor.session("maren").ask("And now?")).text == "Yes."


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_host_that_cancels_while_a_model_cancels_itself_is_obeyed(running: Running) -> None:
    async def cancel_and_hang(_: Request) -> None:
        cancel_this_task()
        with contextlib.suppress(asyncio.CancelledError):
            await anyio.sleep_forever()
        asked.set()
        await anyio.sleep_forever()

    async def host() -> None:
        async with running(Custom(cancel_and_hang)) as supervisor:
            await supervisor.session("maren").ask("Hello?")

    asked = asyncio.Event()
    task = asyncio.ensure_future(host())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_whoever_listens_late_hears_the_reply_from_its_beginning(running: Running) -> None:
    class Slow(Custom):
        async def reply(self, request: Request, emit: Emit) -> Reply:
            await emit("Hello ")
            await self.before_reply(request)
            await emit("world")
            return Reply("Hello world")

    go_on = anyio.Event()

    async def wait(_: Request) -> None:
        await go_on.wait()

    async with running(ReplayModel(live=True)) as supervisor:
        await supervisor.session("maren").send("Hello?", message_id="m-1")
    async with running(Slow(wait)) as supervisor:
        await anyio.wait_all_tasks_blocked()  # the turn runs again, and nobody listens
        while (await supervisor.session("maren").info()).turns < 1:
            await anyio.wait_all_tasks_blocked()
        turn = await supervisor.session("maren").send("Hello?", message_id="m-1")
        go_on.set()
        assert [piece async for piece in turn.text()] == ["Hello ", "world"]


async def test_the_end_is_not_put_off_by_those_who_keep_sending(running: Running, tmp_path: Path) -> None:
    async def keep_saying(supervisor: Supervisor, name: str) -> None:
        with contextlib.suppress(SupervisorStoppedError):
            while True:
                await supervisor.session(name).say("Still here.")

    async with anyio.create_task_group() as group:
        with anyio.fail_after(10):
            async with running(on=FileStore(tmp_path), grace=0.1) as supervisor:
                for name in "abcd":
                    group.start_soon(keep_saying, supervisor, name)
                await anyio.wait_all_tasks_blocked()


@pytest.mark.parametrize("what", [{"sender": "\ud83d"}, {"address": Address("telegram", "\ud83d")}])
async def test_half_a_surrogate_pair_beside_the_text_is_refused_too(running: Running, what: dict[str, str]) -> None:
    async with running() as supervisor:
        with pytest.raises(InputError):
            await supervisor.session("maren").send("Hello?", **what)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def test_the_id_of_a_reply_may_be_that_of_a_message(running: Running) -> None:
    async with running(ReplayModel(["One.", "Two."])) as supervisor:
        session = supervisor.session("maren")
        first = await session.ask("Hello?", message_id="m")
        assert (await session.ask("And?", message_id=first.id)).text == "Two."


async def test_an_id_of_the_other_side_is_refused(running: Running) -> None:
    async with running(ReplayModel(["One."])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?", message_id="u")
        await session.say("Good morning.", message_id="a")
        with pytest.raises(InputError, match="'u' belongs to a message of the other side"):
            await session.say("Me?", message_id="u")
        with pytest.raises(InputError, match="'a' belongs to a message of the other side"):
            await session.send("Me?", message_id="a")


async def test_a_subscription_needs_room_for_an_event(running: Running) -> None:
    async with running() as supervisor:
        with pytest.raises(InputError):
            async with supervisor.events(limit=0):
                pass


class Held(MemoryStore):
    """A store that makes the next append wait, so that commands gather for the step after it."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = False
        self.go_on = anyio.Event()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if self.holds:
            await self.go_on.wait()
        return await super().append(key, epoch, expected_sequence, records)


async def test_a_reply_that_meets_a_clear_in_one_step_reaches_its_asker(running: Running) -> None:
    store, model = Held(), ReplayModel(live=True)
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("Hello?")
        store.holds = True
        async with anyio.create_task_group() as group:
            group.start_soon(session.say, "Meanwhile.")
            await anyio.wait_all_tasks_blocked()
            model.feed("Just before.")
            await anyio.wait_all_tasks_blocked()
            group.start_soon(session.clear)
            await anyio.wait_all_tasks_blocked()
            store.go_on.set()
        assert (await turn.reply()).text == "Just before."
        assert await session.history() == ()
        assert [message.text for message in await session.history(full=True)] == [
            "Hello?",
            "Meanwhile.",
            "Just before.",
        ]


async def test_what_is_told_at_once_is_decided_in_the_order_of_its_time(running: Running, clock: ManualClock) -> None:
    store = Held()
    async with running(ReplayModel(live=True), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.send("Hello?")
        store.holds = True
        async with anyio.create_task_group() as group:
            for work in (session.say, session.send):
                clock.advance(1)
                group.start_soon(work, "Meanwhile." if work == session.say else "And this?")
                await anyio.wait_all_tasks_blocked()
            clock.advance(1)
            group.start_soon(session.stop)
            await anyio.wait_all_tasks_blocked()
            store.go_on.set()
        assert (await session.info()).waiting == 0
