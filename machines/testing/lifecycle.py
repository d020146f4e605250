"""Property-based tests that a machine generates for itself, on Hypothesis.

`lifecycle_test` makes a `RuleBasedStateMachine` whose rules are what can happen to anything that has a lifecycle:
events, legal and illegal, in any state; time passing; a kill and a revival. What the system under test does is held
against the formal definition. A failure shrinks to the shortest life, which is told as a sequence diagram and as a
test to paste.
"""

import inspect
import re
import sys
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, ClassVar, Final, NamedTuple, Self, cast

from hypothesis import Phase, currently_in_test_context, note, settings
from hypothesis import seed as use_seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from argentos.errors import InputError
from argentos.machines.decisions import Refused, Transition
from argentos.machines.machine import Machine
from argentos.machines.testing.account import Account
from argentos.machines.testing.coverage import Coverage
from argentos.machines.testing.oracle import Oracle
from argentos.machines.testing.steps import Step, Steps, pauses_around, steps
from argentos.machines.testing.system import MachineSystem, durations_of
from argentos.machines.testing.trace import Trace

__all__ = ["Lifecycle", "lifecycle_test"]

_PHASES: Final = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""All but the last, which explains by many more runs what the trace says already."""


class _Plan(NamedTuple):
    """What a lifecycle test is made of.

    Attributes:
        oracle: of the machine.
        system: begins a life.
        invariants: by state.
        durations: seconds by the names of the timers; None where facts tell when they are due.
        own: events that the system raises of its own accord, and nobody else.
        steps: for each state the steps to take there.
    """

    oracle: Oracle
    system: Callable[[], Any]
    invariants: Mapping[str, Callable[[Any], object]]
    durations: Mapping[str, float] | None
    own: Collection[str]
    steps: Steps


class Lifecycle(RuleBasedStateMachine):
    """One life of a system, led by Hypothesis, or by hand within a `with` block.

    Attributes:
        coverage: what all lives of this test have seen so far.
        system: the one under test.
        account: what ought to be.
        trace: what happened.
    """

    coverage: ClassVar[Coverage]
    plan: ClassVar[_Plan]

    def __init__(self) -> None:
        super().__init__()
        self.system: Any = None
        self.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.teardown()

    def begin(self) -> None:
        """Begin a life, with a new system."""
        if self.system is not None:
            self.system.close()
        self.system = self.plan.system()
        self.account = Account(self.plan.oracle, self.plan.durations, self.plan.own)
        self.trace = Trace(self._name())
        self.coverage.saw_state(self.account.state)
        with self._telling():
            self._rest(())

    def send(self, event: str, payload: object = None) -> None:
        """Send an event to the system, and hold its answer against the definition."""
        with self._telling():
            self.trace.sends(event, payload)
            facts = self.system.facts(event, payload)
            self.coverage.saw_raised(self.account.state, event, facts)
            answer = self.system.send(event, payload)
            self.trace.answered(answer)
            self.account.sent(event, facts, answer, self._facts)
            self._rest(() if isinstance(answer, Refused) else answer, sent=event)

    def advance(self, seconds: float) -> None:
        """Let time pass, and hold what the system does against the definition."""
        with self._telling():
            self.trace.waits(seconds)
            timed = self.plan.oracle.timed if self.plan.durations is not None else ()
            facts = {event: self.system.facts(event, None) for event in timed}
            taken = self.system.advance(seconds)
            self.trace.answered(taken)
            self.account.passed(seconds, facts.__getitem__, taken, self._facts)
            self._rest(taken, facts=facts)

    def reach(self) -> None:
        """Let time pass until the next timer is due."""
        if self.account.next_due > self.account.now:
            self.advance(self.account.next_due - self.account.now)

    def restart(self) -> None:
        """Kill the system and revive it; nothing may have changed by that."""
        with self._telling():
            self.trace.kills()
            taken = self.system.restart()
            self.trace.answered(taken)
            self.account.revived(taken, self._facts)
            self._rest(taken)

    def teardown(self) -> None:
        """Close the system, and show what led to a failure; Hypothesis does so for the shortest one only."""
        self.system.close()
        if self.trace.problem and currently_in_test_context():
            note(self.trace.as_markdown())

    @rule(step=st.runner().flatmap(lambda life: life.plan.steps[life.account.state]))
    def live(self, step: Step) -> None:
        """Take any step; a single rule, for Hypothesis leaves whole rules out of many of its lives."""
        name, *arguments = step
        getattr(self, name)(*arguments)

    @contextmanager
    def _telling(self) -> Generator[None]:
        """Tell the trace if this fails."""
        try:
            yield
        except Exception as error:
            self.trace.failed(error)
            raise

    def _rest(
        self, taken: Iterable[Transition], *, sent: str = "", facts: Mapping[str, object | None] | None = None
    ) -> None:
        """The system has come to rest behind these transitions, of which it raised all but one itself."""
        for transition in taken:
            if transition.event != sent:
                self.coverage.saw_raised(transition.source, transition.event, (facts or {}).get(transition.event))
            self.coverage.saw_taken(transition)
        self.account.check_rest(self.system.state, self._facts)
        for state in self.plan.oracle.machine.active(self.account.state):
            check = self.plan.invariants.get(state)
            if check is not None and check(self.system) is False:
                raise AssertionError(f"the invariant of {state} does not hold")

    def _facts(self, event: str) -> object | None:
        """What the guards of an event of the system's own are to see."""
        return cast("object | None", self.system.facts(event, None))

    @classmethod
    def _name(cls) -> str:
        """What the test is bound to in its module."""
        names = vars(sys.modules.get(cls.__module__, cls)).items()
        return next((name for name, value in names if value is cls), cls.__name__)


