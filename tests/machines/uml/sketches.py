"""Sketches of machines, drawn at random: one is written as mermaid's text, interpreted, and given to XState."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Arrow", "Node", "Region", "Sketch", "sketched"]

EVENTS = ("go", "turn", "stop", "ring")
FACTS = ("x", "y", "z")


@dataclass
class Region:
    """A region of a composite state, or the whole; it begins in the first of its nodes."""

    owner: "Node | None"
    number: int
    nodes: list["Node"] = field(default_factory=list["Node"])
    setup: str = ""
    ends: bool = False
    history: str = ""  # the name of the pseudo-state
    is_deep: bool = False


@dataclass
class Node:
    """A state."""

    name: str
    home: Region
    entry: str = ""
    exit: str = ""
    regions: list[Region] = field(default_factory=list[Region])

    def around(self) -> Iterator["Node"]:
        """The states around it, the innermost first."""
        if self.home.owner is not None:
            yield self.home.owner
            yield from self.home.owner.around()


@dataclass
class Arrow:
    """An edge: its event may be a delay in seconds, or nothing where it completes its source.

    Attributes:
        targets: names of nodes, of histories, or `end` for the end of the source's region; none of an internal one.
        branches: what a choice adds, tried in this order: guards, target, effect.
        waits: further sources, where it leads out of a join.
    """

    source: Node
    event: str = ""
    delay: int = 0
    guard: str = ""
    effect: str = ""
    targets: tuple[str, ...] = ()
    branches: tuple[tuple[str, str, str], ...] = ()
    waits: tuple[Node, ...] = ()


@dataclass
class Sketch:
    """A machine."""

    top: Region
    nodes: dict[str, Node]
    histories: dict[str, Region]
    arrows: list[Arrow]

    def text(self) -> str:
        """The machine as mermaid has it."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "stateDiagram-v2"
        for number, arrow in enumerate(self.arrows):
            kinds = {"choice": arrow.branches, "fork": arrow.targets[1:], "join": arrow.waits}
            yield from (f"state {kind}{number} <<{kind}>>" for kind, used in kinds.items() if used)
        yield f"[*] --> {self.top.nodes[0].name}"
        yield from self._region(self.top)
        for number, arrow in enumerate(self.arrows):
            if "end" not in arrow.targets:
                yield from _written(number, arrow)

    def _region(self, region: Region) -> Iterator[str]:
        for node in region.nodes:
            yield node.name
            done = [f"{what} / {name}" for what, name in (("entry", node.entry), ("exit", node.exit)) if name]
            if done:
                yield f"{node.name} : {'<br>'.join(done)}"
            if node.regions:
                yield f"state {node.name} {{"
                for number, inner in enumerate(node.regions):
                    if number:
                        yield "--"
                    yield f"[*] --> {inner.nodes[0].name}" + (f": / {inner.setup}" if inner.setup else "")
                    if inner.history:
                        yield f"{inner.history} : {'[H*]' if inner.is_deep else '[H]'}"
                    yield from self._region(inner)
                yield "}"
        for number, arrow in enumerate(self.arrows):
            if "end" in arrow.targets and arrow.source.home is region:
                yield from _written(number, arrow)


def _written(number: int, arrow: Arrow) -> Iterator[str]:
    event = f"after {arrow.delay}s" if arrow.delay else arrow.event
    label = _label(event, arrow.guard, arrow.effect)
    source = arrow.source.name
    if arrow.branches:
        yield f"{source} --> choice{number}{label}"
        for guard, target, effect in arrow.branches:
            yield f"choice{number} --> {target}{_label('', guard, effect) or ': else'}"
    elif arrow.waits:
        yield from (f"{each.name} --> join{number}" for each in (arrow.source, *arrow.waits))
        yield f"join{number} --> {arrow.targets[0]}{label}"
    elif len(arrow.targets) > 1:
        yield f"{source} --> fork{number}{label}"
        yield from (f"fork{number} --> {target}" for target in arrow.targets)
    elif not arrow.targets:
        yield f"{source} : on {label[2:]}"
    else:
        yield f"{source} --> {'[*]' if arrow.targets == ('end',) else arrow.targets[0]}{label}"


