"""A supervisor that drains takes no more messages, lets its turns end within the grace, and ends its events."""

from functools import partial

import anyio
import pytest

from argentos import Emit, ManualClock, MemoryStore, Reply, Request, Supervisor, Turn
from argentos.errors import InputError, SupervisorStoppedError
from argentos.storage import Replied
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Gated:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.is_asked = anyio.Event()
        self.gate = anyio.Event()

    async def reply(self, request: Request, emit: Emit) -> Reply:
        await emit("Re:")
        self.is_asked.set()
        await self.gate.wait()
        return Reply(f"Re: {request.messages[-1].text}")


async def begun(supervisor: Supervisor, model: Gated) -> Turn:
    turn = await supervisor.session("maren").send("one", message_id="m-1")
    await model.is_asked.wait()
    return turn


async def test_the_turn_that_runs_ends_and_then_the_events(running: Running) -> None:
    model = Gated()
    async with running(model, grace=60) as supervisor, supervisor.events() as events:
        turn = await begun(supervisor, model)
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.drain)
            await anyio.wait_all_tasks_blocked()
            model.gate.set()
        assert (await turn.reply()).text == "Re: one"
        heard = [event async for event in events]
        assert any(isinstance(getattr(event, "record", None), Replied) for event in heard)
        with pytest.raises(SupervisorStoppedError):
            async with supervisor.events():
                pass


async def test_no_more_messages_are_taken_and_all_else_goes_on(running: Running) -> None:
    async with running(Gated()) as supervisor:
        await supervisor.session("maren").create()
        await supervisor.drain()
        for refused in (
            partial(supervisor.session("maren").send, "two"),
            partial(supervisor.session("maren").ask, "two"),
            partial(supervisor.session("maren").say, "two"),
            partial(supervisor.session("maren").retry),
            partial(supervisor.session("maren").compact),
        ):
            with pytest.raises(SupervisorStoppedError, match=r"no more messages; send it again, with the same id"):
                await refused()
        assert (await supervisor.session("maren").info()).messages == 0
        assert [info.id for info in await supervisor.list()] == ["maren"]
        assert await supervisor.session("maren").delete()
        health = supervisor.health()
        assert (health.is_open, health.is_draining, health.is_well) == (True, True, False)


async def test_a_turn_that_does_not_end_within_the_grace_is_cut_off_and_answered_in_the_next_life(
    running: Running, store: MemoryStore
) -> None:
    model = Gated()
    async with running(model, on=store) as supervisor:
        turn = await begun(supervisor, model)
        behind = await supervisor.session("maren").send("two", message_id="m-2")
        with anyio.fail_after(5):
            await supervisor.drain(0)
            for each in (turn, behind):
                with pytest.raises(SupervisorStoppedError, match="answered when it runs again"):
                    await each.reply()
    model.gate.set()
    async with running(model, on=store) as supervisor:
        assert (await (await supervisor.session("maren").send("one", message_id="m-1")).reply()).text == "Re: one"
        assert (await (await supervisor.session("maren").send("two", message_id="m-2")).reply()).text == "Re: two"


async def test_draining_twice_waits_for_the_same_end_and_leaving_waits_no_longer(running: Running) -> None:
    model = Gated()
    with anyio.fail_after(10):
        async with running(model, grace=1000) as supervisor:
            await begun(supervisor, model)
            async with anyio.create_task_group() as group:
                group.start_soon(supervisor.drain)
                group.start_soon(supervisor.drain)
                with anyio.move_on_after(0.01):
                    await supervisor.drain()
                model.gate.set()
            model.gate = anyio.Event()


async def test_draining_asks_for_a_grace_that_is_one_and_for_a_supervisor_that_runs(running: Running) -> None:
    async with running(Gated()) as supervisor:
        with pytest.raises(InputError, match="the grace is the number -1"):
            await supervisor.drain(-1)
        assert not supervisor.health().is_draining
    with pytest.raises(SupervisorStoppedError):
        await supervisor.drain()


async def test_a_supervisor_that_is_opened_again_takes_messages_again(store: MemoryStore, clock: ManualClock) -> None:
    model = Gated()
    model.gate.set()
    supervisor = Supervisor(store, model, clock=clock)
    async with supervisor:
        await supervisor.drain()
    async with supervisor:
        assert (await supervisor.session("maren").ask("one")).text == "Re: one"
