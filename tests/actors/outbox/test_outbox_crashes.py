"""A kill at every point of a life with an outbox: nothing is lost, and what comes twice has the same id."""

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from argentos import Address, Session, Supervisor
from argentos.errors import ArgentError
from argentos.storage import Store
from tests.actors.conftest import count_words
from tests.actors.core.test_crash_points import (
    SMALL,
    Disk,
    Echo,
    Files,
    Killed,
    Memory,
    World,
    cancel_when_killed,
)

pytestmark = pytest.mark.anyio

MESSAGES = 4
TELEGRAM = Address("telegram", "123")


class Channel:
    """What arrived outside, in order, by its id: no kill takes it back."""

    def __init__(self, world: World) -> None:
        self.arrived: list[tuple[str, str]] = []
        self._world = world

    async def send(self, delivery_id: str, text: str) -> None:
        self._world.reach("before delivery")
        self.arrived.append((delivery_id, text))
        self._world.reach("behind delivery")


async def lead(disk: Disk, world: World) -> tuple[Channel, list[str]]:
    """Ask and deliver to the end, with as many processes as it takes; also gives what was to arrive."""
    channel = Channel(world)
    course: list[int] = []
    while True:
        store = disk.store(world)
        async with Supervisor(
            store,
            Echo(world),
            config=SMALL,
            clock=world.clock,
            count=count_words,
            grace=0,
            outbox=("telegram",),
        ) as supervisor:
            await go_on(supervisor, store, channel, world, course)
            if len(course) == MESSAGES:
                history = await supervisor.session("maren").history(full=True)
                return channel, [each.text for each in history if each.role == "assistant"]
        world.revive()


async def go_on(supervisor: Supervisor, store: Store, channel: Channel, world: World, course: list[int]) -> None:
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(cancel_when_killed, world, scope)
            try:
                for number in range(len(course), MESSAGES):
                    await speak(supervisor.session("maren"), number)
                    await deliver(supervisor, store, channel)
                    course.append(number)
            except (ArgentError, Killed):
                assert world.is_killed.is_set()
            group.cancel_scope.cancel()


async def speak(session: Session, number: int) -> None:
    if number == 2:
        await session.say("By the way.", message_id="a-1", address=TELEGRAM)
    await session.ask(f"question {number} " + "word " * 60, message_id=f"m-{number}", address=TELEGRAM)
    if number == 3:
        await session.clear()


async def deliver(supervisor: Supervisor, store: Store, channel: Channel) -> None:
    async with supervisor.outbox("telegram") as deliveries:
        while await store.owing("main"):
            with anyio.fail_after(20):
                delivery = await anext(deliveries)
                await channel.send(delivery.id, delivery.message.text)
                await delivery.done()


@pytest.mark.parametrize("medium", [Memory, Files])
async def test_a_process_killed_at_any_point_delivers_everything_in_order_and_whoever_knows_the_ids_once(
    medium: Callable[[Path], Disk], tmp_path: Path
) -> None:
    undisturbed = World(None, lambda: None)
    channel, said = await lead(medium(tmp_path / "undisturbed"), undisturbed)
    assert [text for _, text in channel.arrived] == said
    twice: set[str] = set()
    for number, stage in enumerate(undisturbed.points):
        disk = medium(tmp_path / f"kill-{number}")
        channel, said = await lead(disk, World(number, disk.save))
        assert list(dict(channel.arrived).values()) == said, f"killed at point {number}: {stage}"
        if len(channel.arrived) > len(said):
            twice.add(stage)
    assert "behind delivery" in twice
    assert twice <= {"behind delivery", "decided"}
