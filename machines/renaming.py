"""States of stored things under the names that another version of their diagram gives them."""

import re
from collections.abc import Mapping
from contextlib import suppress

from argentos.errors import UnknownStateError
from argentos.machines.machine import Machine

__all__ = ["migrated_state", "migrated_states", "with_new_names"]


def migrated_state(state: str, machine: Machine, states: Mapping[str, str]) -> str:
    """The state of the machine that takes the place of one of another version.

    Args:
        state: of the other version.
        machine: of this one.
        states: for states that have another name here, that name; of a diagram, or of the whole machine.

    Raises:
        UnknownStateError: the machine does not have it.
    """
    found = states.get(state) or with_new_names(state, states)
    machine.active(found)
    return found


def migrated_states(old: Machine, new: Machine, states: Mapping[str, str]) -> dict[str, str]:
    """The states of the old machine that are called otherwise in the new one, each with its state there.

    Raises:
        UnknownStateError: the old machine has no state that is to have another name, or the new one none of that name.
    """
    for machine, names in ((old, states), (new, states.values())):
        known = {name for state in machine.states for name in (state, *machine.active(state))}
        for name in names:
            if name not in known:
                raise UnknownStateError(f"{machine.diagram.file} has no state {name!r}, which a new name was given for")
    found: dict[str, str] = {}
    for state in old.states:
        with suppress(UnknownStateError):
            found[state] = migrated_state(state, new, states)
    return {state: now for state, now in found.items() if now != state}


def with_new_names(state: str, states: Mapping[str, str]) -> str:
    """The name of a state, with the new name of each state of the diagram that is part of it."""
    if not states:
        return state
    names = "|".join(re.escape(name) for name in sorted(states, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{names})(?!\w)", lambda found: states[found[0]], state)
