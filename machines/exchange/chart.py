"""A machine without the form of any notation: states within each other, and the moves between them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

__all__ = ["Chart", "ChartState", "Exchanged", "Move", "Region", "When", "states_in"]

T = TypeVar("T")

StateKind: TypeAlias = Literal["state", "choice", "shallow history", "deep history", "end"]


@dataclass(frozen=True, slots=True)
class Exchanged(Generic[T]):
    """A machine in another notation.

    Attributes:
        result: the machine in it.
        warnings: what could not be said there, or is said in another way; a sentence for each.
    """

    result: T
    warnings: tuple[str, ...] = ()


class When(NamedTuple):
    """An event that takes a move; with a `delay`, it is raised once the source was active for so long.

    The delay is a text such as `5s`, or the name of a duration.
    """

    event: str
    delay: str | None = None


@dataclass(slots=True)
class Move:
    """A way from one state to others.

    Attributes:
        whens: the events; none where it needs no event.
        targets: several where it enters regions of one state; none where it stays inside its source.
        joins: the states that all have to be active, in regions of the source, by which it is taken.
        guard: in the language of guards; empty without one.
        label: as a diagram shows it; empty where that is not known.
        via: the name of the fork or join that a diagram shows.
    """

    whens: tuple[When, ...] = ()
    targets: tuple[str, ...] = ()
    guard: str = ""
    effects: tuple[str, ...] = ()
    label: str = ""
    joins: tuple[str, ...] = ()
    via: str = ""


@dataclass(slots=True)
class Region:
    """States beside each other; `begins` has the target at which the region begins, and effects."""

    states: "list[ChartState]" = field(default_factory=list["ChartState"])
    begins: Move | None = None


@dataclass(slots=True)
class ChartState:
    """A state.

    Attributes:
        name: unique in the chart.
        title: what is shown, in lines; empty where that is the name.
    """

    name: str
    kind: StateKind = "state"
    title: str = ""
    regions: list[Region] = field(default_factory=list[Region])
    entry: tuple[str, ...] = ()
    exit: tuple[str, ...] = ()
    moves: list[Move] = field(default_factory=list[Move])


@dataclass(slots=True)
class Chart:
    """A machine; `start` begins a life: its one target is where, and its event says when, if any does."""

    title: str = ""
    top: Region = field(default_factory=Region)
    start: Move | None = None
    warnings: list[str] = field(default_factory=list[str])

    def states(self) -> Iterator[ChartState]:
        """All states, those around others first."""
        return states_in(self.top)


def states_in(region: Region) -> Iterator[ChartState]:
    """All states of a region, and those in them."""
    for state in region.states:
        yield state
        for inner in state.regions:
            yield from states_in(inner)
