"""Routes that an event may take together, in the order in which they are tried.

The innermost states are asked first; what they do not know, or refuse, those around them answer. In parallel regions
the event moves every region that knows it. What is certain from the guards that were asked before is not tried: where
a guard holds in one region it does in the others, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

from argentos.machines.compiling.routes import Route
from argentos.machines.conditions import Guard
from argentos.machines.tree import Tree, lineage, parent

__all__ = ["Assumed", "Choice", "Together", "alternatives"]

T = TypeVar("T")

Assumed: TypeAlias = frozenset[Guard]


class Choice(NamedTuple):
    """Routes that are taken together, with the guards of all of them; no routes, where none is."""

    guards: tuple[Guard, ...] = ()
    routes: tuple[Route, ...] = ()


_NOTHING: Final = Choice()


class Together:
    """The choices that events have.

    Args:
        tree: the states.
        routes: by path and event, those that leave there, in the order in which they are tried.
        count: called for each choice that is found; raises where there are too many.
    """

    def __init__(
        self, tree: Tree, routes: Mapping[str, Mapping[str, Sequence[Route]]], count: Callable[[], None]
    ) -> None:
        self._tree = tree
        self._routes = {
            path: {event: [Choice(route.guards, (route,)) for route in each] for event, each in known.items()}
            for path, known in routes.items()
        }
        self._count = count

    def of(self, leaves: Sequence[str]) -> Iterator[tuple[str, list[Choice]]]:
        """Every event that the active states know, with its choices."""
        if len(leaves) == 1:
            yield from self._nested(leaves[0])
            return
        inside: dict[str, dict[str, None]] = {}
        for path in self._tree.lineages(leaves):
            inside.setdefault(parent(path), {})[path] = None
        paths = [path for path in self._tree.lineages(leaves) if path in self._routes]
        for event in dict.fromkeys(event for path in paths for event in self._routes[path]):
            yield event, self._choices("", inside, event)

    def _nested(self, leaf: str) -> Iterator[tuple[str, list[Choice]]]:
        """The same, where no regions are parallel: the choices of each state follow those of the states within it."""
        known = [self._routes[path] for path in lineage(leaf) if path in self._routes]
        if len(known) == 1:
            yield from known[0].items()
            return
        for event in dict.fromkeys(event for each in known for event in each):
            yield event, [choice for each in reversed(known) for choice in each.get(event, ())]

    def _choices(self, path: str, inside: Mapping[str, Mapping[str, None]], event: str) -> list[Choice]:
        regions = [self._choices(child, inside, event) for child in inside.get(path, ())]
        known = [choices for choices in regions if choices]
        if path in self._tree.parallel and len(known) > 1:
            inner = [choice for choice in self._product(known) if choice.routes]
        else:
            inner = [choice for choices in known for choice in choices]
        return inner + self._routes.get(path, {}).get(event, [])

    def _product(self, regions: Sequence[Sequence[Choice]]) -> list[Choice]:
        found: list[tuple[Choice, Assumed]] = [(_NOTHING, frozenset())]
        for choices in regions:
            longer: list[tuple[Choice, Assumed]] = []
            for choice, assumed in found:
                for each, known in alternatives(choices, assumed, lambda choice: choice.guards):
                    self._count()
                    longer.append((choice if each is None else _joined(choice, each), known))
            found = longer
        return [choice for choice, _ in found]


def alternatives(
    choices: Sequence[T], assumed: Assumed, guards_of: Callable[[T], Sequence[Guard]]
) -> Iterator[tuple[T | None, Assumed]]:
    """The choices that may be the first to hold, each with what is certain then; None where none may hold."""
    for choice in choices:
        guards = guards_of(choice)
        if any(Guard(guard.name, not guard.wanted) in assumed for guard in guards):
            continue
        open_ones = [guard for guard in guards if guard not in assumed]
        yield choice, assumed.union(open_ones)
        if not open_ones:
            return
        if len(open_ones) == 1:
            assumed |= {Guard(open_ones[0].name, not open_ones[0].wanted)}
    yield None, assumed


def _joined(first: Choice, second: Choice) -> Choice:
    guards = tuple(dict.fromkeys((*first.guards, *second.guards)))
    return Choice(guards, (*first.routes, *second.routes))
