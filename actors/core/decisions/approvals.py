"""The rules by which a person's word on a call is taken, once, or waited for no more."""

from typing import Final

from msgspec import structs

from argentos.actors.core.commands import Decide
from argentos.actors.core.decisions.calls import end_with
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.turn_facts import Facts
from argentos.errors import ApprovalDecidedError, ApprovalNotFoundError
from argentos.machines import Transition
from argentos.machines.lifecycles.session import NEW_MESSAGE
from argentos.machines.lifecycles.turn import APPROVAL_EXPIRED, DECISION, WRITTEN_INSTEAD
from argentos.storage import ApprovalDecided, ApprovalOutcome, DecidedCall, OpenCall, SessionKey

__all__ = ["decide_call", "expire_approvals", "supersede_approvals"]

_EXPIRED: Final = "not run: nobody allowed it in time"
_SUPERSEDED: Final = "not run: the person wrote instead"
_WORDS: Final = {
    "approved": "was approved",
    "denied": "was denied",
    "expired": "was given up, for nobody decided in time",
    "superseded": "was given up, for the person wrote instead",
}


def decide_call(draft: Draft, command: Decide) -> None:
    """Take a person's word on a call.

    Raises:
        SessionError: the call does not wait for one; the kind says why.
    """
    call = _asked(draft, command.call_id)
    outcome: ApprovalOutcome = "approved" if command.is_approved else "denied"
    _end(draft, call, outcome, reason=command.reason, by=command.by)
    draft.offer_turn(DECISION)
    draft.offer(NEW_MESSAGE)  # as for a compaction by hand, an idle session goes on


def _asked(draft: Draft, call_id: str) -> OpenCall:
    turn = draft.metadata.turn
    found = next((each for each in turn.asked if each.id == call_id), None) if turn else None
    if found is not None:
        return found
    decided = next((each for each in reversed(draft.metadata.decided) if each.id == call_id), None)
    if decided is not None:
        raise decided_before(draft.key, decided)
    raise ApprovalNotFoundError(
        f"no call {call_id!a:.100} of session {draft.key} waits for a person's word; `argent sessions approvals` shows"
        " those that do"
    )


def decided_before(key: SessionKey, decided: DecidedCall) -> ApprovalDecidedError:
    """The error for a call that waits for a person's word no more."""
    by = f" by {decided.by}" if decided.by else ""
    return ApprovalDecidedError(
        f"call {decided.id} of session {key} {_WORDS[decided.outcome]}{by} at {decided.at:%Y-%m-%d %H:%M:%S} UTC; the"
        " first word counts",
        decided.outcome,
    )


def _end(draft: Draft, call: OpenCall, outcome: ApprovalOutcome, *, reason: str = "", by: str | None = None) -> None:
    turn = draft.metadata.turn
    number = turn.turn if turn else 0
    record = ApprovalDecided(**draft.head(), turn=number, call_id=call.id, outcome=outcome, reason=reason)
    draft.emit(structs.replace(record, by=by) if by else record)
    if outcome == "denied":
        end_with(draft, call.id, f"not run: a person denied it: {reason}" if reason else "not run: a person denied it")
    elif outcome != "approved":
        end_with(draft, call.id, _EXPIRED if outcome == "expired" else _SUPERSEDED)


def expire_approvals(draft: Draft) -> None:
    """Give up the calls on which nobody has decided in time."""
    if isinstance(draft.offer_turn(APPROVAL_EXPIRED, Facts(draft)), Transition):
        _give_up(draft, "expired")
        draft.offer(NEW_MESSAGE)


def supersede_approvals(draft: Draft) -> bool:
    """Give up the calls that wait for a person, who wrote instead; tells whether any did."""
    turn = draft.metadata.turn if draft.exists else None
    if turn is None or not turn.asked:
        return False
    draft.offer_turn(WRITTEN_INSTEAD)
    _give_up(draft, "superseded")
    return True


def _give_up(draft: Draft, outcome: ApprovalOutcome) -> None:
    turn = draft.metadata.turn
    for call in turn.asked if turn else ():
        _end(draft, call, outcome)
