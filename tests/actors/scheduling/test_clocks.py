"""Clocks that are set: order is arrival, waits last as long as they should, and nothing is lost by it."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.lowlevel
import pytest

from argentos import Config, Emit, ManualClock, MemoryStore, RecordAppended, Reply, Request, Supervisor
from argentos.errors import NoReplyError
from argentos.storage import Record, SessionKey, Taken, Transitioned
from tests.actors.conftest import Running
from tests.actors.slow import Disk, Files, Memory, new_clock, supervise
from tests.actors.suspensions import suspensions

pytestmark = pytest.mark.anyio

SECOND, DAY, YEAR = 1.0, 86_400.0, 365 * 86_400.0
JUMPS = [sign * seconds for seconds in (SECOND, DAY, YEAR) for sign in (1, -1)]
COLLECTS = Config(collect_for=2.0, idle_after=60.0, passivate_after=60.0, max_context_tokens=500, keep_recent_tokens=20)


class Prompt:
    """A model that answers at once, with how many messages it was shown."""

    name = "prompt"

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply(f"to “{request.messages[-1].text[:12]}”")


class Held(MemoryStore):
    """A store that does something, or waits, before what it is told is durable."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[Sequence[Record]], None] = lambda _: None
        self.go_on = anyio.Event()
        self.go_on.set()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        await self.go_on.wait()
        welcome = await super().append(key, epoch, expected_sequence, records)
        self.meanwhile(records)
        return welcome


