"""Programs written by hand, as systems under test, with an account of their own of what guards are to see."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Protocol, cast

from hypothesis import strategies as st

from argentos.machines import Diagram, Machine, Refused, Transition
from argentos.machines.testing import Lifecycle, lifecycle_test
from tests.machines.testing.programs import door, job, oven, parcel, payment

__all__ = ["MACHINES", "Program", "generated_test"]

MACHINES: dict[str, Machine] = {
    name: Machine(Diagram.parse(text, file=f"{name}.mmd"))
    for name, text in (
        ("job", job.DIAGRAM),
        ("payment", payment.DIAGRAM),
        ("door", door.DIAGRAM),
        ("parcel", parcel.DIAGRAM),
        ("oven", oven.DIAGRAM),
    )
}


PAYLOADS: dict[str, dict[str, tuple[str, ...]]] = {
    "job": {"start": ("has_inputs",)},
    "payment": {"authorize": ("is_covered",), "clear": ("by_human",), "close": ("is_settled",)},
    "door": {"push": ("is_free",), "lock": ("has_key",), "unlock": ("has_key", "is_jammed")},
    "parcel": {
        "ship": ("is_paid",),
        "cancel": ("is_paid",),
        "hand_over": ("is_signed", "is_known"),
        "collect": ("has_code", "is_blocked"),
        "send_back": ("is_intact",),
    },
    "oven": {
        "bake": ("is_safe",),
        "more": ("is_safe", "is_dirty"),
        "clean": ("is_dirty",),
        "louder": ("has_power",),
        "open": ("is_locked",),
        "repair": ("is_safe",),
    },
}
"""For each program and event what comes with it."""

_SELDOM = ("jammed", "blocked", "dirty", "locked")
"""Ends of facts that do not hold where nothing else is said."""


class Program(Protocol):
    """A program written by hand; its journal says first to which state it came, `done` beside it with which effects."""

    journal: Any

    @property
    def state(self) -> str: ...

    def handle(self, event: str, facts: dict[str, bool], /) -> str | None: ...

    def tick(self, seconds: float, /) -> None: ...

    def revive(self) -> None: ...


class Driven:
    """A program, whose journal is read."""

    def __init__(self, name: str, program: Program) -> None:
        self.name = name
        self.machine = MACHINES[name]
        self.program = program
        self.retries = self.calls = 0
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
        return SimpleNamespace(may_retry=self.retries < 3, may_call_again=self.calls < 2, **self._facts(payload))

    def close(self) -> None:
        pass

    def _facts(self, payload: object) -> dict[str, bool]:
        known = {fact: not fact.endswith(_SELDOM) for facts in PAYLOADS[self.name].values() for fact in facts}
        return {**known, **cast("Mapping[str, bool]", payload or {})}

    def _taken(self, event: str = "") -> list[Transition]:
        """The edges that lead from state to state as the program was seen to go."""
        taken: list[Transition] = []
        states = [str(entry[0]) for entry in self.program.journal[self.known - 1 :]]
        done = getattr(self.program, "done", None)
        for number, (source, target) in enumerate(itertools.pairwise(states), self.known):
            edges = [each for each in self.machine.transitions if (each.source, each.target) == (source, target)]
            own = [each for each in edges if each.event == event] or [each for each in edges if "after" in each.event]
            if not own:
                raise AssertionError(f"no edge leads from {source} to {target} by {event or 'time'}")
            taken.append(own[0] if done is None else replace(own[0], effects=done[number]))
        self.known = len(self.program.journal)
        for each in taken:
            self.retries = 0 if each.event == "revive" else self.retries + (each.target == "Waiting")
            called = (each.event, each.target) == ("nobody_home", "InVan")
            self.calls = 0 if each.event == "found" else self.calls + called
        return taken


def generated_test(name: str, program: type[Program], seed: int) -> type[Lifecycle]:
    """The generated test of a program, with all defaults."""
    payloads = {
        event: st.fixed_dictionaries(dict.fromkeys(facts, st.booleans())) for event, facts in PAYLOADS[name].items()
    }
    return lifecycle_test(MACHINES[name], lambda: Driven(name, program()), durations={}, payloads=payloads, seed=seed)
