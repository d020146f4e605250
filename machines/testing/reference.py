"""The model that a system is held against: the state in which it ought to be, and the timers that are due."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NoReturn, TypeAlias

from argentos.machines.conditions import Guard
from argentos.machines.decisions import Refused, Timer, Transition
from argentos.machines.guards import ask
from argentos.machines.modelcheck.oracle import Oracle, Outcome
from argentos.machines.position import durations_of
from argentos.machines.tree import START

__all__ = ["FactsOf", "ReferenceModel"]

FactsOf: TypeAlias = Callable[[str], object | None]
"""The facts that guards see when the system raises an event itself; None where that cannot be told."""

_Due: TypeAlias = tuple[Timer, float]


def _unknown(_event: str) -> None:
    """No facts."""


class ReferenceModel:
    """A life, as the definition has it, step by step.

    Args:
        oracle: of the machine.
        durations: seconds by the names of its timers: then they fire at their time, neither before nor after it.
            With None they are the system's own affair, and their events are among `own`.
        own: events that the system raises of its own accord, as soon as their guards hold.

    Attributes:
        state: of the machine.
        now: seconds since the beginning.

    Every method that takes an answer raises `AssertionError` where that is not what ought to have happened. With it
    comes what the guards of the system's own events were to see when it took them.
    """

    def __init__(self, oracle: Oracle, durations: Mapping[str, float] | None, own: Collection[str] = ()) -> None:
        self._oracle = oracle
        self._durations = None if durations is None else durations_of(oracle.machine, durations)
        self._own = frozenset(own)
        self.state: str = START
        self.now: float = 0.0
        self._since: dict[str, float] = {}  # when each active state was entered

    @property
    def next_due(self) -> float:
        """The time when the next timer is due; `now` where none is."""
        return min((at for _, at in self._running() if at > self.now), default=self.now)

    def sent(
        self, event: str, facts: object | None, answer: Sequence[Transition] | Refused, own: FactsOf = _unknown
    ) -> None:
        """Check the answer to an event; `facts` is None where nobody knows what the guards saw."""
        taken = [] if isinstance(answer, Refused) else list(answer)
        while taken[:1] and taken[0].event != event and any(each.event == event for each in taken):
            self._follow_own(taken.pop(0), own)
        outcome = self._expected(event, facts, taken)
        if outcome.target is not None:
            self._follow(event, outcome, taken, str(answer))
        elif isinstance(answer, Refused):
            self._check_refusal(outcome, facts, answer)
        elif not taken or taken[0].event == event:
            said = f"{taken[0]} was taken" if taken else "nothing was said"
            self._fail(f"{event!r} ought to be refused, for {self._reason(event, outcome, facts)}, but {said}")
        for each in taken:
            self._follow_own(each, own)

    def passed(self, seconds: float, facts: FactsOf, answer: Iterable[Transition], own: FactsOf = _unknown) -> None:
        """Check what happened while time passed; `facts` answers as before it did."""
        end, taken, refused = self.now + seconds, list(answer), set[_Due]()
        while due := self._due(end, refused):
            timer, at = next((each for each in due if taken and taken[0].event == each[0].event), due[0])
            self.now = max(self.now, at)
            outcome = self._expected(timer.event, facts(timer.event), taken)
            if outcome.target is None:
                refused.add((timer, at))
                continue
            self._follow(timer.event, outcome, taken, f"did not come, though {timer.duration} was over at {at:g} s")
            while taken and taken[0].event in self._own:
                self._follow_own(taken.pop(0), own)
        self.now = end
        for each in taken:
            self._follow_own(each, own)

    def revived(self, answer: Iterable[Transition], own: FactsOf = _unknown) -> None:
        """Check what the system did as it came back from a kill: what guards refused in time may be raised again."""
        for each in answer:
            due = next((at for timer, at in self._due(self.now, ()) if timer.event == each.event), None)
            if due is None:
                self._follow_own(each, own)
            else:
                self._follow_late(each, own, due)

    def _follow_late(self, found: Transition, facts: FactsOf, at: float) -> None:
        """Take the step of a timer that was due before, and counts from then."""
        outcome = self._expected(found.event, facts(found.event), [found])
        now, self.now = self.now, at
        self._follow(found.event, outcome, [found], "")
        self.now = now

    def check_rest(self, state: str, facts: FactsOf) -> None:
        """Check that the system rests in this state, and has nothing left to do of its own accord."""
        if state != self.state:
            self._fail(f"the system says that it is in {state}")
        for event in sorted(self._own):
            seen = facts(event) if self._oracle.knows(self.state, event) else None
            outcome = self._oracle.expect(self.state, event, seen) if seen is not None else Outcome()
            if outcome.target is not None:
                self._fail(f"all guards of {event!r} hold, which leads to {outcome.target}, but the system rests")

    def _expected(self, event: str, facts: object | None, taken: Sequence[Transition]) -> Outcome:
        """The outcome that ought to come; without facts any that is possible and fits what was observed."""
        if facts is not None:
            return self._oracle.expect(self.state, event, facts)
        target = taken[0].target if taken and taken[0].event == event else None
        possible = list(self._oracle.possible(self.state, event))
        return next((outcome for outcome in possible if outcome.target == target), possible[0])

    def _follow(self, event: str, outcome: Outcome, taken: list[Transition], otherwise: str) -> None:
        """Take the step that ought to be the next of those that were taken."""
        found = taken.pop(0) if taken else None
        if found is None or (found.source, found.target, found.event) != (self.state, outcome.target, event):
            said = f"{found} was taken" if found else otherwise
            self._fail(f"{event!r} ought to lead to {outcome.target}, but {said}")
        effects = self._oracle.effects.get((found.source, found.target, found.event, found.label))
        if effects is None:
            self._fail(f"{found} is no edge of the machine")
        if found.effects not in effects:
            meant, done = (", ".join(each) or "nothing" for each in (min(effects), found.effects))
            self._fail(f"{found} ought to do {meant}, but did {done}")
        self.state = found.target
        self._since = {state: at for state, at in self._since.items() if state not in outcome.left}
        self._since |= dict.fromkeys(outcome.entered, self.now)

    def _follow_own(self, found: Transition, facts: FactsOf) -> None:
        """Take a step that the system took of its own accord."""
        if found.event not in self._own:
            self._fail(f"{found} was taken, though nobody raised {found.event!r}")
        seen = facts(found.event)
        outcome = self._expected(found.event, seen, [found])
        if outcome.target is None:
            self._fail(f"{found} was taken, but {self._reason(found.event, outcome, seen)}")
        self._follow(found.event, outcome, [found], "")

    def _check_refusal(self, outcome: Outcome, facts: object | None, refused: Refused) -> None:
        """Check the reason that a refusal gives."""
        reasons = self._unmet(refused.event, facts) if outcome.known else [None]
        if refused.state != self.state or refused.guard not in reasons:
            self._fail(f"the refusal says that {refused}, but {self._reason(refused.event, outcome, facts)}")

    def _unmet(self, event: str, facts: object | None) -> list[str | None]:
        """The guards that did not hold; without facts all that may have been asked."""
        asked = self._oracle.asked(self.state, event)
        return [str(Guard(name, wanted)) for name, wanted in asked if facts is None or ask(name, facts) is not wanted]

    def _reason(self, event: str, outcome: Outcome, facts: object | None) -> str:
        if not outcome.known:
            return f"{self.state} knows no event {event!r}"
        unmet = " and ".join(map(repr, self._unmet(event, facts)))
        return f"{unmet} must hold" + (", and does not" if facts is not None else "")

    def _due(self, end: float, refused: Collection[_Due]) -> list[_Due]:
        """The timers that are the next to fire until then, all at the same time."""
        due = [each for each in self._running() if each[1] <= end and each not in refused]
        first = min((at for _, at in due), default=end)
        return [each for each in due if each[1] == first]

    def _running(self) -> list[_Due]:
        """The timers that run, with the times when they are due."""
        durations = self._durations
        if durations is None:
            return []
        timers = self._oracle.machine.timers(self.state)
        return [(timer, self._since[timer.state] + durations[timer.duration]) for timer in timers]

    def _fail(self, problem: str) -> NoReturn:
        raise AssertionError(f"{self.state}, {self.now:g} s: {problem}")
