"""The system under test: takes events, feels time pass, and comes back after a kill.

The pure machine is such a system, and the simplest: `MachineSystem`. A program of your own becomes one by a class
with the members of `System`, however asynchronous it is inside; each call returns once the system has come to rest.
"""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast

from argentos.machines.decisions import Refused, Timer, Transition
from argentos.machines.machine import Machine
from argentos.machines.position import durations_of
from argentos.machines.tree import START

__all__ = ["Effect", "Entry", "MachineSystem", "Stage", "System"]

Stage: TypeAlias = Literal["decided", "appended", "applied", "effect"]
"""The stage of a transition; `effect` comes once for each, when it has just been run and that is not noted yet."""


class System(Protocol):
    """A system under test; it begins in `START`, before its creation, or wherever the machine's own life begins."""

    @property
    def state(self) -> str:
        """The machine's state, as the system itself says; nothing happens by asking."""
        ...

    def send(self, event: str, payload: object, /) -> Sequence[Transition] | Refused:
        """Raise an event, and wait until all that follows from it is done.

        Returns:
            What was taken, in order: the event's own transition first, then those that the system took of its own
            accord. Or the refusal, even if the system went on to do something with the payload that is no transition.
        """
        ...

    def advance(self, seconds: float, /) -> Sequence[Transition]:
        """Let that much time pass; what comes due on the way is raised at its own time. What was taken, in order."""
        ...

    def restart(self) -> Sequence[Transition]:
        """Kill it, and revive it from what is durable; no time passes. What it took of its own accord, in order."""
        ...

    def facts(self, event: str, payload: object, /) -> object | None:
        """The facts that the guards are to see for that event now; `payload` is None where the system raises it itself.

        This is the account that the system is held against. Keep it apart from the code under test: count for
        yourself what was sent and what came back. None where it cannot be told: then the guards are taken on trust,
        and only that the edge exists is checked. An event of the system's own is asked about twice: while the system
        rests in a state that knows it, and when it has taken it; then tell what the guards were to see as it did.
        The answer must not change afterwards.
        """
        ...

    def close(self) -> None:
        """End it; nothing is asked of it afterwards."""
        ...


class Entry(NamedTuple):
    """A durable entry of the log.

    Attributes:
        at: seconds since the beginning.
    """

    at: float
    transition: Transition


class Effect(NamedTuple):
    """An effect that was run.

    Attributes:
        number: of the entry in the log that it belongs to, from 0; with the name it tells repetitions.
    """

    number: int
    name: str


class MachineSystem:
    """A pure machine that is lived in: decide → append → apply → effect, on a log and a clock in memory.

    A timer starts when its state is entered, ends when that is left, and runs through restarts. One that comes due
    while a guard refuses it stays due, and is raised again whenever time passes. After a kill the effects of the last
    transition are run again, unless all of them are known to be done: each is run at least once.

    Args:
        machine: the machine.
        durations: seconds by the names of the machine's timers; those that read like `15m` need none.
        facts: what the guards see, given event and payload, None for a timer's. Without it the payload is a mapping
            from guards to booleans, which hold until they are sent otherwise; all are true in the beginning.
        stages: called at every stage of a transition; raise there to kill the system, then `restart` it.

    Attributes:
        now: seconds since the beginning.
        log: durable, with `now` and what is noted as done: what is not among these is lost in a restart.
        effects: all that were run, in order, repetitions included.

    Raises:
        InputError: a duration is missing, or is not positive.
    """

    def __init__(
        self,
        machine: Machine,
        durations: Mapping[str, float] | None = None,
        *,
        facts: Callable[[str, object], object] | None = None,
        stages: Callable[[Stage], None] | None = None,
    ) -> None:
        self.machine = machine
        self.durations: dict[str, float] = durations_of(machine, durations or {})
        self.now: float = 0.0
        self.log: list[Entry] = []
        self.effects: list[Effect] = []
        self._done = 0  # entries whose effects are known to be done
        self._facts = facts or self._facts_sent
        self._sent = dict.fromkeys(machine.guards, True)
        self._stages: Callable[[Stage], None] = stages or (lambda _: None)
        self._state = START
        self._due: dict[Timer, float] = {}

    @property
    def state(self) -> str:
        """The state, as far as transitions are applied."""
        return self._state

    @property
    def due(self) -> Mapping[Timer, float]:
        """The times at which running timers are due, on the scale of `now`."""
        return self._due

    def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
        """Decide on the event, and take the transition."""
        decision = self._decide(event, payload)
        self._sent = self._with(payload)
        if isinstance(decision, Transition):
            self._take(decision)
            return (decision,)
        return decision

    def advance(self, seconds: float) -> Sequence[Transition]:
        """Raise what comes due, each at its own time, and each once at most unless it is started anew."""
        end = self.now + seconds
        taken: list[Transition] = []
        refused: set[tuple[Timer, float]] = set()
        while waiting := self._waiting(end, refused):
            timer, at = waiting[0]
            self.now = max(self.now, at)
            decision = self._decide(timer.event, None)
            if isinstance(decision, Transition):
                self._take(decision)
                taken.append(decision)
            else:
                refused.add((timer, at))
        self.now = end
        return taken

    def restart(self) -> Sequence[Transition]:
        """Forget what is not durable, and go through the log again."""
        self._state, self._due = START, {}
        for entry in self.log:
            self._apply(entry)
        if self._done < len(self.log):
            self._run_effects(self.log[-1].transition)
        return ()

    def facts(self, event: str, payload: object) -> object | None:
        """The facts as given, or as sent."""
        return self._facts(event, payload)

    def close(self) -> None:
        """Nothing to end."""

    def _facts_sent(self, _event: str, payload: object) -> object:
        return SimpleNamespace(**self._with(payload))

    def _with(self, payload: object) -> dict[str, bool]:
        """The facts that hold with the payload."""
        return {**self._sent, **cast("Mapping[str, bool]", payload)} if isinstance(payload, Mapping) else self._sent

    def _waiting(self, end: float, refused: set[tuple[Timer, float]]) -> list[tuple[Timer, float]]:
        """The timers that are due by then, the earliest first."""
        due = [each for each in self._due.items() if each[1] <= end and each not in refused]
        return sorted(due, key=lambda each: each[1])

    def _decide(self, event: str, payload: object) -> Transition | Refused:
        return self.machine.decide(self._state, event, self.facts(event, payload), payload)

    def _take(self, transition: Transition) -> None:
        self._stages("decided")
        entry = Entry(self.now, transition)
        self.log.append(entry)
        self._stages("appended")
        self._apply(entry)
        self._stages("applied")
        self._run_effects(transition)

    def _apply(self, entry: Entry) -> None:
        self._state = entry.transition.target
        self._cancel(entry.transition)
        self._start(entry)

    def _cancel(self, transition: Transition) -> None:
        """End the timers of the states that are left."""
        self._due = {timer: at for timer, at in self._due.items() if timer.state not in transition.left}

    def _start(self, entry: Entry) -> None:
        """Start the timers of the states that are entered."""
        for timer in self.machine.timers(self._state):
            if timer.state in entry.transition.entered:
                self._due[timer] = entry.at + self.durations[timer.duration]

    def _run_effects(self, transition: Transition) -> None:
        for name in transition.effects:
            self.effects.append(Effect(len(self.log) - 1, name))
            self._stages("effect")
        self._done = len(self.log)
