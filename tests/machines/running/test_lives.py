"""Generated lives of generated machines, run on asyncio and on trio, held against the pure machine."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argentos.concurrency.clock import ManualClock
from argentos.errors import DiagramError
from argentos.machines import Diagram, Machine, Refused
from argentos.machines.running import EffectCall, MemorySnapshots, Runner
from argentos.machines.testing import Effect, MachineSystem, RunnerSystem, lifecycle_test
from tests.machines.generated import machines
from tests.machines.orders import ORDER

BACKENDS = ["asyncio", "trio"]
CHOICES = st.fixed_dictionaries(dict.fromkeys("xyz", st.booleans()))
ACTIONS = (
    st.tuples(st.just("send"), st.sampled_from(["made", "go", "stop", "turn"]), CHOICES)
    | st.tuples(st.just("advance"), st.sampled_from([0.5, 1.0, 2.0, 3.0, 10.0]))
    | st.just(("restart",))
)


@st.composite
def timed_machines(draw: st.DrawFn) -> Machine:
    """A machine as they are generated, with an effect at each edge, and with timers."""
    diagram = draw(machines()).diagram
    text = re.sub(
        r"^(.*: (made|go|stop|turn|over)( \[.*\])?) *$", r"\1 / \2_done", diagram.to_mermaid(), flags=re.MULTILINE
    )
    states = st.sampled_from([state.name for state in diagram.states if state.kind == "state"])
    machine = Machine(Diagram.parse(text), stored=True)
    for _ in range(draw(st.integers(0, 3))):
        delay, guard = draw(st.sampled_from(["1s", "2s", "3s"])), draw(st.sampled_from(["", "[x] ", "[not y] "]))
        line = f"{draw(states)} --> {draw(states)}: after {delay} {guard}/ tick, tock"
        with suppress(DiagramError):
            machine = Machine(Diagram.parse(f"{machine.diagram.to_mermaid()}\n{line}"), stored=True)
    return machine


class Chosen(RunnerSystem):
    """A runner whose guards see what was sent last; its effects are noted."""

    def __init__(self, machine: Machine, backend: str) -> None:
        self.machine = machine
        self.seen: dict[str, bool] = dict.fromkeys([*machine.guards, *"xyz"], True)
        self.known = dict(self.seen)
        self.effects: list[Effect] = []
        super().__init__(self.make, backend=backend)

    def make(self, clock: ManualClock, store: MemorySnapshots) -> Runner:
        effects = dict.fromkeys(self.machine.effects, self.note)
        return Runner(self.machine, self.seen, effects=effects, store=store, clock=clock)

    async def note(self, call: EffectCall) -> None:
        _, sequence, _ = call.id.split("/")
        self.effects.append(Effect(int(sequence) - 1, call.effect))

    def send(self, event: str, payload: object = None, /) -> Any:
        self.seen.update(chosen(payload))
        answer = super().send(event)
        self.known.update(chosen(payload))
        return answer

    def facts(self, _event: str, payload: object, /) -> object:
        return {**self.known, **chosen(payload)}


def chosen(payload: object) -> Mapping[str, bool]:
    return cast("Mapping[str, bool]", payload) if isinstance(payload, Mapping) else {}


@pytest.mark.parametrize("backend", BACKENDS)
@given(st.data())
@settings(max_examples=25)
def test_a_runner_does_what_the_pure_machine_does_at_the_same_times(backend: str, data: st.DataObject) -> None:
    machine = data.draw(timed_machines())
    pure, run = MachineSystem(machine), Chosen(machine, backend)
    try:
        for name, *arguments in [("send", "made", {}), *data.draw(st.lists(ACTIONS, max_size=12))]:
            if name == "restart":  # behind a look at timers that guards have refused before
                assert run.advance(0.0) == [*pure.advance(0.0)]
            expected, answer = getattr(pure, name)(*arguments), getattr(run, name)(*arguments)
            assert answer == (expected if isinstance(expected, Refused) else [*expected])
            assert run.state == pure.state
            assert run.effects == pure.effects
    finally:
        run.close()


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_order_that_is_run_leads_the_lives_of_its_definition(backend: str) -> None:
    sent = {event: CHOICES for event in ORDER.events if event != "expire"}
    payloads = dict.fromkeys(sent, st.fixed_dictionaries({"is_paid": st.booleans()}))
    lives = lifecycle_test(ORDER, lambda: Chosen(ORDER, backend), durations={}, payloads=payloads)
    lives.TestCase.settings = settings(lives.TestCase.settings, max_examples=15)
    lives.TestCase("runTest").debug()
    assert not [each for each in lives.coverage.missing if " --> " in each]
