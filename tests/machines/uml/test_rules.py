"""Random machines against an interpreter of UML's rules: states, and the order and times of effects."""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from argentos.errors import DiagramError
from argentos.machines import Diagram, Machine
from argentos.machines.testing import MachineSystem
from tests.machines.uml.interpreter import Interpreter
from tests.machines.uml.sketches import EVENTS, FACTS, Sketch, sketched

COUNT = 2_000 if os.environ.get("LONG") else 100
STEPS = 25


def machine_of(sketch: Sketch) -> Machine:
    return Machine(Diagram.parse(sketch.text()), stored=True)


def made(seed: int) -> tuple[Sketch, Machine]:
    """A sketch of a machine that runs: what would spoil it is left out."""
    sketch, arrows = sketched(seed)
    machine = machine_of(sketch)
    for arrow in arrows:
        sketch.arrows.append(arrow)
        try:
            machine = machine_of(sketch)
        except DiagramError:
            sketch.arrows.pop()
    return sketch, machine


def active(machine: Machine, state: str) -> set[str]:
    """As the interpreter names it: an end is that of its region."""
    return {_region(name) if name.endswith("[end]") else name for name in machine.active(state)}


def _region(end: str) -> str:
    *around, last = end.split("/")[:-1]
    return f"{around[-1]}/{int(last) - 1}" if last.isdigit() else f"{last}/0"


def steps(seed: int) -> Iterator[tuple[str, Any]]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(STEPS):
        kind = chance.random()
        if kind < 0.65:
            yield "send", chance.choice(EVENTS)
        elif kind < 0.85:
            yield "advance", chance.choice((1, 7, 30.5, 100))
        else:
            yield "facts", {name: chance.random() < 0.5 for name in FACTS}


def lived(sketch: Sketch, machine: Machine, seed: int) -> int:
    """Lead both through one life; how many effects there were."""
    facts: dict[str, bool] = dict.fromkeys(FACTS, True)
    system = MachineSystem(machine, facts=lambda _event, _payload: facts)
    system.send(machine.beginning)
    rules = Interpreter(sketch, facts)
    told: list[str] = []
    life: list[tuple[str, Any]] = [("begin", ""), *steps(seed)]
    for what, given in life:
        told.append(f"{what} {given}")
        if what == "send":
            system.send(given)
            rules.send(given)
        elif what == "advance":
            system.advance(given)
            rules.advance(given)
        elif what == "facts":
            facts.update(given)
            rules.facts = dict(facts)
        so_far = "\n".join((sketch.text(), *told))
        assert active(machine, system.state) == rules.state(), so_far
        assert [each.name for each in system.effects] == [name for _, name in rules.log], so_far
        assert [system.log[each.number].at for each in system.effects] == [at for at, _ in rules.log], so_far
    return len(rules.log)


@pytest.mark.parametrize("part", range(10))
def test_random_machines_do_what_the_rules_of_uml_say(part: int) -> None:
    effects = 0
    for seed in range(part * COUNT // 10, (part + 1) * COUNT // 10):
        sketch, machine = made(seed)
        effects += sum(lived(sketch, machine, seed * 10 + life) for life in range(3))
    assert effects > COUNT // 10
