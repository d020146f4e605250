"""What is written runs elsewhere as it runs here: XState 5 on the JSON, SCION on the SCXML, event by event."""

import json
import os
import random
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from argentos.errors import DiagramError
from argentos.machines import START, Diagram, Machine, Transition
from argentos.machines.conditions import read_guard
from argentos.machines.exchange import to_scxml, to_xstate
from argentos.machines.exchange.conditions import to_script
from tests.machines.generated import machines

pytestmark = pytest.mark.exchange

ROOT = Path(__file__).parents[3]
PACKAGES = ROOT / ".venv-exchange"
COUNT = 2000 if os.environ.get("LONG") else 100


def with_effects(machine: Machine) -> Machine:
    """The same machine, in which every edge and every state has effects that tell what happens."""
    lines: list[str] = []
    for number, line in enumerate(machine.diagram.to_mermaid().splitlines()):
        is_labelled = re.search(r"--> \S+: ", line) is not None
        lines.append(f"{line} / edge_{number}" if is_labelled else line)
    lines += [f"{each.name}: entry / enter_{each.name}" for each in machine.diagram.states if each.kind == "state"]
    plain = [each.name for each in machine.diagram.states if each.kind == "state" and not each.regions]
    lines += [f"{name}: exit / leave_{name}" for name in plain]
    return Machine(Diagram.parse("\n".join(lines)), stored=True)


def life(machine: Machine, events: list[str], facts: Mapping[str, bool]) -> Iterator[dict[str, Any]]:
    """What the machine does: its states and effects after each event."""
    state = START
    for event in events:
        answer = machine.decide(state, event, facts)
        effects: list[str] = []
        if isinstance(answer, Transition):
            state, effects = answer.target, list(answer.effects)
        yield {"states": known(machine, machine.innermost(state)), "effects": effects}


def known(machine: Machine, names: Any) -> list[str]:
    """The states among the names that the diagram has: ends are called differently everywhere."""
    return sorted({state.name for state in machine.diagram.states} & set(names))


def in_any_order(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**step, "effects": sorted(step["effects"])} for step in steps]


def cases(machine: Machine, events: list[str], facts: Mapping[str, bool]) -> list[dict[str, Any]]:
    config = to_xstate(machine).result
    guards = scripts(config)
    effects = sorted({*machine.effects, *(name for each in machine.entry.values() for name in each)})
    told = {"facts": facts, "events": events}
    return [
        {"config": config, "guards": guards, "effects": effects, **told},
        {"document": to_scxml(machine).result, **told},
    ]


def scripts(config: dict[str, Any]) -> dict[str, str]:
    """The guards that a configuration names, each as a term in JavaScript."""
    named = {json.loads(found) for found in re.findall(r'"guard": ("(?:[^"\\]|\\.)*")', json.dumps(config))}
    return {text: to_script(read_guard(text)) for text in named}


def run(given: list[dict[str, Any]]) -> list[Any]:
    command = ["node", str(Path(__file__).with_name("run_exports.mjs")), str(PACKAGES)]
    text = "".join(f"{json.dumps(each)}\n" for each in given)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=240)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_agree(lives: list[tuple[Machine, list[str], dict[str, bool]]]) -> None:
    """All three do the same, as long as the life lasts."""
    asked = [each for machine, events, facts in lives for each in cases(machine, events, facts)]
    answers = run(asked)
    for number, (machine, events, facts) in enumerate(lives):
        ours = list(life(machine, events, facts))
        for name, answer in zip(("XState", "SCION"), answers[2 * number : 2 * number + 2], strict=True):
            assert not isinstance(answer, dict), (name, answer, machine.diagram.to_mermaid())
            theirs = [{**each, "states": known(machine, each["states"])} for each in answer]
            if name == "SCION" and any("is left and entered" in each for each in to_scxml(machine).warnings):
                continue
            if name == "SCION":  # which enters parallel regions in an order of its own
                theirs, ours = in_any_order(theirs), in_any_order(ours)
            assert theirs == ours, (name, events, facts, machine.diagram.to_mermaid())


def test_generated_machines_run_alike_in_xstate_and_in_scion() -> None:
    lives: list[tuple[Machine, list[str], dict[str, bool]]] = []

    @settings(
        max_examples=COUNT,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        derandomize=True,
    )
    @given(machines(), st.integers(0, 2**32))
    def collect(machine: Machine, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        try:
            told = with_effects(machine)
        except DiagramError:
            return  # the end of a life has no actions, and some machines are too many states with them
        events = [told.beginning, *(chance.choice(told.events) for _ in range(15))]
        lives.append((told, events, {name: chance.random() < 0.6 for name in told.guards}))

    collect()
    assert len(lives) > COUNT * 0.8
    assert_agree(lives)
