"""The formal definition: the `transitions.Machine` that a diagram's tree and routes make.

It is hierarchical where the diagram is. Guards stay names, which transitions looks up on the model that it
drives. Models, loggers and drawers made for transitions work with it.
"""

from collections.abc import Sequence
from typing import Any, Final

from transitions import Machine as Definition
from transitions.extensions.nesting import HierarchicalMachine, NestedState

from argentos.machines.routes import Route
from argentos.machines.tree import END, SEPARATOR, START, Tree

__all__ = ["Definition", "define"]

_NOT: Final = "not "


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
    guards = route.meaning.guards
    return {
        "trigger": route.meaning.event,
        "source": route.source,
        "dest": route.target,
        "conditions": [guard for guard in guards if not guard.startswith(_NOT)],
        "unless": [guard.removeprefix(_NOT) for guard in guards if guard.startswith(_NOT)],
    }
