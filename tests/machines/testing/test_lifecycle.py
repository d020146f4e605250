"""The tests that a machine generates for itself: they pass where it is lived in rightly, and find what is wrong."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from argentos.errors import InputError
from argentos.machines import END, SESSION, START, Binding, Diagram, Machine, Refused, Transition
from argentos.machines.mermaid.markdown import fences
from argentos.machines.testing import Lifecycle, MachineSystem, lifecycle_test
from tests.machines.orders import ORDER
from tests.machines.test_machine import DOOR
from tests.machines.texts import KEYBOARD

SEED = 4


def run(test: type[Lifecycle], examples: int = 20) -> type[Lifecycle]:
    """Lead the same lives each time, a fifth of what is led by default; nothing is remembered."""
    run_state_machine_as_test(test, settings=settings(test.TestCase.settings, max_examples=examples, database=None))
    return test


def failure(test: type[Lifecycle]) -> str:
    with pytest.raises(AssertionError) as caught:
        run(test, 100)
    return str(caught.value)


@pytest.mark.parametrize(("machine", "durations"), [(DOOR, {"spring": 30}), (ORDER, {})], ids=["door", "order"])
def test_a_machine_passes_its_own_test_which_takes_every_edge(machine: Machine, durations: dict[str, float]) -> None:
    coverage = run(lifecycle_test(machine, durations=durations, seed=SEED)).coverage
    assert all(coverage.states.values())
    assert all(coverage.edges.values())


def test_a_machine_with_parallel_regions_passes_its_own_test() -> None:
    keyboard = Machine(Diagram.parse(KEYBOARD))
    coverage = run(lifecycle_test(keyboard, durations={"a_second": 1, "an_hour": 3600}, seed=SEED)).coverage
    assert sum(map(bool, coverage.states.values())) >= 10


def test_nearly_every_event_is_tried_in_every_state_of_the_session_which_takes_every_edge() -> None:
    coverage = run(lifecycle_test(SESSION, durations={"idle_after": 1800}, seed=SEED), 100).coverage
    assert all(coverage.states.values())
    assert all(coverage.edges.values())
    assert sum(map(bool, coverage.pairs.values())) >= 28
    assert all(coverage.guards.values())


# Planted errors ---------------------------------------------------------------------------------------------


class TimerNotCancelled(MachineSystem):
    def _cancel(self, transition: Transition) -> None:
        pass


class TimerNotRestarted(MachineSystem):
    def restart(self) -> Sequence[Transition]:
        taken = super().restart()
        self._due.clear()
        return taken


class TimerTooLate(MachineSystem):
    def advance(self, seconds: float) -> Sequence[Transition]:
        return super().advance(max(seconds - 0.001, 0))


class RefusalSwallowed(MachineSystem):
    def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
        answer = super().send(event, payload)
        return () if isinstance(answer, Refused) and answer.guard else answer


class RefusalForTheWrongReason(MachineSystem):
    def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
        answer = super().send(event, payload)
        return Refused(answer.state, event) if isinstance(answer, Refused) else answer


class GuardIgnored(MachineSystem):
    def _decide(self, event: str, payload: object) -> Transition | Refused:
        facts = SimpleNamespace(is_paid=True) if event == "pack" else self.facts(event, payload)
        return self.machine.decide(self._state, event, facts)


class EventIgnored(MachineSystem):
    def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
        return Refused(self.state, event) if event == "unpack" else super().send(event, payload)


class AppendForgotten(MachineSystem):
    def _take(self, transition: Transition) -> None:
        super()._take(transition)
        if transition.event == "pack":
            self.log.pop()


class TransitionHidden(MachineSystem):
    def advance(self, seconds: float) -> Sequence[Transition]:
        super().advance(seconds)
        return ()


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (TimerNotCancelled, "too late was taken, though nobody raised 'expire'"),
        (TimerNotRestarted, "'expire' ought to lead to Cancelled, but did not come, though 15m was over at 900 s"),
        (TimerTooLate, "'expire' ought to lead to Cancelled, but did not come"),
        (
            RefusalSwallowed,
            "'expire' ought to be refused, for 'not is_paid' must hold, and does not, but nothing was",
        ),
        (
            RefusalForTheWrongReason,
            "the refusal says that Waiting knows no event 'expire', but 'not is_paid' must",
        ),
        (GuardIgnored, "'pack' ought to be refused, for 'is_paid' must hold, and does not, but Waiting --> Packing"),
        (EventIgnored, "'unpack' ought to lead to Waiting, but Packing knows no event 'unpack'"),
        (AppendForgotten, "the system says that it is in Waiting"),
        (TransitionHidden, "'expire' ought to lead to Cancelled, but did not come"),
    ],
)
def test_a_planted_error_is_found_within_100_examples(broken: type[MachineSystem], problem: str) -> None:
    assert problem in failure(lifecycle_test(ORDER, lambda: broken(ORDER), durations={}, seed=SEED))


def test_an_error_of_the_compiled_table_is_found_for_the_definition_is_the_authority() -> None:
    class Hasty(Machine):
        def decide(self, state: str, event: str, facts: object, data: object = None) -> Transition | Refused:
            return super().decide(state, event, SimpleNamespace(is_ready=facts is not None), data)

    broken = Hasty(Diagram.parse("stateDiagram-v2\n[*] --> A: made\nA --> B: go [is_ready]\nB --> A: back"))
    assert "'go' ought to be refused" in failure(lifecycle_test(broken, seed=SEED))


# What can be asked for --------------------------------------------------------------------------------------


def test_an_invariant_is_asked_whenever_the_system_rests_in_its_state() -> None:
    seen: dict[str, set[str]] = {START: set(), "Open": set(), "Sent": set(), END: set()}

    def note(name: str) -> Callable[[MachineSystem], None]:
        return lambda system: seen[name].add(system.state)

    run(lifecycle_test(ORDER, invariants={name: note(name) for name in seen}, seed=SEED), 50)
    assert seen == {START: {START}, "Open": {"Waiting", "Packing"}, "Sent": {"Sent"}, END: {END}}


def test_an_invariant_that_does_not_hold_is_a_failure() -> None:
    never_packed = lifecycle_test(ORDER, invariants={"Packing": lambda _: False}, seed=SEED)
    assert failure(never_packed) == "the invariant of Packing does not hold"


def test_payloads_are_drawn_as_asked() -> None:
    class Till(MachineSystem):
        """An order that is paid when the payload says so much."""

        def facts(self, event: str, payload: object) -> object:
            if event == "pack":
                amounts.add(payload)
            return SimpleNamespace(is_paid=isinstance(payload, int) and payload >= 100)

    amounts = set[object]()
    coverage = run(
        lifecycle_test(ORDER, lambda: Till(ORDER), payloads={"pack": st.integers(99, 101)}, durations={}, seed=SEED)
    ).coverage
    assert {99, 100, 101} <= amounts
    assert all(count for asked, count in coverage.guards.items() if asked.pair.event == "pack")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"invariants": {"Lost": print}}, r"order\.mmd has no state 'Lost', only Cancelled, Open"),
        ({"payloads": {"lose": st.none()}}, r"order\.mmd has no event 'lose', only confirm, expire"),
        ({"own": ["lose"]}, r"order\.mmd has no event 'lose'"),
    ],
)
def test_what_the_machine_does_not_have_is_refused(given: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        lifecycle_test(ORDER, **given)


def test_the_same_seed_gives_the_same_lives() -> None:
    first, second = (run(lifecycle_test(DOOR, durations={"spring": 30}, seed=SEED), 5).coverage for _ in range(2))
    assert (first.pairs, first.edges, first.guards) == (second.pairs, second.edges, second.guards)


def test_a_machine_is_imported_without_hypothesis() -> None:
    program = "import sys, argentos.machines, argentos.machines.testing; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - this interpreter
    assert done.stdout == "False\n"


def test_a_name_that_is_not_exported_is_an_attribute_error() -> None:
    import argentos.machines.testing as exported  # noqa: PLC0415 - the module itself is the subject

    with pytest.raises(AttributeError, match="Nonsense"):
        _ = exported.Nonsense


# Systems that do things of their own accord ------------------------------------------------------------------

LAMP = Machine(
    Diagram.parse("""
        stateDiagram-v2
            [*] --> Off: plug in
            Off --> On: press
            On --> Warm: warm up
            Warm --> Off: doze
    """),
    {
        "plug in": "plug_in",
        "press": "press",
        "warm up": Binding("warm_up", guards=("is_warm",)),
        "doze": Binding("doze", timer="a_minute", guards=("is_late",)),
    },
)


class Lamp:
    """Warms up of its own accord at the third press, and dozes a minute after the last one; errors are planted.

    Args:
        errors: what it does not do: `warm_up` or `doze`.
        needed: presses to be warm.
    """

    def __init__(self, *errors: str, needed: int = 3) -> None:
        self.errors = errors
        self.needed = needed
        self.state = START
        self.presses = 0
        self.now = self.pressed_at = 0.0

    def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        assert payload is None
        decision = self._take(event)
        if event == "press":
            self.presses += 1
            self.pressed_at = self.now
        taken = [each for each in (decision, self._take("warm_up")) if isinstance(each, Transition)]
        return taken if isinstance(decision, Transition) or taken else decision

    def advance(self, seconds: float) -> Sequence[Transition]:
        self.now += seconds
        taken = self._take("doze")
        return [taken] if isinstance(taken, Transition) else []

    def restart(self) -> Sequence[Transition]:
        return []

    def facts(self, event: str, payload: object) -> object | None:
        assert payload is None
        return None if event == "doze" and self.now % 7 == 0 else self._account(3)

    def close(self) -> None:
        pass

    def _account(self, needed: int) -> object:
        return SimpleNamespace(is_warm=self.presses >= needed, is_late=self.now - self.pressed_at >= 60)

    def _take(self, event: str) -> Transition | Refused:
        decision = LAMP.decide(self.state, event, self._account(self.needed))
        if event in self.errors or isinstance(decision, Refused):
            return Refused(self.state, event) if isinstance(decision, Transition) else decision
        self.state = decision.target
        return decision


def lamp_test(*errors: str, needed: int = 3, **given: Any) -> type[Lifecycle]:
    given = {"own": ["warm_up"], "pauses": st.integers(1, 70).map(float), "seed": SEED, **given}
    return lifecycle_test(LAMP, lambda: Lamp(*errors, needed=needed), **given)


def test_a_system_may_take_transitions_of_its_own_accord() -> None:
    assert all(run(lamp_test()).coverage.edges.values())


def test_an_own_event_that_is_not_raised_though_its_guards_hold_is_a_failure() -> None:
    assert "all guards of 'warm_up' hold, which leads to Warm, but the system rests" in failure(lamp_test("warm_up"))


def test_a_timer_of_the_systems_own_that_does_not_fire_is_a_failure() -> None:
    assert "'doze'" in failure(lamp_test("doze"))


def test_what_nobody_raised_must_not_happen() -> None:
    assert "warm up was taken, though nobody raised 'warm_up'" in failure(lamp_test(own=()))


def test_an_own_event_that_is_raised_too_early_is_a_failure() -> None:
    assert "warm up was taken, but 'is_warm' must hold, and does not" in failure(lamp_test(needed=2))


# Timers of the system's own ----------------------------------------------------------------------------------


class Alarm:
    """A program with a clock of its own, which is told nothing but `set` and `stop`."""

    def __init__(self) -> None:
        self.state = START
        self.now = self.set_at = 0.0

    def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        assert event in ("set", "stop"), f"nobody but the clock raises {event}"
        assert payload is None
        decision = ALARM.decide(self.state, event, object())
        if isinstance(decision, Refused):
            return decision
        self.state, self.set_at = decision.target, self.now
        return [decision]

    def advance(self, seconds: float) -> Sequence[Transition]:
        end, taken = self.now + seconds, list[Transition]()
        if self.state == "Set" and self.set_at + 90 <= end:
            self.now = self.set_at + 90
            rung = ALARM.decide("Set", "after_90s", object())
            assert isinstance(rung, Transition)
            self.state, self.set_at = rung.target, self.now
            taken.append(rung)
        self.now = end
        return taken

    def restart(self) -> Sequence[Transition]:
        return ()

    def facts(self, _event: str, _payload: object) -> object:
        return SimpleNamespace()

    def close(self) -> None:
        pass


ALARM = Machine(
    Diagram.parse(
        "stateDiagram-v2\n[*] --> Set: set\nSet --> Ringing: after 90s\nRinging --> Set: set\nSet --> [*]: stop"
    )
)


def test_the_timers_of_a_program_are_its_own_and_held_to_their_durations() -> None:
    coverage = run(lifecycle_test(ALARM, Alarm, durations={}, seed=SEED)).coverage
    assert coverage.missing == ()


def test_a_programs_own_timer_that_is_late_is_a_failure() -> None:
    class Late(Alarm):
        def advance(self, seconds: float) -> Sequence[Transition]:
            self.set_at += 1
            return super().advance(seconds)

    assert "'after_90s' ought to lead to Ringing" in failure(lifecycle_test(ALARM, Late, durations={}, seed=SEED))


@pytest.mark.parametrize("own_timers", [True, False])
def test_the_timers_of_a_pure_machine_are_its_own_if_so_asked(*, own_timers: bool) -> None:
    sent = set[str]()

    class Watched(MachineSystem):
        def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
            sent.add(event)
            return super().send(event, payload)

    test = lifecycle_test(ALARM, lambda: Watched(ALARM), durations={}, own_timers=own_timers, seed=SEED)
    run(test, 20)
    assert ("after_90s" in sent) is not own_timers


def test_an_event_that_no_life_can_raise_fails_by_its_name() -> None:
    text = "stateDiagram-v2\n[*] --> A: made\nA --> A: stay\nB --> A: mend"
    kept = Machine(Diagram.parse(text, file="kept.mmd"), stored=True)
    assert failure(lifecycle_test(kept, seed=SEED)).startswith(
        "kept.mmd: no life can raise 'mend', for no way leads to a state that knows it"
    )


@pytest.mark.parametrize(("errors", "missing"), [(("warm_up",), "warm_up"), (("doze",), "doze"), ((), "")])
def test_an_event_that_only_the_system_raises_and_never_did_fails_by_its_name(
    errors: tuple[str, ...], missing: str
) -> None:
    class Trusted(Lamp):
        def facts(self, event: str, payload: object) -> object | None:
            return None if event else super().facts(event, payload)

    def trusted() -> Lamp:
        return Trusted(*errors)

    pauses = st.integers(1, 70).map(float)
    kind = lifecycle_test(LAMP, trusted, own=["warm_up"], pauses=pauses, seed=SEED).TestCase
    kind.settings = settings(kind.settings, max_examples=20)
    case = kind("runTest")
    if not missing:
        case.debug()
        return
    with pytest.raises(AssertionError, match=f"only the system raises '{missing}', and in no life"):
        case.debug()


# Where lives are led -----------------------------------------------------------------------------------------

DEEP = Machine(
    Diagram.parse(
        "stateDiagram-v2\n[*] --> S0: made\n"
        + "".join(f"S{number} --> S{number + 1}: on{number} [x{number}]\n" for number in range(14))
        + "S14 --> S14: after 5s [y and z]\nS14 --> S0: back"
    )
)


def test_lives_are_led_to_every_edge_pair_and_outcome_of_guards_however_deep() -> None:
    coverage = run(lifecycle_test(DEEP, seed=SEED)).coverage
    assert all(coverage.edges.values())
    assert all(coverage.pairs.values())
    assert all(coverage.guards.values())


@pytest.mark.parametrize("seed", range(4))
def test_no_step_can_be_left_out_of_the_life_that_is_told(seed: int) -> None:
    class Stuck(MachineSystem):
        def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
            is_second = event == "back" and any(entry.transition.event == "back" for entry in self.log)
            return Refused(self.state, event) if is_second else super().send(event, payload)

    test = lifecycle_test(DEEP, lambda: Stuck(DEEP), durations={}, seed=seed)
    with pytest.raises(AssertionError) as caught:
        run(test)
    (told,) = [fence.body for fence in fences("\n".join(caught.value.__notes__)) if fence.language == "python"]
    assert told.count(".send(") == 2 * 15 + 1
    assert ".advance(" not in told
    assert ".restart(" not in told
