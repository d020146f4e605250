"""Exhaustive exploration: every word of events up to a length, with every outcome of the guards that are asked.

Words are tried the shorter before the longer, so what is found first is a shortest counterexample. What ought to
happen is asked of the formal definition; what does happen, of the compiled table or of any `System`.

Merging
=======
Two words that lead into the same state are merged: only the first is prolonged. That assumes that a state is all
that a system remembers. Of the compiled table it is true, for `decide` is a function of it. A system that remembers
more, a log or a counter, may do right the first time and wrong the second: give a `key` that holds all that counts.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import NamedTuple, Protocol, cast

from argentos.machines.decisions import Refused, Transition
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import Move, facts_asked, valuations
from argentos.machines.modelcheck.oracle import Oracle
from argentos.machines.tree import START

__all__ = ["Counterexample", "ExplorableSystem", "Exploration", "explore"]


class ExplorableSystem(Protocol):
    """The part of a `System` that is explored."""

    @property
    def state(self) -> str:
        """See `System.state`."""
        ...

    def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        """See `System.send`; the payload is a mapping from the guards that are asked to what they find."""
        ...

    def close(self) -> None:
        """See `System.close`."""
        ...


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A word that ends in something wrong; no shorter one does."""

    word: tuple[Move, ...]
    problem: str

    def __str__(self) -> str:
        """The word and the problem as a sentence."""
        return f"{', '.join(map(str, self.word))}: {self.problem}"


@dataclass(slots=True)
class Exploration:
    """The result of an exploration.

    Attributes:
        words: how many there are of these lengths, one for each outcome of the guards, merged ones included.
        steps: how many were in fact taken, each at the end of a word.
        states: the states that words led to, `START` included.
        edges: the transitions that were taken.
        pairs: the states with the events that came in them, refused or not.
        guards: the facts that were asked for, each with the values that they had.
        counterexample: None if all was right.
    """

    words: int = 0
    steps: int = 0
    states: set[str] = field(default_factory=set[str])
    edges: set[Transition] = field(default_factory=set[Transition])
    pairs: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    guards: set[tuple[str, bool]] = field(default_factory=set[tuple[str, bool]])
    counterexample: Counterexample | None = None

    @property
    def holds(self) -> bool:
        """Tell whether nothing was wrong."""
        return self.counterexample is None

    def __str__(self) -> str:
        """The outcome as a sentence."""
        seen = f"{len(self.states)} states, {len(self.edges)} edges, {len(self.pairs)} pairs of state and event"
        return f"{self.counterexample or 'nothing is wrong'}; {seen} in {self.words:,} words, {self.steps:,} steps"


def explore(
    machine: Machine,
    depth: int,
    system: Callable[[], ExplorableSystem] | None = None,
    *,
    key: Callable[[ExplorableSystem], Hashable] | None = None,
) -> Exploration:
    """Try every word of up to `depth` events, until something is wrong.

    Args:
        machine: says which events there are, and what ought to happen.
        depth: length of the longest words.
        system: makes a system in its beginning, once for each step that is taken; by default the compiled table.
        key: what two words must agree in to be merged; by default the state. What differs always, as a number from a
            counter, keeps all words apart.
    """
    return _Explorer(machine, system or partial(_CompiledSystem, machine), key or attrgetter("state")).explore(depth)


