"""Settling: what follows of itself, at the end of a step.

An edge is taken whose time has come, and a turn begins where there is something to answer.
"""

from typing import Final

from argentos.actors.core.deadlines import collected_at
from argentos.actors.core.decisions.compactions import give_up_compaction, make_room
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.turns import begin_turn
from argentos.machines import SESSION, Refused, Transition
from argentos.machines.lifecycles.session import SETTLING, TURNS_RUN_IN
from argentos.storage import TurnEnded

__all__ = ["settle"]

_SETTLING_IN: Final = {
    state: tuple(event for event in SETTLING if SESSION.knows(state, event)) for state in SESSION.states
}


def settle(draft: Draft) -> None:
    """Take the edges whose time has come, and begin a turn if there is something to answer."""
    if not draft.exists:
        return
    _give_up(draft)
    give_up_compaction(draft)
    while draft.metadata.turn is None or draft.is_interrupted:
        decisions = [draft.offer(event) for event in _SETTLING_IN[draft.metadata.state]]
        if any(isinstance(decision, Transition) for decision in decisions):
            continue
        if any(isinstance(refused, Refused) and refused.guard == "context_fits" for refused in decisions):
            make_room(draft)
        if draft.may_begin_turns and draft.metadata.state in TURNS_RUN_IN and not _is_collecting(draft):
            begin_turn(draft)
        return


def _give_up(draft: Draft) -> None:
    """End a turn that the process has died of too often."""
    turn = draft.metadata.turn
    is_of_death = draft.is_interrupted and not draft.overflowed
    if draft.runs_alone and is_of_death and turn is not None and turn.alone >= draft.config.max_crashes:
        reason = (
            f"the process died each of the {turn.alone} times that this was answered with nothing beside it; it is"
            " not tried again"
        )
        draft.emit(TurnEnded(**draft.head(), turn=turn.turn, outcome="failed", messages=turn.messages, reason=reason))
        draft.is_interrupted = False


def _is_collecting(draft: Draft) -> bool:
    """More messages are waited for before a turn answers them together."""
    due = collected_at(draft.metadata, draft.marks, draft.config)
    return due is not None and draft.metadata.turn is None and draft.moment < due
