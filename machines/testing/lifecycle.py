"""Property-based tests that a machine generates for itself, on Hypothesis.

`lifecycle_test` makes a `RuleBasedStateMachine` whose rules are what can happen to anything that has a lifecycle:
events, legal and illegal, in any state; time passing; a kill and a revival. Lives are led to what was not seen yet.
What the system under test does is held against the formal definition. A failure is shortened until no step can be left
out, and told as a sequence diagram and as a test to paste.
"""

import functools
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
from hypothesis.control import current_build_context
from hypothesis.stateful import RuleBasedStateMachine, rule

from argentos.errors import InputError
from argentos.machines.decisions import Refused, Transition
from argentos.machines.guards import Findings
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import following
from argentos.machines.modelcheck.oracle import Oracle
from argentos.machines.modelcheck.system import MachineSystem
from argentos.machines.position import durations_of
from argentos.machines.testing.actions import Action, Actions, pauses_around
from argentos.machines.testing.coverage import Coverage
from argentos.machines.testing.goals import Agenda, Tour
from argentos.machines.testing.reference import ReferenceModel
from argentos.machines.testing.shortening import Failure, shortened
from argentos.machines.testing.trace import Trace
from argentos.machines.tree import START

__all__ = ["Lifecycle", "lifecycle_test"]

_PHASES: Final = (Phase.explicit, Phase.reuse, Phase.generate)
"""Phases that find failures; what is found is shortened here."""

_PAYLOADS: Final = 200  # that are kept of each event

_STEPS: Final = 80
"""Of a life: enough to come far in a machine of a dozen states more than once."""


class _Plan(NamedTuple):
    """The parts of a lifecycle test.

    Attributes:
        oracle: of the machine.
        system: begins a life.
        invariants: by state.
        durations: seconds by the names of the timers; None where facts tell when they are due.
        own: events that the system raises of its own accord, and nobody else.
        own_timers: nobody else raises the events of timers, either; None for a system that is no `MachineSystem`.
        payloads: for each event what may come with it.
        pauses: seconds that may pass at once.
        idle: an event that no life can raise; empty if there is none.
    """

    oracle: Oracle
    system: Callable[[], Any]
    invariants: Mapping[str, Callable[[Any], object]]
    durations: Mapping[str, float] | None
    own: Collection[str]
    own_timers: bool | None
    payloads: Mapping[str, st.SearchStrategy[Any]]
    pauses: Collection[st.SearchStrategy[float]]
    idle: str

    def unsent(self, system: object) -> frozenset[str]:
        """The events that nobody sends to this system."""
        own_timers = not isinstance(system, MachineSystem) if self.own_timers is None else self.own_timers
        return self.oracle.timed.union(self.own) if own_timers else frozenset(self.own)