def lifecycle_test(
    machine: Machine,
    system: Callable[[], Any] | None = None,
    *,
    payloads: Mapping[str, st.SearchStrategy[Any]] | None = None,
    invariants: Mapping[str, Callable[[Any], object]] | None = None,
    durations: Mapping[str, float] | None = None,
    own: Collection[str] = (),
    pauses: st.SearchStrategy[float] | None = None,
    seed: int | None = None,
) -> type[Lifecycle]:
    """A state machine for Hypothesis; its `TestCase` is what pytest and unittest collect.

    Args:
        machine: says what ought to happen.
        system: begins a life, with a `System` in the state `START`; without it the pure machine is lived in.
        payloads: for each event what may come with it. Events without one come with None, or, to a
            `MachineSystem`, with any outcome of the guards.
        invariants: for states, composite ones too, what to call with the system whenever it rests there; it raises,
            or answers False, where something is wrong.
        durations: seconds by the names of the machine's timers. With them timers have to fire when their states have
            been active for that long. Without them, for a `system` of your own, `System.facts` tells when they are due.
        own: events that the system raises of its own accord as soon as `System.facts` says that their guards hold,
            and that nobody sends. Without durations the events of timers are such, too.
        pauses: seconds that may pass at once; without it they are drawn around the durations.
        seed: makes every run the same.

    Raises:
        InputError: a duration is missing, or something is given for a state or an event that the machine does not have.
    """
    known = {name for state in machine.states for name in machine.active(state)}
    _refuse_unknown(machine, "state", invariants or {}, known)
    _refuse_unknown(machine, "event", [*(payloads or {}), *own], machine.events)
    if system is None or durations is not None:
        durations = durations_of(machine, durations or {})
    oracle = Oracle(machine)
    raised = frozenset(own) if durations is not None else frozenset(own) | oracle.timed
    plan = _Plan(
        oracle=oracle,
        system=system or (lambda: MachineSystem(machine, durations)),
        invariants=invariants or {},
        durations=durations,
        own=raised,
        steps=steps(
            machine,
            [event for event in machine.events if event not in raised],
            payloads or {},
            pauses_around((durations or {}).values()) if pauses is None else [pauses],
        ),
    )
    members = {"plan": plan, "coverage": Coverage(machine), "__module__": _caller()}
    made = cast("type[Lifecycle]", type(_class_name(machine.diagram.file), (Lifecycle,), members))
    made.TestCase.settings = settings(made.TestCase.settings, phases=_PHASES)
    return made if seed is None else use_seed(seed)(made)


def _refuse_unknown(machine: Machine, kind: str, given: Iterable[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise InputError(f"{machine.diagram.file} has no {kind} {name!r}, only {', '.join(sorted(known))}")


def _class_name(file: str) -> str:
    """`Door` for `door.mmd`; `Lifecycle` for a diagram without a file."""
    words = [] if file.startswith("<") else re.findall(r"[^\W\d_]+", PurePath(file).stem)
    return "".join(map(str.title, words)) or "Lifecycle"


def _caller() -> str:
    """The module that called `lifecycle_test`."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")) if frame else ""
