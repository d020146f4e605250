"""A machine in Promela, to be checked by Spin: a second opinion, by a tool that shares no code with this one.

What may happen is everything: any event that the state knows, timers too, and any outcome of the guards.

"Every state can reach Active" is a property of branching time (CTL's `AG EF Active`), and Spin's LTL speaks about
single lives only: "each life comes to Active again" is something else, and false of most machines, for a life may
take another way for ever. The export makes the two one. A life goes as it likes, and at some moment, which Spin
chooses, it becomes *fair*: from then on the moves of every state take turns. A fair life that comes to a state again
and again takes each of its moves again and again, so it ends in a strongly connected component without a way out, and
comes through all of it. So `[] (fair -> <> Active)` is true exactly if every state that can be reached can reach
Active.

The export writes the guards and the order of the ways as they stand, and leaves all deciding to Spin.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from argentos.errors import UnknownStateError
from argentos.machines.conditions import Guard
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import Move, moves
from argentos.machines.tree import END, START

__all__ = ["REACHES", "Trail", "read_trail", "to_promela"]

REACHES: Final = "reaches_a_goal"
"""The name of the property that the goals make."""

_CYCLE: Final = "<<<<<START OF CYCLE>>>>>"
_MOVE: Final = re.compile(r"^move (\d+) (\d+)$", re.MULTILINE)

_MODEL: Final = """\
/* {file}, a state machine.
   in_X: the machine is in state X. on_E: the event E was just raised; facts are free.
   fair: from now on the moves of each state take turns. {reaches}: every state can reach a goal again. */
{defines}
#define MAY(place, number) (state == place && (!fair || turn[place] == number))
#define TURN(place, number, count) turn[place] = (fair -> (number + 1) % count : 0); TOLD(place, number)
#define TOLD(place, number) printf("move %d %d\\n", place, number)

short state = 0;
short event = 0;
bool fair = false;
short turn[{states}];
{facts}

active proctype life() {{
    do
    :: d_step {{ !fair -> fair = true }}
{moves}
    od
}}

{properties}
"""


class Trail(NamedTuple):
    """A life that a property is not true of, as Spin found it; often not the shortest.

    Attributes:
        word: what happens at first.
        cycle: what happens from then on again and again; nothing, where the life has ended.
    """

    word: tuple[Move, ...]
    cycle: tuple[Move, ...] = ()


def to_promela(machine: Machine, *goals: str, properties: Mapping[str, str] | None = None) -> str:
    """The machine as a Promela model with its properties.

    Args:
        machine: any machine.
        goals: the states that every state has to be able to reach one of, as in `always_reaches`.
        properties: LTL formulas by names. They may say `in_Active`, `on_new_message` and `fair`: the names of
            states and events, with an underscore for what is no ASCII letter or digit; `in_start` and `in_end` are
            both ends of a life.

    Raises:
        UnknownStateError: the machine never is in a state of such a name.
    """
    return _Export(machine).text(goals, properties or {})


def read_trail(machine: Machine, printed: str) -> Trail:
    """The life that Spin prints when it follows a trail in the model of the machine."""
    known = [_known(machine, state) for state in machine.states]
    before, _, after = printed.partition(_CYCLE)
    word, cycle = (
        tuple(known[int(place)][int(number)] for place, number in _MOVE.findall(part)) for part in (before, after)
    )
    return Trail(word, cycle)


def _known(machine: Machine, state: str) -> list[Move]:
    """The moves of the events that the state knows; others change nothing."""
    return [move for move in moves(machine, state) if machine.knows(state, move.event)]


class _Export:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._place = {state: number for number, state in enumerate(machine.states)}
        self._event = {event: number for number, event in enumerate(machine.events, 1)}
        self._fact = _identifiers("fact", machine.guards)
        self._within: dict[str, list[int]] = {}  # the places of each name
        for state, place in self._place.items():
            for name in dict.fromkeys((*machine.active(state), state)):
                self._within.setdefault(name, []).append(place)
        self._in = _identifiers("in", tuple(self._within))

    def text(self, goals: Sequence[str], properties: Mapping[str, str]) -> str:
        formulas = {REACHES: f"[] (fair -> <> ({self._any_of(goals)}))", **properties} if goals else properties
        return _MODEL.format(
            file=re.split(r"[/\\\\]", self._machine.diagram.file)[-1],
            reaches=REACHES,
            defines="\n".join(self._defines()),
            states=len(self._place),
            facts="\n".join(f"hidden byte {name};" for name in self._fact.values()),
            moves="\n".join(self._moves()),
            properties="\n".join(f"ltl {name} {{ {formula} }}" for name, formula in formulas.items()),
        )

    def _any_of(self, goals: Sequence[str]) -> str:
        for goal in goals:
            if goal not in self._in:
                raise UnknownStateError(f"{self._machine.diagram.file} has no state {goal!r} that could be a goal")
        return " || ".join(self._in[goal] for goal in goals)

    def _defines(self) -> Iterator[str]:
        for name, places in self._within.items():
            yield f"#define {self._in[name]} ({' || '.join(f'state == {place}' for place in places)})"
        for event, name in _identifiers("on", self._machine.events).items():
            yield f"#define {name} (event == {self._event[event]})"

    def _moves(self) -> Iterator[str]:
        for state, place in self._place.items():
            known = _known(self._machine, state)
            for number, move in enumerate(known):
                yield f"    :: d_step {{ MAY({place}, {number}) -> TURN({place}, {number}, {len(known)});"
                yield f"        {self._raised(move)}"
                yield f"        {self._ways(state, move.event)} }}"

    def _raised(self, move: Move) -> str:
        facts = (f"{self._fact[name]} = {str(value).lower()}; " for name, value in move.facts)
        return f"event = {self._event[move.event]}; {''.join(facts)}".rstrip()

    def _ways(self, state: str, event: str) -> str:
        """The choice of the first way whose guards hold; where there is none, nothing changes."""
        text = "skip"
        for guards, transition in reversed(self._machine.ways(state, event)):
            taken = f"state = {self._place[transition.target]}"
            text = f"if :: {self._all(guards)} -> {taken} :: else -> {text} fi" if guards else taken
        return text

    def _all(self, guards: Sequence[Guard]) -> str:
        return " && ".join(f"{'' if guard.wanted else '!'}{self._fact[guard.name]}" for guard in guards)


def _identifiers(prefix: str, names: Sequence[str]) -> dict[str, str]:
    """An identifier for each name, all different."""
    found: dict[str, str] = {}
    for name in names:
        plain = {START: "start", END: "end"}.get(name) or re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
        identifier = f"{prefix}_{plain}"
        while identifier in found.values():
            identifier += "_"
        found[name] = identifier
    return found
