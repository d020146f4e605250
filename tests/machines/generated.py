"""Machines of every shape that runs: states within states, parallel regions, choices, guards, several ends."""

import itertools
from collections.abc import Iterator
from contextlib import suppress

from hypothesis import strategies as st

from argentos.errors import DiagramError
from argentos.machines import Diagram, Machine

__all__ = ["machines"]

_GUARDS = ["", "", "[x]", "[y]", "[not x]", "[x and y]", "[not y and z]"]


class _Sketch:
    """A text that grows by what does not spoil it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.names = (f"S{number}" for number in itertools.count())
        self.states: list[str] = []
        self.body: list[str] = []
        self.edges = ["[*] --> S0: made"]
        self._machine: Machine | None = None

    def regions(self, depth: int) -> Iterator[str]:
        """One region's lines."""
        states = [next(self.names) for _ in range(self.draw(st.integers(1, 3)))]
        self.states += states
        for name in states:
            parts = self.draw(st.sampled_from([0, 0, 0, 1, 2])) if depth else 0
            if parts:
                yield f"state {name} {{"
                for number in range(parts):
                    if number:
                        yield "--"
                    inner = list(self.regions(depth - 1))
                    first = next(word for word in inner[0].split() if word != "state")
                    yield from (f"[*] --> {first}", *inner)
                yield "}"
            else:
                yield name
        if depth < 2 and self.draw(st.booleans()):
            yield f"{self.draw(st.sampled_from(states))} --> [*]: over"

    def machine(self) -> Machine:
        """The machine as it is now."""
        self._machine = self._machine or self._with(self.edges)
        return self._machine

    def _with(self, edges: list[str]) -> Machine:
        return Machine(Diagram.parse("\n".join(("stateDiagram-v2", *self.body, *edges))), stored=True)

    def add(self, *lines: str) -> None:
        """Add edges, unless the machine could not run with them."""
        edges = [*self.edges, *lines]
        with suppress(DiagramError):
            self._machine, self.edges = self._with(edges), edges


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """A machine whose labels are their own meaning; the guards are `x`, `y` and `z`."""
    sketch = _Sketch(draw)
    sketch.body = list(sketch.regions(2))
    states, guards = st.sampled_from(sketch.states), st.sampled_from(_GUARDS)
    events = st.sampled_from(["go", "stop", "turn"])
    for number in range(draw(st.integers(0, 8))):
        source, target, event = draw(states), draw(states | st.just("[*]")), draw(events)
        if draw(st.integers(0, 4)):
            sketch.add(f"{source} --> {target}: {event} {draw(guards)}")
        else:
            choice = f"C{number}"
            sketch.add(
                f"state {choice} <<choice>>",
                f"{source} --> {choice}: {event} {draw(guards)}",
                f"{choice} --> {draw(states)}: [z]",
                f"{choice} --> {target}: else",
            )
    return sketch.machine()