class _CompiledSystem:
    """`decide` and its state, nothing else."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.state = START

    def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        facts = SimpleNamespace(**cast("Mapping[str, bool]", payload))
        decision = self._machine.decide(self.state, event, facts)
        if isinstance(decision, Transition):
            self.state = decision.target
            return (decision,)
        return decision

    def close(self) -> None:
        pass


class _Word(NamedTuple):
    """A word, the state that it leads to, and what it is merged by."""

    moves: tuple[Move, ...]
    state: str
    key: Hashable


class _Explorer:
    def __init__(
        self, machine: Machine, system: Callable[[], ExplorableSystem], key: Callable[[ExplorableSystem], Hashable]
    ) -> None:
        self._machine = machine
        self._system = system
        self._key = key
        self._oracle = Oracle(machine)
        self._edges = frozenset(machine.transitions)
        self._seen = Exploration()
        self._words: dict[Hashable, _Word] = {}  # by key, the first of each
        self._behind: dict[Hashable, Counter[Hashable]] = {}  # by key, the keys of the words that are longer by one

    def explore(self, depth: int) -> Exploration:
        ends = Counter([self._begin()])
        for _ in range(depth):
            ends = self._prolong(ends)
            self._seen.words += ends.total()
        return self._seen

    def _begin(self) -> Hashable:
        system = self._system()
        try:
            return self._came_to((), system)
        finally:
            system.close()

    def _prolong(self, ends: Counter[Hashable]) -> Counter[Hashable]:
        """Count the words that end in each key, of those that are longer by one."""
        longer = Counter[Hashable]()
        for key, words in ends.items():
            if key not in self._behind:
                self._behind[key] = Counter(self._steps_behind(self._words[key]))
            for behind, ways in self._behind[key].items():
                longer[behind] += words * ways
        return longer

    def _steps_behind(self, word: _Word) -> Iterator[Hashable]:
        """Take every step that may follow the word; the keys after them."""
        for move in self._moves(word.state):
            if not self._seen.holds:
                return
            self._seen.steps += 1
            self._seen.pairs.add((word.state, move.event))
            self._seen.guards.update(move.facts)
            try:
                yield self._step(word, move)
            except Exception as error:  # noqa: BLE001 - whatever a system raises, it is the counterexample
                self._seen.counterexample = Counterexample((*word.moves, move), _sentence(error))

    def _moves(self, state: str) -> Iterator[Move]:
        """Every event, with every outcome of the guards that machine or definition ask."""
        for event in self._machine.events:
            names = {name for name, _ in self._oracle.asked(state, event)}.union(
                facts_asked(self._machine, state, event)
            )
            for facts in valuations(sorted(names)):
                yield Move(event, facts)

    def _step(self, word: _Word, move: Move) -> Hashable:
        system = self._system()
        try:
            for each in word.moves:
                system.send(each.event, dict(each.facts))
            if system.state != word.state:
                raise AssertionError(f"{system.state} instead of {word.state} this time, before {move}")
            answer = system.send(move.event, dict(move.facts))
            self._compare(word.state, move, answer, system.state)
            return self._came_to((*word.moves, move), system)
        finally:
            system.close()

    def _came_to(self, word: tuple[Move, ...], system: ExplorableSystem) -> Hashable:
        key = self._key(system)
        self._words.setdefault(key, _Word(word, system.state, key))
        self._seen.states.add(system.state)
        return key

    def _compare(self, state: str, move: Move, answer: Sequence[Transition] | Refused, after: str) -> None:
        """Raise where the answer is not what the definition says."""
        expected = self._oracle.expect(state, move.event, SimpleNamespace(**dict(move.facts)))
        taken = () if isinstance(answer, Refused) else tuple(answer)
        if expected.target is not None:
            _check_taken(state, move, expected.target, answer)
        elif taken or not isinstance(answer, Refused) or (answer.guard is None) is expected.known:
            why = "by a guard" if expected.known else f"for {state} does not know it"
            raise AssertionError(f"{move.event!r} ought to be refused {why}, but {_shown(answer)}")
        for each in taken:
            if each.source != state or each not in self._edges:
                raise AssertionError(f"{each} is no edge of the machine in {state}")
            state = each.target
            self._seen.edges.add(each)
        if after != state:
            raise AssertionError(f"the system says that it is in {after}, not in {state}")


def _check_taken(state: str, move: Move, target: str, answer: Sequence[Transition] | Refused) -> None:
    first = answer[0] if not isinstance(answer, Refused) and answer else None
    if first is None or (first.source, first.event, first.target) != (state, move.event, target):
        raise AssertionError(f"{move.event!r} ought to lead to {target}, but {_shown(answer)}")


def _shown(answer: Sequence[Transition] | Refused) -> str:
    if isinstance(answer, Refused):
        return str(answer)
    return f"{', '.join(map(str, answer)) or 'nothing'} was taken"


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, AssertionError) else f"it raised {error!r}"
