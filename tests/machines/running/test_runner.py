"""A machine of one's own, run: events, answers, states, subscriptions."""

import itertools
from functools import partial

import anyio
import pytest

from argentos.concurrency.clock import ManualClock
from argentos.errors import (
    DiagramError,
    EventRefusedError,
    InputError,
    RunnerStoppedError,
    StateNotReachedError,
    StoreBusyError,
    UnknownStateError,
)
from argentos.machines import START, Refused, Transition
from argentos.machines.position import durations_of
from argentos.machines.running import MemorySnapshots, Runner
from tests.machines.running.doors import DOOR, House, door, machine, new_clock

pytestmark = pytest.mark.anyio

NESTED = machine(
    "[*] --> Open: begin",
    "state Open {",
    "[*] --> Loose",
    "Loose --> Tied: tie",
    "}",
    "state Both {",
    "[*] --> Dark",
    "Dark --> Lit: switch",
    "--",
    "[*] --> Cold",
    "Cold --> Warm: heat",
    "}",
    "Open --> Both: split",
)


async def test_events_lead_from_state_to_state_and_their_effects_have_run_when_they_are_answered() -> None:
    house = House()
    async with door(house) as runner:
        assert runner.state == START
        await runner.send("install")
        transition = await runner.send("push", {"who": "Ada"})
        assert (str(transition), runner.state) == ("Closed --> Open: push [is_unlocked] / beep, log", "Open")
        assert house.heard == ["beep", "log"]
        first = house.calls[0]
        assert (first.id, first.event, first.data, first.source, first.target, first.attempt) == (
            "door-1/2/0",
            "push",
            {"who": "Ada"},
            "Closed",
            "Open",
            1,
        )


async def test_a_refused_event_is_an_error_that_says_why_and_changes_nothing() -> None:
    async with door(House(is_unlocked=False)) as runner:
        await runner.send("install")
        with pytest.raises(
            EventRefusedError, match=r"^door\.mmd: Closed refuses 'push': is_unlocked is false$"
        ) as error:
            await runner.send("push")
        assert (error.value.state, error.value.event, error.value.guard) == ("Closed", "push", "is_unlocked")
        with pytest.raises(EventRefusedError, match=r"^door\.mmd: Closed knows no event 'pull', only 'push', 'lock'$"):
            await runner.send("pull")
        assert runner.state == "Closed"


async def test_an_offered_event_may_come_in_vain() -> None:
    async with door(House(is_unlocked=False)) as runner:
        assert isinstance(await runner.offer("install"), Transition)
        assert await runner.offer("push") == Refused("Closed", "push", "is_unlocked")


async def test_what_an_event_would_do_can_be_asked_and_a_refusal_counts_as_false() -> None:
    house = House(is_unlocked=False)
    async with door(house) as runner:
        await runner.send("install")
        answer = runner.can("push")
        assert not answer
        assert isinstance(answer, Refused)
        assert answer.guard == "is_unlocked"
        house.is_unlocked = True
        assert runner.can("push")
        assert runner.state == "Closed"


async def test_states_within_others_match_by_their_path() -> None:
    async with Runner(NESTED) as runner:
        await runner.send("begin")
        assert [path for path in ("Open", "Loose", "Open.Loose", "Open.Tied", "Both") if runner.matches(path)] == [
            "Open",
            "Loose",
            "Open.Loose",
        ]
        await runner.send("split")
        await runner.send("heat")
        assert runner.active == ("Both", "Dark", "Warm")
        assert runner.matches("Both.Warm")
        assert runner.matches("Dark & Warm")
        assert not runner.matches("Both.Lit")


@pytest.mark.parametrize("path", ["Opne", "Open.Opne", "Loose.Open", "Both.Loose", ""])
async def test_a_path_that_the_diagram_does_not_have_is_an_error(path: str) -> None:
    async with Runner(NESTED) as runner:
        with pytest.raises(UnknownStateError, match=r"^it\.mmd has "):
            runner.matches(path)
        with pytest.raises(UnknownStateError):
            await runner.wait_for(path)


async def test_whoever_waits_for_a_state_is_woken_when_it_is_reached_even_for_a_moment() -> None:
    async with door() as runner, anyio.create_task_group() as group:
        seen: list[str] = []

        async def wait() -> None:
            seen.append(await runner.wait_for("Open"))
            seen.append(await runner.wait_for(lambda state: state in {"Closed", "Locked"}))

        await runner.send("install")
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        await runner.send("push")
        await runner.send("pull")
        with anyio.fail_after(5):
            while len(seen) < 2:
                await anyio.wait_all_tasks_blocked()
        assert seen == ["Open", "Closed"]


async def test_a_state_that_does_not_come_is_waited_for_no_longer_than_was_said() -> None:
    clock = new_clock()
    async with door(clock=clock) as runner, anyio.create_task_group() as group:
        await runner.send("install")

        async def wait() -> None:
            with pytest.raises(StateNotReachedError, match=r"^door\.mmd is in Closed after 5 s, and not in Locked$"):
                await runner.wait_for("Locked", timeout=5)

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        clock.advance(5)


