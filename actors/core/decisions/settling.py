"""Settling: what follows of itself, at the end of a step.

An edge is taken whose time has come, and a turn begins where there is something to answer.
"""

from typing import Final

from argentos.actors.core.decisions.compactions import decline_compaction, give_up_compaction, make_room
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.turn_ends import give_up_turn
from argentos.actors.core.decisions.turns import begin_turn
from argentos.machines import SESSION, Refused
from argentos.machines.lifecycles.session import SETTLING
from argentos.machines.lifecycles.turn import CALLING, DELAYED, RUNNING
from argentos.storage import Transitioned

__all__ = ["MOST_ROUNDS", "EndlessSettlingError", "settle"]


class EndlessSettlingError(RuntimeError):
    """The guards of a session's machine contradict each other: a fault of the program, which parks the session."""


_AT_WORK: Final = frozenset({RUNNING, CALLING, DELAYED})
"""The states of a turn in which it is waited for, and nothing settles."""

MOST_ROUNDS: Final = len(SESSION.transitions) + 1
"""One for each edge, and one that takes none: whatever needs more takes an edge twice, and would do so for ever."""

_SETTLING_IN: Final = {
    state: tuple(event for event in SETTLING if SESSION.knows(state, event)) for state in SESSION.states
}


def settle(draft: Draft) -> None:
    """Take the edges whose time has come, and begin a turn if there is something to answer.

    Raises:
        EndlessSettlingError: the edges lead round and round.
    """
    if not draft.exists:
        return
    give_up_turn(draft)
    give_up_compaction(draft)
    for _ in range(MOST_ROUNDS):
        if draft.turn in _AT_WORK:
            return
        is_taken = has_no_room = False
        for event in _SETTLING_IN[draft.metadata.state]:
            decision = draft.offer(event)
            if isinstance(decision, Refused):
                has_no_room |= decision.guard == "context_fits"
            else:
                is_taken = True
        if is_taken:
            continue
        if has_no_room:
            make_room(draft)
        begin_turn(draft)
        if draft.turn not in _AT_WORK:
            decline_compaction(draft)
        return
    taken = [f"{each.source} --> {each.target}" for each in draft.records if isinstance(each, Transitioned)]
    raise EndlessSettlingError(f"session {draft.key} does not come to rest: {', '.join(taken[-MOST_ROUNDS:])}")
