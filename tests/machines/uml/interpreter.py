"""UML's rules for machines, followed step by step over sketches; nothing here comes from the program.

Written by the standard's own words: run to completion; the innermost transitions first, those of orthogonal regions
together; exit from the inside, effect, entry from the outside; completion before any other event; a history at the
moment when its region is left.
"""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from tests.machines.uml.sketches import Arrow, Node, Region, Sketch

__all__ = ["Interpreter"]


class Interpreter:
    """One life.

    Attributes:
        log: the effects that were run, with the time of each.
        now: seconds since the beginning.
    """

    def __init__(self, sketch: Sketch, facts: Mapping[str, bool]) -> None:
        self.sketch = sketch
        self._arrows = sorted(sketch.arrows, key=lambda arrow: "end" not in arrow.targets)  # as the text has them
        self.facts = dict(facts)
        self.now = 0.0
        self.log: list[tuple[float, str]] = []
        self._ended: set[int] = set()  # the regions that are at their end, by id
        self._inside: dict[int, Node] = {}  # of each other active region the state in it
        self._since: dict[str, float] = {}
        self._memory: dict[str, list[str]] = {}
        self._pool: list[Node] = []  # states whose completion is not answered yet
        self._region(sketch.top, [])
        self._complete()

    # What is active -------------------------------------------------------------------------------------------

    def state(self) -> set[str]:
        """The names of all that is active, and of the regions that have ended, as `A/0`."""
        names = {node.name for node in self._active()}
        regions = [region for region in self._all_regions() if id(region) in self._ended]
        return names | {f"{region.owner.name}/{region.number}" for region in regions if region.owner}

    def _all_regions(self) -> Iterator[Region]:
        yield self.sketch.top
        yield from (region for node in self.sketch.nodes.values() for region in node.regions)

    def _active(self) -> list[Node]:
        """From the outside in, in the order of the text."""

        def within(region: Region) -> Iterator[Node]:
            node = self._inside.get(id(region))
            if node is not None:
                yield node
                for inner in node.regions:
                    yield from within(inner)

        return list(within(self.sketch.top))

    def _is_active(self, node: Node) -> bool:
        return self._inside.get(id(node.home)) is node

    def _is_complete(self, node: Node) -> bool:
        return all(id(region) in self._ended for region in node.regions)

    # Events ---------------------------------------------------------------------------------------------------

    def send(self, event: str) -> None:
        """An event comes."""
        self._dispatch(lambda arrow: arrow.event == event and bool(event))

    def advance(self, seconds: float) -> None:
        """Time passes."""
        end = self.now + seconds
        refused: set[tuple[str, int, float]] = set()
        while True:
            due = [
                (self._since[arrow.source.name] + arrow.delay, arrow)
                for arrow in self._arrows
                if arrow.delay and self._is_active(arrow.source)
            ]
            due = [(at, each) for at, each in due if at <= end and (each.source.name, each.delay, at) not in refused]
            if not due:
                break
            at, arrow = min(due, key=lambda each: each[0])
            self.now = max(self.now, at)
            if not self._dispatch(partial(operator.is_, arrow)):
                refused.add((arrow.source.name, arrow.delay, at))
        self.now = end

    def _dispatch(self, triggered: Callable[[Arrow], bool]) -> bool:
        chosen = list(self._select(self.sketch.top, triggered))
        if chosen:
            self._fire(chosen)
            self._complete()
        return bool(chosen)

    def _select(self, region: Region, triggered: Callable[[Arrow], bool]) -> Iterator[Arrow]:
        node = self._inside.get(id(region))
        if node is None:
            return
        inner = [arrow for each in node.regions for arrow in self._select(each, triggered)]
        if inner:
            yield from inner
            return
        own = (arrow for arrow in self._arrows if arrow.source is node and triggered(arrow) and self._enabled(arrow))
        yield from itertools.islice(own, 1)

    def _enabled(self, arrow: Arrow) -> bool:
        return self._holds(arrow.guard)

    def _holds(self, guard: str) -> bool:
        return bool(eval(guard, {}, dict(self.facts))) if guard else True  # noqa: S307 - our own texts

    # Transitions ----------------------------------------------------------------------------------------------

    def _fire(self, arrows: Iterable[Arrow]) -> None:
        effects: list[str] = []
        entries: list[tuple[Region | Node, list[str]]] = []
        exits: set[str] = set()
        for arrow in arrows:
            effects += [arrow.effect] if arrow.effect else []
            targets = list(arrow.targets)
            if arrow.branches:
                _, target, effect = next(each for each in arrow.branches if self._holds(each[0]))
                effects += [effect] if effect else []
                targets = [target]
            if not targets:
                continue
            scope = self._scope(arrow, targets)
            exits |= {node.name for node in self._active() if _stands_in(node, scope)}
            entries.append((scope, targets))
        self._leave(exits)
        for effect in effects:
            self._do(effect)
        for scope, targets in entries:
            if targets == ["end"]:
                assert isinstance(scope, Region)
                self._end(scope)
            elif isinstance(scope, Region):
                self._region(scope, targets)
            else:
                for inner in scope.regions:
                    self._region(inner, [each for each in targets if self._leads_into(each, inner)])

    def _scope(self, arrow: Arrow, targets: list[str]) -> "Region | Node":
        """What stays: the source, where all targets are inside it; else the innermost region around all."""
        if targets == ["end"]:
            return arrow.source.home
        if not arrow.waits and all(self._is_inside(target, arrow.source) for target in targets):
            return arrow.source if len(arrow.source.regions) > 1 else arrow.source.regions[0]
        region = arrow.source.home
        while not (
            all(self._leads_into(target, region) for target in targets)
            and all(each.home is region or any(outer.home is region for outer in each.around()) for each in arrow.waits)
        ):
            assert region.owner is not None
            region = region.owner.home
        return region

    def _home(self, target: str) -> Region:
        return self.sketch.histories.get(target) or self.sketch.nodes[target].home

    def _is_inside(self, target: str, node: Node) -> bool:
        owner = self._home(target).owner
        return owner is not None and (owner is node or node in owner.around())

    def _leads_into(self, target: str, region: Region) -> bool:
        home = self._home(target)
        while home is not region:
            if home.owner is None:
                return False
            home = home.owner.home
        return True

    def _leave(self, names: set[str]) -> None:
        active = self._active()
        gone = [node for node in active if node.name in names]
        for name, region in self.sketch.histories.items():
            node = self._inside.get(id(region))
            if node is not None and node.name in names:
                inner = [each.name for each in active if node is each or node in each.around()]
                self._memory[name] = inner if region.is_deep else inner[:1]
        for node in reversed(gone):
            if node.exit:
                self._do(node.exit)
            del self._inside[id(node.home)]
            del self._since[node.name]
            self._pool = [each for each in self._pool if each is not node]
            for region in node.regions:
                self._ended.discard(id(region))

    def _region(self, region: Region, targets: list[str]) -> None:
        """Enter a region, on the way to the targets in it."""
        self._ended.discard(id(region))
        if region.history in targets and region.history:
            remembered = self._memory.get(region.history)
            if remembered is not None:
                self._enter(self.sketch.nodes[remembered[0]], remembered[1:] if region.is_deep else [], deep=True)
                return
            targets = []
        for node in region.nodes:
            if any(target == node.name or self._is_inside(target, node) for target in targets):
                self._enter(node, [target for target in targets if target != node.name])
                return
        if region.setup:
            self._do(region.setup)
        self._enter(region.nodes[0], [])

    def _enter(self, node: Node, targets: list[str], *, deep: bool = False) -> None:
        self._inside[id(node.home)] = node
        self._since[node.name] = self.now
        if node.entry:
            self._do(node.entry)
        self._note(node)
        for region in node.regions:
            inside = [target for target in targets if self._leads_into(target, region)]
            if deep and targets and not inside:
                self._end(region)  # what had ended then has ended now
            elif deep and inside:
                self._enter(self.sketch.nodes[inside[0]], inside[1:], deep=True)
            else:
                self._region(region, inside)

    def _end(self, region: Region) -> None:
        self._ended.add(id(region))
        self._memory.pop(region.history, None)  # what has reached its end is not gone back to
        if region.owner is not None:
            self._note(region.owner)

    def _do(self, effect: str) -> None:
        self.log.append((self.now, effect))

    # Completion -----------------------------------------------------------------------------------------------

    def _note(self, node: Node) -> None:
        if self._is_active(node) and self._is_complete(node) and node not in self._pool:
            self._pool.append(node)

    def _complete(self) -> None:
        for _ in range(200):
            if not self._pool:
                return
            node = self._pool.pop(0)
            if self._is_active(node) and self._is_complete(node):
                found = [arrow for arrow in self._arrows if self._completes(arrow, node) and self._enabled(arrow)]
                joins = [arrow for arrow in found if arrow.waits]
                if found:
                    self._fire([next((arrow for arrow in found if not arrow.waits), None) or joins[0]])

    def _completes(self, arrow: Arrow, node: Node) -> bool:
        if arrow.event or arrow.delay:
            return False
        if not arrow.waits:
            return arrow.source is node and bool(node.regions)
        sources = (arrow.source, *arrow.waits)
        return node in sources and all(self._is_active(each) and self._is_complete(each) for each in sources)


def _stands_in(node: Node, scope: Region | Node) -> bool:
    if isinstance(scope, Region):
        return any(each.home is scope for each in (node, *node.around()))
    return any(each is scope for each in node.around())
