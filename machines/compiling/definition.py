"""The formal definition: the `transitions.Machine` that a diagram's tree and routes make.

It is hierarchical where the diagram is. Guards stay names, which transitions looks up on the model that it
drives. Models, loggers and drawers made for transitions work with it. What transitions does not have, or does
otherwise than UML, it cannot define.
"""

from collections.abc import Sequence
from typing import Any

from transitions import Machine as Definition
from transitions.extensions.nesting import HierarchicalMachine, NestedState

from argentos.machines.bindings import COMPLETION
from argentos.machines.compiling.routes import Route
from argentos.machines.tree import END, SEPARATOR, START, Tree, is_within, lineage, parent

__all__ = ["Definition", "define", "undefinable"]


class _State(NestedState):
    """A state whose name may hold transitions' own separator, `_`."""

    separator = SEPARATOR


class _Hierarchy(HierarchicalMachine):
    state_cls = _State
    scoped_enter = (
        None  # transitions 0.9.3 looks for it here, as if the machine were a state, once all states are final
    )


def define(tree: Tree, routes: Sequence[Route]) -> Definition:
    """The machine of transitions, without a model and without `to_…` triggers."""
    kind = _Hierarchy if tree.composite else Definition
    return kind(
        model=None,
        states=[_state(tree, path) for path in tree.children[""]],
        initial=START,
        auto_transitions=False,
        transitions=[_transition(route) for route in routes],
    )


def _state(tree: Tree, path: str) -> dict[str, Any]:
    name = path.rpartition(SEPARATOR)[2]
    children = [_state(tree, child) for child in tree.children[path]]
    state: dict[str, Any] = {"name": name}
    if path in tree.parallel:
        state["parallel"] = children
    elif children:
        state |= {"children": children, "initial": tree.begins[path].rpartition(SEPARATOR)[2]}
    elif name == END:
        state["final"] = True
    return state


def _transition(route: Route) -> dict[str, Any]:
    return {
        "trigger": route.event,
        "source": route.source,
        "dest": route.targets[0],
        "conditions": [guard.name for guard in route.guards if guard.wanted],
        "unless": [guard.name for guard in route.guards if not guard.wanted],
    }


def undefinable(tree: Tree, routes: Sequence[Route]) -> str:
    """The first edge that transitions cannot take as UML does, with the reason; empty if there is none."""
    for route in routes:
        if reason := _reason(tree, route):
            return f"{route.edges[0]} {reason}"
    return ""


def _reason(tree: Tree, route: Route) -> str:
    if route.event == COMPLETION:
        return "needs no event"
    if len(route.targets) != 1:
        return "leads into a fork" if route.targets else "stays inside its state"
    (target,) = route.targets
    if target in tree.histories:
        return "leads to a history"
    if any(not guard.name.isidentifier() for guard in route.guards):
        return "is guarded by a comparison"
    if is_within(target, route.source) and parent(target) not in (route.source, parent(route.source)):
        return "leads more than one level into its own state"
    entered = set(lineage(target)).difference(lineage(route.source))
    return "enters one of several regions" if any(map(tree.is_region, entered)) else ""
