"""Random machines with timers, histories, forks and completion run in XState 5 as they run here."""

from typing import Any

import pytest

from argentos.machines import Machine
from argentos.machines.exchange import to_xstate
from argentos.machines.testing import MachineSystem
from tests.machines.exchange.test_runs import COUNT, known, run, scripts
from tests.machines.uml.sketches import FACTS, Node, Region, Sketch
from tests.machines.uml.test_rules import made, steps

pytestmark = pytest.mark.exchange


def lived(machine: Machine, life: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """The states and effects after each step."""
    facts: dict[str, bool] = dict.fromkeys(FACTS, True)
    system = MachineSystem(machine, facts=lambda _event, _payload: facts)
    told: list[dict[str, Any]] = []
    for what, given in life:
        before = len(system.effects)
        if what == "send":
            system.send(given)
        elif what == "advance":
            system.advance(given)
        else:
            facts.update(given)
        effects = [each.name for each in system.effects[before:]]
        told.append({"states": known(machine, machine.innermost(system.state)), "effects": effects})
    return told


def case(machine: Machine, life: list[tuple[str, Any]]) -> dict[str, Any]:
    config = to_xstate(machine).result
    events = [None, *(given for _, given in life[1:])]
    facts = dict.fromkeys(FACTS, True)
    return {
        "config": config,
        "guards": scripts(config),
        "effects": effects_of(machine),
        "facts": facts,
        "events": events,
    }


def effects_of(machine: Machine) -> list[str]:
    return sorted({effect for each in machine.transitions for effect in each.effects})


def without_beginnings(sketch: Sketch, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps without what regions do as they begin: XState forgets it where an edge leads into a region beside."""
    forgotten = {region.setup for node in sketch.nodes.values() for region in node.regions}
    return [{**step, "effects": [each for each in step["effects"] if each not in forgotten]} for step in steps]


def is_said_alike(sketch: Sketch) -> bool:
    """Tell whether XState has all of it: no joins, no histories that end, or are led to from within their region."""
    regions = [region for node in sketch.nodes.values() for region in node.regions]
    within = any(
        sketch.histories[target] in homes(arrow.source)
        for arrow in sketch.arrows
        for target in (*arrow.targets, *(target for _, target, _ in arrow.branches))
        if target in sketch.histories
    )
    ended = any(each.history and each.ends for each in regions)
    return not (within or ended or any(arrow.waits for arrow in sketch.arrows))


def homes(node: Node) -> list[Region]:
    """The regions around a node."""
    return [node.home, *(each.home for each in node.around())]


def test_random_machines_with_timers_and_histories_run_alike_in_xstate() -> None:
    lives: list[tuple[Sketch, Machine, list[tuple[str, Any]]]] = []
    for seed in range(COUNT):
        sketch, machine = made(seed)
        if is_said_alike(sketch):
            lives.append((sketch, machine, [("send", machine.beginning), *steps(seed)]))
    answers = run([case(machine, life) for _, machine, life in lives])
    for (sketch, machine, life), answer in zip(lives, answers, strict=True):
        assert not isinstance(answer, dict), (answer, sketch.text())
        theirs = [{**each, "states": known(machine, each["states"])} for each in answer]
        ours = lived(machine, life)
        assert without_beginnings(sketch, theirs) == without_beginnings(sketch, ours), (sketch.text(), life)
