"""Steps: what routes that are taken together leave, do and enter, by UML's rules.

What is left goes first, from the innermost outwards; then come the effects of the edges; then what is entered, from
the outermost inwards. A state that a route leads to is entered with all its regions: each where the route leads into
it, else where it begins. A history leads to what was active in its region when that was left last.
"""

from collections.abc import Sequence
from typing import NamedTuple

from argentos.machines.compiling.routes import Plan, Route
from argentos.machines.tree import END, SEPARATOR, History, Tree, is_within, lineage, parent, step_towards

__all__ = ["Configuration", "Step", "Stepper"]


class Configuration(NamedTuple):
    """A configuration of a machine: all that is active, and remembered.

    Attributes:
        leaves: the paths of the innermost states that are active, one for each parallel region.
        memory: what the histories of states that are not active remember, in the order of the diagram.
    """

    leaves: tuple[str, ...]
    memory: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Step(NamedTuple):
    """A step: all that routes that are taken together bring about.

    Attributes:
        behind: what the machine is in after it.
        left: the paths that are left, the innermost first; no regions.
        entered: those that are entered, the outermost first.
        effects: in their order.
    """

    behind: Configuration
    left: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


class Stepper:
    """Takes routes.

    Args:
        tree: the states.
        plan: what happens on the way.
    """

    def __init__(self, tree: Tree, plan: Plan) -> None:
        self._tree = tree
        self._plan = plan
        self._domains = {id(route): self._domain(route) for route in plan.routes}
        self._known_left: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]] = {}
        self._known_entries: dict[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], _Entry] = {}

    def take(self, before: Configuration, routes: Sequence[Route]) -> Step:
        """Take the routes, each in a region of its own."""
        moving = [route for route in routes if route.targets]
        effects = [effect for route in routes for effect in route.effects]
        if not moving:
            return Step(before, effects=tuple(effects))
        domains = tuple(self._domains[id(route)] for route in moving)
        left = self._left(before.leaves, domains)
        gone = set(left)
        memory = self._remembered(before, gone) if self._tree.histories else {}
        entry = self._entry(domains, tuple(route.targets for route in moving), memory)
        leaves = self._tree.in_order([*(leaf for leaf in before.leaves if leaf not in gone), *entry.leaves])
        states = tuple(path for path in left if not self._tree.is_region(path)) if self._tree.parallel else left
        done = [effect for path in left for effect in self._plan.exit.get(path, ())] if self._plan.exit else []
        return Step(
            Configuration(leaves, self._kept(memory, leaves)), states, entry.entered, (*done, *effects, *entry.effects)
        )

    def is_complete(self, path: str, leaves: Sequence[str]) -> bool:
        """Tell whether nothing is left to do in an active state: each of its regions has come to its end."""
        return all(f"{region}{SEPARATOR}{END}" in leaves for region in self._tree.regions(path))

    def _left(self, leaves: tuple[str, ...], domains: tuple[str, ...]) -> tuple[str, ...]:
        """The paths that are left within these domains, the innermost first."""
        key = leaves, domains
        if key not in self._known_left:
            active = reversed(self._tree.lineages(leaves))
            self._known_left[key] = tuple(
                path for path in active if any(path != each and is_within(path, each) for each in domains)
            )
        return self._known_left[key]

    def _entry(
        self, domains: tuple[str, ...], targets: tuple[tuple[str, ...], ...], memory: dict[str, tuple[str, ...]]
    ) -> "_Entry":
        """The entry into the targets; found again where no history has a say in it."""
        key = domains, targets
        if self._tree.histories or key not in self._known_entries:
            entry = _Entry(self._tree, self._plan, memory)
            for domain, each in zip(domains, targets, strict=True):
                entry.enter_within(domain, each)
            self._known_entries[key] = entry
        return self._known_entries[key]

    def _domain(self, route: Route) -> str:
        """The innermost state or region of which the route leaves nothing but what is within it."""
        targets = [self._place(target) for target in route.targets]
        if not targets:
            return ""
        source = route.source
        if len(route.sources) == 1 and all(path != source and is_within(path, source) for path in targets):
            return source
        ends = [source, *route.sources[1:], *targets]
        around = lineage(parent(source)) if parent(source) else ()
        shared = [path for path in around if all(end != path and is_within(end, path) for end in ends)]
        return shared[-1] if shared else ""

    def _place(self, target: str) -> str:
        history = self._tree.histories.get(target)
        return target if history is None else f"{history.region}{SEPARATOR}{target}"

    def _remembered(self, before: Configuration, left: set[str]) -> dict[str, tuple[str, ...]]:
        """The memory of histories once these paths are left."""
        memory = dict(before.memory)
        for name, history in self._tree.histories.items():
            inside = tuple(leaf for leaf in before.leaves if leaf in left and is_within(leaf, history.region))
            if not inside:
                continue
            child = step_towards(inside[0], history.region)
            if child not in left:
                continue
            if child.endswith(f"{SEPARATOR}{END}"):
                memory.pop(name, None)
            else:
                memory[name] = inside if history.deep else (child,)
        return memory

    def _kept(
        self, memory: dict[str, tuple[str, ...]], leaves: Sequence[str]
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The memory that has to be kept: nothing of regions that are active."""
        return tuple(
            (name, memory[name])
            for name, history in self._tree.histories.items()
            if name in memory and not any(is_within(leaf, history.region) for leaf in leaves)
        )


class _Entry:
    """The entering of states, with what that brings about."""

    def __init__(self, tree: Tree, plan: Plan, memory: dict[str, tuple[str, ...]]) -> None:
        self._leaves: list[str] = []
        self._entered: list[str] = []
        self._effects: list[str] = []
        self._tree = tree
        self._plan = plan
        self._memory = memory

    @property
    def leaves(self) -> tuple[str, ...]:
        """The innermost states that are entered."""
        return tuple(self._leaves)

    @property
    def entered(self) -> tuple[str, ...]:
        """All states that are entered, the outermost first."""
        return tuple(self._entered)

    @property
    def effects(self) -> tuple[str, ...]:
        """The effects of entering them."""
        return tuple(self._effects)

    def enter_within(self, domain: str, targets: Sequence[str]) -> None:
        """Enter the targets, from a state or a region that stays active."""
        if domain in self._tree.parallel:
            self._regions(domain, targets)
        else:
            self._region(domain, targets)

    def _enter(self, path: str, targets: Sequence[str]) -> None:
        self._entered.append(path)
        self._effects += self._plan.entry.get(path, ())
        if path in self._tree.parallel:
            self._regions(path, targets)
        elif path in self._tree.begins:
            self._region(path, targets)
        else:
            self._leaves.append(path)

    def _regions(self, path: str, targets: Sequence[str]) -> None:
        for region in self._tree.children[path]:
            self._region(region, [target for target in targets if self._leads_into(target, region)])

    def _region(self, region: str, targets: Sequence[str]) -> None:
        """Enter one region: by its history, on the way to the targets in it, or where it begins."""
        for target in targets:
            history = self._tree.histories.get(target)
            if history is not None and history.region == region:
                self._restore(history)
                return
        inside = [target for target in targets if self._leads_into(target, region) and target != region]
        if not inside:
            self._effects += self._plan.beginnings.get(region, ())
            self._enter(self._tree.begins[region], ())
            return
        child = step_towards(self._anchor(inside[0]), region)
        self._enter(child, [target for target in inside if target != child])

    def _restore(self, history: History) -> None:
        known = self._memory.get(history.name)
        if known is not None:
            self._enter(step_towards(known[0], history.region), known if history.deep else ())
            return
        default = self._plan.defaults.get(history.name)
        if default is None:
            self._region(history.region, ())
            return
        self._effects += default.effects
        child = step_towards(default.target, history.region)
        self._enter(child, [default.target] if default.target != child else ())

    def _anchor(self, target: str) -> str:
        history = self._tree.histories.get(target)
        return target if history is None else history.region

    def _leads_into(self, target: str, region: str) -> bool:
        return is_within(self._anchor(target), region)
