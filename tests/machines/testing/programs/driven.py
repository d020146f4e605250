"""Programs written by hand, as systems under test, with an account of their own of what guards are to see."""

import itertools
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Protocol, cast

from hypothesis import strategies as st

from argentos.machines import Diagram, Machine, Refused, Transition
from argentos.machines.testing import Lifecycle, lifecycle_test
from tests.machines.testing.programs import door, job, payment

__all__ = ["MACHINES", "Program", "generated_test"]

MACHINES: dict[str, Machine] = {
    name: Machine(Diagram.parse(text, file=f"{name}.mmd"))
    for name, text in (("job", job.DIAGRAM), ("payment", payment.DIAGRAM), ("door", door.DIAGRAM))
}


class Program(Protocol):
    """What is written by hand; its journal says first the state to which it came."""

    journal: Any

    @property
    def state(self) -> str: ...

    def handle(self, event: str, facts: dict[str, bool], /) -> str | None: ...

    def tick(self, seconds: float, /) -> None: ...

    def revive(self) -> None: ...


class Driven:
    """A program, whose journal is read."""

    def __init__(self, machine: Machine, program: Program) -> None:
        self.machine = machine
        self.program = program
        self.retries = 0
        self.known = 1  # entries of the journal

    @property
    def state(self) -> str:
        return self.program.state

    def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        before = self.state
        guard = self.program.handle(event, self._facts(payload))
        if guard is not None:
            return Refused(before, event, guard or None)
        return self._taken(event)

    def advance(self, seconds: float) -> Sequence[Transition]:
        self.program.tick(seconds)
        return self._taken()

    def restart(self) -> Sequence[Transition]:
        self.program.revive()
        return self._taken()

    def facts(self, _event: str, payload: object) -> object:
        return SimpleNamespace(may_retry=self.retries < 3, **self._facts(payload))

    def close(self) -> None:
        pass

    def _facts(self, payload: object) -> dict[str, bool]:
        known = dict.fromkeys(("has_inputs", "is_covered", "by_human", "is_settled", "is_free", "has_key"), True)
        return {**known, "is_jammed": False, **cast("Mapping[str, bool]", payload or {})}

    def _taken(self, event: str = "") -> list[Transition]:
        """The edges that lead from state to state as the program was seen to go."""
        taken: list[Transition] = []
        states = [str(entry[0]) for entry in self.program.journal[self.known - 1 :]]
        for source, target in itertools.pairwise(states):
            edges = [each for each in self.machine.transitions if (each.source, each.target) == (source, target)]
            own = [each for each in edges if each.event == event] or [each for each in edges if "after" in each.event]
            if not own:
                raise AssertionError(f"no edge leads from {source} to {target} by {event or 'time'}")
            taken.append(own[0])
        self.known = len(self.program.journal)
        for each in taken:
            self.retries = 0 if each.event == "revive" else self.retries + (each.target == "Waiting")
        return taken


PAYLOADS = {
    "start": ("has_inputs",),
    "authorize": ("is_covered",),
    "clear": ("by_human",),
    "close": ("is_settled",),
    "push": ("is_free",),
    "lock": ("has_key",),
    "unlock": ("has_key", "is_jammed"),
}


def generated_test(name: str, program: type[Program], seed: int) -> type[Lifecycle]:
    """The generated test of a program, with all defaults."""
    machine = MACHINES[name]
    payloads = {
        event: st.fixed_dictionaries(dict.fromkeys(facts, st.booleans()))
        for event, facts in PAYLOADS.items()
        if event in machine.events
    }
    return lifecycle_test(machine, lambda: Driven(machine, program()), durations={}, payloads=payloads, seed=seed)
