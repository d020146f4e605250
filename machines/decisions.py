"""Answers of a machine: a transition or a refusal; and the timers of its states."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from argentos.machines.mermaid.elements import Edge

__all__ = ["Refused", "Timer", "Transition"]


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition along an edge, or along several at once in parallel regions.

    Attributes:
        source: the machine's state before.
        target: the machine's state after it.
        label: of the edge; where others follow it, `first → branch`, and of parallel regions `one & other`.
        effects: in the order in which they are to be run: those of states that are left, of edges, of states that are
            entered, and then likewise those of edges that follow without an event.
        edges: the edges of the diagram that are taken, in order.
        left: the states that are left, the innermost first; their timers end.
        entered: the states that are entered, the outermost first; their timers start, unless they are left again.

    The last three follow from the others, so equality does not ask for them.
    """

    source: str
    target: str
    event: str
    label: str
    effects: tuple[str, ...] = ()
    edges: tuple[Edge, ...] = field(default=(), compare=False, repr=False)
    left: tuple[str, ...] = field(default=(), compare=False, repr=False)
    entered: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        """The edge as mermaid writes it."""
        return f"{self.source} --> {self.target}: {self.label}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal, which counts as false: `guard` did not hold or, where it is None, the state knows no such event."""

    state: str
    event: str
    guard: str | None = None

    def __bool__(self) -> Literal[False]:
        return False

    def __str__(self) -> str:
        """The reason as a sentence."""
        if self.guard is None:
            return f"{self.state} knows no event {self.event!r}"
        name = self.guard.removeprefix("not ")
        return f"{self.state} refuses {self.event!r}: {name} is {'false' if name == self.guard else 'true'}"


class Timer(NamedTuple):
    """A timer: raises `event` once `state` has been active without a break for the duration of that name."""

    event: str
    duration: str
    state: str