class Lifecycle(RuleBasedStateMachine):
    """One life of a system, led by Hypothesis, or by hand within a `with` block.

    Attributes:
        coverage: what all lives of this test have seen so far.
        system: the one under test.
        reference: what ought to be.
        trace: what happened.
    """

    coverage: ClassVar[Coverage]
    plan: ClassVar[_Plan]
    steps: ClassVar[Actions | None] = None
    payloads: ClassVar[dict[str, list[object]]]

    def __init__(self) -> None:
        super().__init__()
        self.system: Any = None
        self.tour: Tour | None = None
        self.tours: tuple[int, ...] = ()
        self.is_shortening = False
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
        self.reference: ReferenceModel = ReferenceModel(self.plan.oracle, self.plan.durations, self.plan.own)
        self.trace: Trace = Trace(self._name())
        self._taken: list[tuple[Action, str]] = []
        self.coverage.unsent(self.plan.unsent(self.system))
        self.coverage.saw_state(self.reference.state)
        with self._telling():
            self._rest(())

    def send(self, event: str, payload: object = None) -> None:
        """Send an event to the system, and hold its answer against the definition."""
        with self._telling("send", event, payload):
            self.trace.sends(event, payload)
            self._keep(event, payload)
            facts = self.system.facts(event, payload)
            facts = None if facts is None else Findings(facts, payload)
            self.coverage.saw_raised(self.reference.state, event, facts)
            answer = self.system.send(event, payload)
            self.trace.answered(answer)
            self.reference.sent(event, facts, answer, self._facts)
            self._rest(() if isinstance(answer, Refused) else answer, sent=event)

    def advance(self, seconds: float) -> None:
        """Let time pass, and hold what the system does against the definition."""
        with self._telling("advance", seconds):
            self.trace.waits(seconds)
            timed = self.plan.oracle.timed if self.plan.durations is not None else ()
            facts = {event: self.system.facts(event, None) for event in timed}
            taken = self.system.advance(seconds)
            self.trace.answered(taken)
            self.reference.passed(seconds, facts.__getitem__, taken, self._facts)
            self._rest(taken, facts=facts)

    def reach(self) -> None:
        """Let time pass until the next timer is due."""
        if self.reference.next_due > self.reference.now:
            self.advance(self.reference.next_due - self.reference.now)

    def restart(self) -> None:
        """Kill the system and revive it; nothing may have changed by that."""
        with self._telling("restart"):
            self.trace.kills()
            taken = self.system.restart()
            self.trace.answered(taken)
            self.reference.revived(taken, self._facts)
            self._rest(taken)

    def teardown(self) -> None:
        """Close the system, and show what led to a failure; Hypothesis does so for the shortest one only."""
        self.system.close()
        if self.trace.problem and currently_in_test_context():
            note(self.trace.as_markdown())

    @rule(step=st.runner().flatmap(lambda life: life.strategy()))
    def live(self, step: Action) -> None:
        """Take any step; a single rule, for Hypothesis leaves whole rules out of many of its lives."""
        if self.plan.idle:
            problem = f"no life can raise {self.plan.idle!r}, for no way leads to a state that knows it"
            raise AssertionError(
                f"{self.plan.oracle.machine.diagram.file}: {problem}; add an edge, or remove the event"
            )
        name, *arguments = step
        getattr(self, name)(*arguments)

    def strategy(self) -> st.SearchStrategy[Action]:
        """The steps that may come now."""
        kind = type(self)
        kind.steps = kind.steps or self._steps()
        if self.tour is not None and not self.tour.is_over:
            return kind.steps.guided(self)
        return kind.steps[self.reference.state]

    def _keep(self, event: str, payload: object) -> None:
        known = self.payloads.setdefault(event, [])
        if event in self.plan.payloads and len(known) < _PAYLOADS:
            known.append(payload)

    def _steps(self) -> Actions:
        machine, plan = self.plan.oracle.machine, self.plan
        chosen = isinstance(self.system, MachineSystem)
        timed = plan.oracle.timed
        unsent = plan.unsent(self.system)
        sent = [event for event in machine.events if event not in unsent]
        known = plan.durations or {}
        events = [*timed, *plan.own]
        agenda = Agenda(machine, sent, events, known, chosen=chosen, is_seen=self.coverage.has_seen)
        return Actions(machine, sent, timed, payloads=plan.payloads, pauses=plan.pauses, agenda=agenda, chosen=chosen)

    @contextmanager
    def _telling(self, *step: Any) -> Generator[None]:
        """Tell the trace if this fails; the failure that Hypothesis shows in the end is shortened first."""
        if step:
            self._taken.append((step, self.reference.state))
        try:
            yield
        except Exception as error:
            self.trace.failed(error)
            if self.is_shortening or not (currently_in_test_context() and current_build_context().is_final):
                raise
            shortest = self._shortened(error)
            self.trace = shortest.trace
            raise shortest.error from None

    def _shortened(self, error: Exception) -> Failure:
        steps = tuple(step for step, _ in self._taken)
        failure = Failure(steps, tuple(state for _, state in self._taken), error, self.trace)
        return shortened(failure, self._lead, self._way, self.payloads)

    def _lead(self, steps: Collection[Action]) -> Failure | None:
        """Lead another life; None if it does not fail."""
        life = type(self)()
        life.is_shortening = True
        try:
            for name, *arguments in steps:
                getattr(life, name)(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever a system raises is how the life fails
            taken = life._taken  # noqa: SLF001 - another life of the same class
            return Failure(tuple(step for step, _ in taken), tuple(state for _, state in taken), error, life.trace)
        finally:
            life.system.close()
        return None

    def _way(self, goal: str) -> tuple[Action, ...] | None:
        """The events of a shortest way to a state; None where only time, or the system itself, leads there."""
        machine, unsent = self.plan.oracle.machine, self.plan.unsent(self.system)
        words: dict[str, tuple[Action, ...]] = {START: ()}
        for state in (waiting := [START]):
            for target, move in following(machine, state).items():
                if target not in words and move.event not in unsent:
                    step = self.steps.send(move.event, dict(move.facts)) if self.steps else ("send", move.event, None)
                    words[target] = (*words[state], step)
                    waiting.append(target)
        return words.get(goal)

    def _rest(
        self, taken: Iterable[Transition], *, sent: str = "", facts: Mapping[str, object | None] | None = None
    ) -> None:
        """Check the system at rest after these transitions, of which it raised all but one itself."""
        for transition in taken:
            if transition.event != sent:
                self.coverage.saw_raised(transition.source, transition.event, (facts or {}).get(transition.event))
            self.coverage.saw_taken(transition)
        self.reference.check_rest(self.system.state, self._facts)
        for state in self.plan.oracle.machine.active(self.reference.state):
            check = self.plan.invariants.get(state)
            if check is not None and check(self.system) is False:
                raise AssertionError(f"the invariant of {state} does not hold")

    def _facts(self, event: str) -> object | None:
        """The facts for an event of the system's own."""
        return cast("object | None", self.system.facts(event, None))

    @classmethod
    def _name(cls) -> str:
        """The name of the test in its module."""
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
    own_timers: bool | None = None,
    pauses: st.SearchStrategy[float] | None = None,
    seed: int | None = None,
) -> type[Lifecycle]:
    """Make a state machine for Hypothesis; its `TestCase` is what pytest and unittest collect.

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
        own_timers: with durations: only the system's own clock raises the events of timers, and nobody sends them.
            By default they are sent to a `MachineSystem` like other events, which it has to bear, and to no other.
        pauses: seconds that may pass at once; without it they are drawn around the durations.
        seed: makes runs the same in processes that have loaded the same modules, whose constants Hypothesis draws, too.

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
    coverage = Coverage(machine)
    plan = _Plan(
        oracle=oracle,
        system=system or (lambda: MachineSystem(machine, durations)),
        invariants=invariants or {},
        durations=durations,
        own=raised,
        own_timers=own_timers,
        payloads=payloads or {},
        pauses=pauses_around((durations or {}).values()) if pauses is None else [pauses],
        idle=_idle(machine, coverage.states),
    )
    members: dict[str, Any] = {"plan": plan, "coverage": coverage, "payloads": {}, "__module__": _caller()}
    made = cast("type[Lifecycle]", type(_class_name(machine.diagram.file), (Lifecycle,), members))
    _check_at_the_end(made)
    made.TestCase.settings = settings(made.TestCase.settings, phases=_PHASES, stateful_step_count=_STEPS)
    return made if seed is None else use_seed(seed)(made)


def _check_at_the_end(made: type[Lifecycle]) -> None:
    """Have the test case fail, once all lives are led, for events that only the system raises, and never did."""
    test_case: Any = made.TestCase
    lead: Callable[[Any], None] = test_case.runTest

    @functools.wraps(lead)
    def run(self: Any) -> None:
        lead(self)
        machine, pairs = made.plan.oracle.machine, made.coverage.pairs
        for event in machine.events:
            if event in made.plan.own and not any(count for pair, count in pairs.items() if pair.event == event):
                problem = f"only the system raises {event!r}, and in no life did it"
                raise AssertionError(f"{machine.diagram.file}: {problem}; have it do so, or lead more lives")

    test_case.runTest = run


def _idle(machine: Machine, reached: Collection[str]) -> str:
    """An event that none of the states knows; empty if there is none."""
    return next((event for event in machine.events if not any(machine.knows(state, event) for state in reached)), "")


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