# Order -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", JUMPS)
async def test_messages_are_taken_in_the_order_in_which_they_came(
    running: Running, clock: ManualClock, jump: float
) -> None:
    store = Held()
    async with running(Prompt(), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.say("Good morning.")
        store.go_on = anyio.Event()
        async with anyio.create_task_group() as group:
            for text in ("one", "two", "three", "four"):
                group.start_soon(session.say, text)
                await anyio.wait_all_tasks_blocked()
                clock.jump(jump)
            store.go_on.set()
        assert [message.text for message in await session.history()] == [
            "Good morning.", "one", "two", "three", "four",
        ]  # fmt: skip


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_stop_ends_what_came_before_it_and_nothing_that_came_after(
    running: Running, clock: ManualClock, jump: float
) -> None:
    outcomes: dict[str, str] = {}

    async def ask(text: str) -> None:
        try:
            outcomes[text] = (await session.ask(text)).text
        except NoReplyError as error:
            outcomes[text] = error.outcome

    store = Held()
    async with running(Prompt(), on=store, config=Config(collect_for=2.0)) as supervisor:
        session = supervisor.session("maren")
        await session.say("Good morning.")
        store.go_on = anyio.Event()
        async with anyio.create_task_group() as group:
            for act in (
                lambda: session.say("busy"),
                lambda: ask("before"),
                session.stop,
                lambda: ask("after"),
            ):
                group.start_soon(act)
                await anyio.wait_all_tasks_blocked()
                clock.jump(jump)
            store.go_on.set()
            await anyio.wait_all_tasks_blocked()
            clock.advance(2.0)
    assert outcomes == {"before": "stopped", "after": "to “after”"}


async def test_a_stop_ends_also_many_messages_that_came_before_it(running: Running) -> None:
    store = Held()
    outcomes: list[str] = []

    async def ask(number: int) -> None:
        try:
            outcomes.append((await session.ask(f"message {number}")).text)
        except NoReplyError as error:
            outcomes.append(error.outcome)

    async with running(Prompt(), on=store, config=Config(collect_for=2.0, collect_max=1000)) as supervisor:
        session = supervisor.session("maren")
        await session.say("Good morning.")
        store.go_on = anyio.Event()
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(ask, number)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(session.stop)
            await anyio.wait_all_tasks_blocked()
            store.go_on.set()
    assert outcomes == ["stopped"] * 100


# Deadlines ---------------------------------------------------------------------------------------------


async def test_a_message_is_answered_though_its_time_came_while_it_was_being_written(
    running: Running, clock: ManualClock
) -> None:
    store = Held()
    async with running(Prompt(), on=store, config=Config(collect_for=2.0)) as supervisor:
        store.meanwhile = lambda _: clock.advance(2.5)
        turn = await supervisor.session("maren").send("one")
        store.meanwhile = lambda _: None
        with anyio.fail_after(5):
            assert (await turn.reply()).text == "to “one”"


async def test_a_session_idles_though_its_time_came_while_something_was_being_written(
    running: Running, clock: ManualClock
) -> None:
    store = Held()
    async with running(Prompt(), on=store, config=COLLECTS) as supervisor, supervisor.events() as events:
        store.meanwhile = lambda _: clock.advance(61.0)
        await supervisor.session("maren").say("one")
        store.meanwhile = lambda _: None
        with anyio.fail_after(5):
            async for event in events:
                record = event.record if isinstance(event, RecordAppended) else None
                if isinstance(record, Transitioned) and record.target == "Idle":
                    break
        assert (await supervisor.session("maren").info()).state == "Idle"


async def wait_for_all(supervisor: Supervisor, clock: ManualClock, store: MemoryStore) -> None:
    """A message is collected, its session idles and leaves memory, each in its time."""
    clock.advance(2.0)
    await anyio.wait_all_tasks_blocked()
    assert (await supervisor.session("maren").info()).waiting == 0
    clock.advance(60.0)
    await anyio.wait_all_tasks_blocked()
    snapshot = await store.load(SessionKey("main", "maren"))
    assert snapshot is not None
    assert snapshot.metadata.state == "Idle"
    clock.advance(60.0)
    await anyio.wait_all_tasks_blocked()
    assert supervisor.live == 0


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_wait_is_as_long_as_its_duration_whatever_the_clock_is_set_to(
    running: Running, clock: ManualClock, store: MemoryStore, jump: float
) -> None:
    async with running(Prompt(), config=COLLECTS) as supervisor:
        await supervisor.session("maren").send("one")
        clock.jump(jump)
        clock.advance(1.9)
        await anyio.wait_all_tasks_blocked()
        assert (await supervisor.session("maren").info()).waiting == 1
        await wait_for_all(supervisor, clock, store)


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_wait_over_a_restart_is_no_longer_than_its_duration_whatever_the_clock_was_set_to(
    running: Running, clock: ManualClock, store: MemoryStore, jump: float
) -> None:
    async with running(Prompt(), config=COLLECTS) as supervisor:
        await supervisor.session("maren").send("one")
    clock.jump(jump)
    async with running(Prompt(), config=COLLECTS) as supervisor:
        while not supervisor.live:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        await wait_for_all(supervisor, clock, store)


@pytest.mark.parametrize("jump", JUMPS)
async def test_the_state_that_is_shown_follows_the_time_that_passed_and_not_the_clock(
    running: Running, clock: ManualClock, jump: float
) -> None:
    async with running(Prompt(), config=COLLECTS) as supervisor:
        await supervisor.session("maren").say("one")
        clock.jump(jump)
        clock.advance(59.0)
        assert (await supervisor.session("maren").info()).state == "Active"
        assert [info.state for info in await supervisor.list()] == ["Active"]
        clock.advance(1.0)
        assert (await supervisor.session("maren").info()).state == "Idle"
        assert [info.state for info in await supervisor.list()] == ["Idle"]


# A jump at any moment ----------------------------------------------------------------------------------


IDLES = "Active --> Idle: No recent activity"


class Outcome(NamedTuple):
    """What a life came to, times left aside."""

    history: tuple[tuple[str, tuple[str, ...]], ...]
    edges: dict[str, int]
    compactions: int
    left_memory: bool


async def pass_by(clock: ManualClock, seconds: float, is_so: Callable[[], Awaitable[bool]]) -> None:
    """Let time pass until it is so, a little more where the clock was set over a restart."""
    clock.advance(seconds)
    for patience in (0.2, 0.2, 0.2, 0.2, 10.0):
        with anyio.move_on_after(patience):
            while not await is_so():
                await anyio.lowlevel.checkpoint()
            return
        clock.advance(1.0)


async def live(disk: Disk, clock: ManualClock) -> Outcome:
    """Collect, answer, idle, compact, stop, restart, leave memory."""

    async def answer(text: str, message_id: str) -> None:
        turn = await session.send(text, message_id=message_id)
        clock.advance(2.0)
        await turn.reply()

    async def is_idle_again() -> bool:
        return (await session.info()).edges.get(IDLES, Taken(0, clock.now())).count == idled

    async def is_answered() -> bool:
        return not (await session.info()).waiting

    async def has_left() -> bool:
        return supervisor.live == 0

    async def is_here() -> bool:
        return supervisor.live == 1

    async with supervise(disk, Prompt(), clock, config=COLLECTS) as supervisor:
        session = supervisor.session("maren")
        await session.send("one", message_id="1")
        clock.advance(1.5)
        await answer("two", "2")
        idled = 1
        await pass_by(clock, 60.0, is_idle_again)
        for number in range(3, 8):
            await answer("word " * 90, str(number))
        await session.send("stopped", message_id="8")
        await session.stop()
        await answer("seen", "9")
        await session.send("left", message_id="10")
    async with supervise(disk, Prompt(), clock, config=COLLECTS) as supervisor:
        session = supervisor.session("maren")
        await pass_by(clock, 0.0, is_here)
        await pass_by(clock, 2.0, is_answered)
        idled = 2
        await pass_by(clock, 60.0, is_idle_again)
        await pass_by(clock, 60.0, has_left)
        left = await has_left()
        info = await session.info()
        history = await session.history(full=True)
    return Outcome(
        tuple((message.id, message.reply_to) for message in history),
        {edge: taken.count for edge, taken in info.edges.items()},
        info.compactions,
        left,
    )


@pytest.fixture(params=[Memory, Files])
def new_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Disk]:
    kind: Callable[[Path], Disk] = request.param

    def make(name: str) -> Disk:
        (tmp_path / name).mkdir()
        return kind(tmp_path / name)

    return make


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_clock_that_is_set_at_any_moment_changes_nothing(
    anyio_backend_name: str,
    new_disk: Callable[[str], Disk],
    jump: float,
    is_long: bool,  # noqa: FBT001 - a fixture
) -> None:
    with suspensions(anyio_backend_name) as counted:
        expected = await live(new_disk("steady"), new_clock())
        assert expected.left_memory
        assert expected.compactions
        stride = 1 if is_long else 397 if isinstance(new_disk("kind"), Files) else 41
        for moment in range(1, 100_000, stride):
            clock = new_clock()
            was_set: list[int] = []

            def set_clock(clock: ManualClock = clock, was_set: list[int] = was_set, moment: int = moment) -> None:
                clock.jump(jump)
                was_set.append(moment)

            counted.then(moment, set_clock)
            outcome = await live(new_disk(str(moment)), clock)
            counted.forget()
            assert outcome == expected, f"the clock was set by {jump:g} s at moment {moment}"
            if not was_set:
                break


async def test_a_session_idles_at_its_time_however_that_is_rounded(running: Running, clock: ManualClock) -> None:
    config = Config(idle_after=60.0)
    moment = next(n / 1000 for n in range(1, 100_000) if (n / 1000 + 60.0) - n / 1000 < 60.0)
    clock.advance(moment)
    async with running(Prompt(), config=config) as supervisor:
        await supervisor.session("maren").ask("one")
        async with supervisor.events() as events:
            clock.advance(60.0)
            await anyio.wait_all_tasks_blocked()
            records = [event.record for event in events.pending() if isinstance(event, RecordAppended)]
        assert [record.target for record in records if isinstance(record, Transitioned)] == ["Idle"]
