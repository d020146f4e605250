"""Ours alone, part by part: `python -m benchmarks.machines.own SECONDS`, JSON out: microseconds by name.

Decisions of a hierarchical machine stand beside the triggers of its own definition, the `HierarchicalMachine` of
transitions that they are compiled from, on the same events.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

import msgspec

from argentos.machines import SESSION, Diagram, Machine, Runner, SessionFacts, Transition
from argentos.machines.drawing import draw
from argentos.machines.lifecycles.session import BINDINGS
from benchmarks.machines.large import CHAIN, LINES, built_by_transitions
from benchmarks.machines.lifecycle import LIFECYCLE, NO, TALLY, YES
from benchmarks.machines.stopwatch import seconds_each

__all__ = ["BUILT", "DECIDED", "FLAT", "PLAYER", "READ", "RUN", "TRIGGERED", "main"]

PLAYER: Final = """
stateDiagram-v2
    state which <<choice>>
    [*] --> Off: plugged_in
    Off --> which: switched_on [is_charged]
    which --> On: [is_known]
    which --> Greeting: else
    Greeting --> On: greeted
    On --> Off: switched_off
    On --> Off: ran_empty [not is_charged]
    Off --> [*]: thrown_away
    state On {
        [*] --> Paused
        Paused --> Playing: play [has_record]
        Playing --> Paused: pause
        state Playing {
            [*] --> Forward
            Forward --> Backward: reverse
            Backward --> Forward: reverse
        }
        --
        [*] --> Loud
        Loud --> Muted: mute
        Muted --> Loud: mute
        --
        [*] --> Plain
        Plain --> Repeating: repeat
        Repeating --> Plain: repeat
    }
"""
"""A state with three regions, a state within one of them, and a choice: 16 states of the machine."""

FLAT: Final = "decide: taken"
DECIDED: Final = "decide: nested and parallel"
TRIGGERED: Final = "the definition's trigger: nested and parallel"
READ: Final = "read 5,000 lines"
BUILT: Final = "build 500 states"
RUN: Final = "a runner's step: an event, a guard, an effect"

_PLAYED: Final = ("switched_on", "play", "mute", "ran_empty", "reverse", "mute", "reverse", "pause", "switched_off")
_REFUSED: Final = 1  # of those played
_WALKED: Final = ("no_recent_activity", "new_message", "context_window_full", "continues_with_summary")
_STEPS: Final = 8_000  # of one run, beside which opening the runner is little


def _own() -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    session, player = draw(SESSION), Machine(Diagram.parse(PLAYER))
    return {
        "read the session's text": partial(Diagram.parse, session),
        "build the session's machine": partial(Machine, SESSION.diagram, BINDINGS, facts=SessionFacts, stored=True),
        "read the player's text": partial(Diagram.parse, PLAYER),
        "build the player's machine": partial(Machine, player.diagram),
        FLAT: partial(LIFECYCLE.decide, "Active", "context_window_full", YES),
        "decide: refused by a guard": partial(LIFECYCLE.decide, "Active", "context_window_full", NO),
        "decide: no such event": partial(LIFECYCLE.decide, "Active", "new_message", YES),
        DECIDED: _deciding(player),
        TRIGGERED: _triggering(player),
        RUN: _running,
        READ: partial(Diagram.parse, LINES),
        BUILT: partial(Machine, Diagram.parse(CHAIN)),
        "transitions builds 500 states": built_by_transitions,
    }


def _calls(name: str) -> int:
    """How many events one call stands for."""
    return {DECIDED: len(_PLAYED), TRIGGERED: len(_PLAYED), RUN: _STEPS}.get(name, 1)


def _running() -> None:
    """Run the walk of the session's states in a `Runner` without a store, each step with a guard and an effect."""
    asyncio.run(_run())


async def _run() -> None:
    effects = dict.fromkeys(LIFECYCLE.effects, TALLY.count)
    async with Runner(LIFECYCLE, YES, effects=effects) as runner:
        await runner.send("first_message")
        await runner.send("processing_messages")
        for _ in range(_STEPS // len(_WALKED)):
            for event in _WALKED:
                await runner.send(event)


def _facts(machine: Machine) -> SimpleNamespace:
    return SimpleNamespace(**dict.fromkeys(machine.guards, True))


def _deciding(machine: Machine) -> Callable[[], object]:
    """Play, and decide only; what is asked is known from a first time."""
    facts = _facts(machine)
    asked = [*_asked(machine, facts)]
    decide = machine.decide

    def play() -> None:
        for state, event in asked:
            decide(state, event, facts)

    return play


def _asked(machine: Machine, facts: SimpleNamespace) -> Iterator[tuple[str, str]]:
    state = "Off"
    for event in _PLAYED:
        yield state, event
        decision = machine.decide(state, event, facts)
        state = decision.target if isinstance(decision, Transition) else state


def _triggering(machine: Machine) -> Callable[[], object]:
    """Play with a model of the definition.

    Raises:
        RuntimeError: it has not taken the edges that it should.
    """
    model: Any = _facts(machine)  # guards are looked up on the model
    machine.definition.add_model(model, initial="Off")

    def play() -> list[bool]:
        return [model.trigger(event) for event in _PLAYED]

    if play().count(False) != _REFUSED or model.state != "Off":
        raise RuntimeError(f"the definition is in {model.state}")
    return play


def main(seconds: str) -> None:
    """Measure all, each for so many seconds, and print the microseconds of one call, or of one event."""
    took = {name: seconds_each(work, float(seconds)) / _calls(name) * 1e6 for name, work in _own().items()}
    sys.stdout.buffer.write(msgspec.json.encode(took))


if __name__ == "__main__":
    main(*sys.argv[1:])
