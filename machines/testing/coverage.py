"""Coverage of a machine by all lives of a test together."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from argentos.machines.decisions import Transition
from argentos.machines.guards import ask
from argentos.machines.machine import Machine
from argentos.machines.mermaid import write
from argentos.machines.mermaid.elements import Edge, Place
from argentos.machines.mermaid.statements import Declaration, Region, Setting, Statement, Styling
from argentos.machines.modelcheck.moves import facts_asked, following
from argentos.machines.tree import START

__all__ = ["Coverage", "FactValue", "StateEvent"]

_NOWHERE: Final = Place(1, 1)
_MISSED: Final = "fill:#fdd,stroke:#c00"


class StateEvent(NamedTuple):
    """An event in a state, legal or not."""

    state: str
    event: str

    def __str__(self) -> str:
        """As the report has it."""
        return f"{self.event} in {self.state}"


class FactValue(NamedTuple):
    """A fact that an event made a state ask for, and its value."""

    pair: StateEvent
    fact: str
    value: bool

    def __str__(self) -> str:
        """As the report has it."""
        return f"{self.pair}, {self.fact} being {str(self.value).lower()}"


class Coverage:
    """Counts of what was seen of a machine.

    Attributes:
        states: visits.
        edges: how often each edge of the diagram was taken.
        pairs: how often each event was raised in each state.
        guards: what guards found, where facts were told.
        taken: how often each transition was, by its label, as pictures of the machine ask for it.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._by_names = {(each.source, each.target, each.event, each.label): each for each in machine.transitions}
        states = _reachable(machine)
        pairs = [StateEvent(state, event) for state in states for event in machine.events]
        self.states: Counter[str] = Counter(dict.fromkeys(states, 0))
        self.edges: Counter[Edge] = Counter(
            {edge: 0 for each in machine.transitions if each.source in self.states for edge in each.edges}
        )
        self.pairs: Counter[StateEvent] = Counter(dict.fromkeys(pairs, 0))
        self.guards: Counter[FactValue] = Counter(
            {
                FactValue(pair, fact, value): 0
                for pair in pairs
                for fact in facts_asked(machine, *pair)
                for value in (True, False)
            }
        )

        self.taken: Counter[str] = Counter[str]()

    def unsent(self, events: Collection[str]) -> None:
        """Leave out events that nobody sends: where no edge has them they cannot come, and so are not missing."""
        for pair in list(self.pairs):
            if pair.event in events and not self.pairs[pair] and not self._machine.knows(*pair):
                del self.pairs[pair]

    def has_seen(self, state: str, event: str, facts: Mapping[str, bool]) -> bool:
        """Tell whether the event was raised in the state, and found each of these facts so."""
        pair = StateEvent(state, event)
        return bool(self.pairs[pair]) and all(self.guards[FactValue(pair, *fact)] for fact in facts.items())

    def saw_state(self, state: str) -> None:
        """Count the state in which a life began."""
        self.states[state] += 1

    def saw_raised(self, state: str, event: str, facts: object | None) -> None:
        """Count an event that was raised; the facts are None where nobody told them."""
        pair = StateEvent(state, event)
        self.pairs[pair] += 1
        for fact in facts_asked(self._machine, state, event) if facts is not None else ():
            self.guards[FactValue(pair, fact, ask(fact, facts))] += 1

    def saw_taken(self, transition: Transition) -> None:
        """Count a transition that was taken."""
        key = (transition.source, transition.target, transition.event, transition.label)
        self.states[transition.target] += 1
        self.taken[transition.label] += 1
        self.edges.update(self._by_names[key].edges)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of everything that has not been seen, as the report has them."""
        return tuple(str(each) for counts in self._all().values() for each, count in counts.items() if not count)

    def report(self) -> str:
        """Report how much was seen, and everything that was not, as lines of text."""
        lines = [f"{sum(map(bool, counts.values()))} of {len(counts)} {what}" for what, counts in self._all().items()]
        missing = [f"  never: {each}" for each in self.missing]
        return "\n".join([f"{self._machine.diagram.file}: {', '.join(lines)}", *missing]) + "\n"

    def draw(self) -> str:
        """The diagram as mermaid's text: each edge with how often it was taken, the states never seen in red."""
        document = self._machine.diagram.document
        body = (*self._counted(document.body), *self._marks())
        return write(dataclasses.replace(document, body=body))

    def _all(self) -> dict[str, Counter[str] | Counter[Edge] | Counter[StateEvent] | Counter[FactValue]]:
        return {
            "states": self.states,
            "edges": self.edges,
            "(state, event) pairs": self.pairs,
            "outcomes of guards": self.guards,
        }

    def _counted(self, region: Region) -> Iterator[Statement]:
        for statement in region:
            if isinstance(statement, Declaration):
                regions = tuple(tuple(self._counted(inner)) for inner in statement.regions)
                yield dataclasses.replace(statement, regions=regions)
            elif isinstance(statement, Edge) and statement in self.edges:
                count = f"{self.edges[statement]:,}×" if self.edges[statement] else "never"
                yield dataclasses.replace(statement, label=f"{statement.label} ({count})".lstrip())
            else:
                yield statement

    def _marks(self) -> Iterator[Statement]:
        seen = {name for state, count in self.states.items() if count for name in self._machine.active(state)}
        missed = tuple(
            each.name for each in self._machine.diagram.states if each.kind == "state" and each.name not in seen
        )
        if missed:
            yield Setting("classDef", f"missed {_MISSED}", _NOWHERE)
            yield Styling("class", missed, "missed", _NOWHERE)


def _reachable(machine: Machine) -> Sequence[str]:
    """The states that a life can come to, in the order of the machine."""
    reached, waiting = {START}, [START]
    while waiting:
        behind = following(machine, waiting.pop()).keys() - reached
        reached |= behind
        waiting += behind
    return [state for state in machine.states if state in reached]