def _label(event: str, guard: str, effect: str) -> str:
    parts = (event, f"[{guard}]" if guard else "", f"/ {effect}" if effect else "")
    return ": " + " ".join(filter(None, parts)) if any(parts) else ""


class _Pencil:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.numbers = itertools.count()
        self.effects = itertools.count()
        self.delays = iter(chance.sample(range(3, 200), 120))
        self.top = Region(None, 0)
        self.sketch = Sketch(self.top, {}, {}, [])

    def effect(self, often: float) -> str:
        return f"e{next(self.effects)}" if self.chance.random() < often else ""

    def fill(self, region: Region, depth: int) -> None:
        for _ in range(self.chance.randint(1 + (not depth), 3)):
            node = Node(f"S{next(self.numbers)}", region, self.effect(0.4), self.effect(0.4))
            region.nodes.append(node)
            self.sketch.nodes[node.name] = node
            parts = self.chance.choice((0, 0, 1, 1, 2, 3)) if depth < 3 else 0
            if len(self.sketch.nodes) > 14:
                parts = 0
            for number in range(parts):
                inner = Region(node, number, setup=self.effect(0.3))
                node.regions.append(inner)
                if self.chance.random() < 0.3:
                    inner.history, inner.is_deep = f"H{next(self.numbers)}", self.chance.random() < 0.5
                    self.sketch.histories[inner.history] = inner
                self.fill(inner, depth + 1)

    def arrow(self) -> Arrow:
        chance, sketch = self.chance, self.sketch
        source = chance.choice(list(sketch.nodes.values()))
        arrow = Arrow(source, effect=self.effect(0.4))
        kind = chance.random()
        if kind < 0.2:
            arrow.delay = next(self.delays)
        elif kind < 0.35 and source.regions:
            arrow.guard = chance.choice(("", "", *FACTS))
        else:
            arrow.event = chance.choice(EVENTS)
            arrow.guard = chance.choice(("", "", "x", "y", "not z", "x or y", "x and not y", "not (x and z)"))
        names = [*sketch.nodes, *sketch.histories]
        shape = chance.random()
        if shape < 0.1 and arrow.event:
            arrow.effect = arrow.effect or f"e{next(self.effects)}"
        elif shape < 0.25 and source.home.owner is not None:
            arrow.targets, source.home.ends = ("end",), True
        elif shape < 0.35:
            first = chance.choice(FACTS), chance.choice(names), self.effect(0.3)
            arrow.branches = (first, ("", chance.choice(names), ""))
        elif shape < 0.42:
            arrow.targets = self.beside()
        elif shape < 0.5 and len(self.beside()) > 1:
            source, *others = (sketch.nodes[name] for name in self.beside())
            arrow.source, arrow.waits, arrow.event, arrow.delay = source, tuple(others), "", 0
            arrow.targets = (chance.choice(names),)
        else:
            arrow.targets = (chance.choice(names),)
        return arrow

    def beside(self) -> tuple[str, ...]:
        """Nodes of different regions of one state; a single one where no state has several."""
        parallel = [node for node in self.sketch.nodes.values() if len(node.regions) > 1]
        if not parallel:
            return (self.chance.choice(list(self.sketch.nodes)),)
        regions = self.chance.choice(parallel).regions
        return tuple(self.chance.choice(region.nodes).name for region in self.chance.sample(regions, 2))


def sketched(seed: int) -> tuple[Sketch, Iterator[Arrow]]:
    """The states of a machine, and edges that may be added to it."""
    pencil = _Pencil(random.Random(seed))  # noqa: S311 - no secret
    pencil.fill(pencil.top, 0)
    return pencil.sketch, (pencil.arrow() for _ in range(pencil.chance.randint(6, 16)))