async def test_subscribers_get_all_changes_in_order_and_end_with_the_runner() -> None:
    runner = door()
    seen: list[tuple[int, str, object]] = []

    async def listen() -> None:
        async with runner.subscribe() as changes:
            seen.extend([(each.sequence, each.transition.target, each.data) async for each in changes])

    async with anyio.create_task_group() as group:
        group.start_soon(listen)
        await anyio.wait_all_tasks_blocked()
        async with runner:
            await runner.send("install")
            await runner.send("lock", 7)
            await runner.send("unlock")
    assert seen == [(1, "Closed", None), (2, "Locked", 7), (3, "Closed", None)]


async def test_of_too_many_changes_a_subscriber_misses_the_oldest() -> None:
    async with door() as runner, runner.subscribe() as changes:
        await runner.send("install")
        for _ in range(600):
            await runner.send("lock")
            await runner.send("unlock")
        got = changes.take()
        assert (len(got), got[0].sequence, got[-1].sequence) == (1_000, 202, 1_201)


async def test_a_first_edge_without_a_label_is_taken_at_once() -> None:
    async with Runner(machine("[*] --> Idle", "Idle --> Busy: go")) as runner:
        assert runner.state == "Idle"


async def test_guards_see_what_comes_with_an_event() -> None:
    account = machine("[*] --> Open: open", "Open --> Open: take [event.amount <= balance] / pay")
    paid: list[object] = []
    async with Runner(account, {"balance": 30}, effects={"pay": lambda call: paid.append(call.data)}) as runner:
        await runner.send("open")
        assert runner.can("take", {"amount": 30})
        answer = runner.can("take", {"amount": 31})
        assert isinstance(answer, Refused)
        assert answer.guard == "event.amount <= balance"
        await runner.send("take", {"amount": 20})
        assert paid == [{"amount": 20}]


async def test_actions_of_states_run_in_order_with_those_of_edges() -> None:
    order: list[str] = []
    lamp = machine(
        "[*] --> Off", "Off --> On: press / click", "On: entry / light", "On: exit / fade", "On --> Off: press / click"
    )
    effects = {name: partial(order.append, name) for name in ("click", "light", "fade")}
    async with Runner(lamp, effects=effects) as runner:
        await runner.send("press")
        await runner.send("press")
    assert order == ["click", "light", "fade", "click"]


async def test_what_a_history_remembers_is_part_of_what_is_stored() -> None:
    radio = machine(
        "[*] --> Off",
        "state Power {",
        "[*] --> Low",
        "Low --> High: louder",
        'state "[H]" as Again',
        "}",
        "Off --> Again: press",
        "Power --> Off: press",
    )
    store = MemorySnapshots()
    async with Runner(radio, store=store) as runner:
        for event in ("press", "louder", "press"):
            await runner.send(event)
    async with Runner(radio, store=store) as runner:
        assert runner.matches("Off")
        await runner.send("press")
        assert runner.matches("Power.High")


async def test_a_runner_that_is_not_open_says_so() -> None:
    runner = door()
    with pytest.raises(RunnerStoppedError, match="use it within async with"):
        await runner.send("install")
    async with runner:
        with pytest.raises(StoreBusyError, match="is open already"):
            async with runner:
                pass
        await runner.send("install")
    with pytest.raises(RunnerStoppedError):
        await runner.offer("lock")
    with pytest.raises(RunnerStoppedError):
        await runner.wait_for("Locked")


async def test_whoever_waits_is_told_when_the_runner_ends() -> None:
    async with anyio.create_task_group() as group, door() as runner:

        async def wait() -> None:
            with pytest.raises(RunnerStoppedError):
                await runner.wait_for("Locked")

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()


async def test_an_error_within_the_block_comes_out_as_it_is() -> None:
    async def fail() -> None:
        async with door(store=MemorySnapshots()) as runner:
            await runner.send("install")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()


async def test_many_events_at_once_are_taken_one_at_a_time() -> None:
    counter = machine("[*] --> A: begin", "A --> B: step", "B --> A: step")
    async with Runner(counter, store=MemorySnapshots()) as runner, runner.subscribe() as changes:
        await runner.send("begin")
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(runner.send, "step")
        taken = changes.take()
        assert [change.sequence for change in taken] == list(range(1, 22))
        assert all(one.transition.target == other.transition.source for one, other in itertools.pairwise(taken))


def test_an_effect_that_nobody_runs_is_refused_where_it_stands() -> None:
    with pytest.raises(DiagramError, match=r"^door\.mmd:3:\d+: .*'beep', which the program does not run"):
        Runner(DOOR, House())


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("30s", 30), ("10 seconds", 10), ("250 ms", 0.25), ("1.5 hours", 5400), ("2 weeks", 1_209_600)],
)
def test_a_timer_may_say_its_length_in_words(delay: str, seconds: float) -> None:
    assert durations_of(machine("[*] --> A: go", f"A --> B: after {delay}"), {}) == {delay: seconds}


def test_a_timer_whose_length_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="give durations="):
        Runner(machine("[*] --> A: go", "A --> B: after a_while"))


def test_a_store_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(InputError, match=r"the store ManualClock has no load\(\); give argentos.storage.SnapshotFile"):
        Runner(DOOR, House(), effects=House(), store=new_clock())  # type: ignore[arg-type]  # what a program does wrong
    assert isinstance(new_clock(), ManualClock)
