"""The rules by which a compaction is asked for, begins, and ends; whoever asked is told what came of it."""

from collections.abc import Sequence
from itertools import takewhile
from operator import attrgetter
from typing import Final

from argentos.actors.core.commands import Compact
from argentos.actors.core.decisions.draft import Draft, is_compacting
from argentos.actors.core.reports import NotCompacted
from argentos.errors import ArgentError, CompactionFailedError, NothingToCompactError
from argentos.llm import Compacted
from argentos.machines import Refused, Transition
from argentos.machines.lifecycles.compaction import (
    ASKED,
    COMPACT,
    COMPACTION,
    INTERRUPTED,
    KEPT,
    NEXT_ATTEMPT,
    NO_SUMMARY,
    NOTHING_TO_REPLACE,
    PROCESS_DIED_OF_IT,
    STOP,
    SUMMARY_MADE,
    TASK_LOST,
    TOO_MUCH_LEFT,
    UNNEEDED,
)
from argentos.machines.lifecycles.session import NEW_MESSAGE
from argentos.storage import (
    CompactionAsked,
    CompactionAttempt,
    CompactionDeclined,
    CompactionRequest,
    CompactionResumed,
    Kept,
    Message,
    Metadata,
    OpenCompaction,
    SessionKey,
    Summarised,
)
from argentos.storage.folding.failures import failed_among

__all__ = [
    "CompactionRequests",
    "ask_compaction",
    "decline_compaction",
    "give_up_compaction",
    "give_up_summary",
    "look_after_compaction",
    "make_room",
    "resume_compaction",
    "stop_compaction",
    "summarise",
]


_number: Final = attrgetter("number")
_tokens: Final = attrgetter("tokens")
_NO_CHANCE: Final = "it was not begun"
_NOTHING: Final = "there are no older messages"
_NOT_WORTH_IT: Final = "there are no messages that a summary would make shorter"
_WITH_TASK: Final = frozenset(state for state in COMPACTION.states if COMPACTION.knows(state, TASK_LOST))


class CompactionRequests:
    """Requests whose compaction has not ended; what was asked for is durable, and who did stands here."""

    __slots__ = ("_asked",)

    def __init__(self) -> None:
        self._asked: tuple[tuple[Compact, int], ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Somebody waits for a compaction."""
        return bool(self._asked)

    def expect(self, command: Compact, metadata: Metadata) -> None:
        """The compaction that goes on, or begins at the next chance, is waited for."""
        self._asked += ((command, metadata.compactions),)

    def follow(self, metadata: Metadata) -> None:
        """Answer whoever can be answered, now that the session stands there."""
        if not self._asked or is_compacting(metadata) or metadata.asked is not None:
            return
        for command, compactions in self._asked:
            if metadata.compactions > compactions:
                command.answer(metadata)
            else:
                command.fail(_error_of(metadata.key, metadata.attempts[-1] if metadata.attempts else None))
        self._asked = ()

    def refuse(self, error: ArgentError) -> None:
        """No compaction will come of these requests, as far as is known here."""
        for command, _ in self._asked:
            command.fail(error)
        self._asked = ()


def _error_of(key: SessionKey, attempt: CompactionAttempt | None) -> ArgentError:
    reason = attempt.reason if attempt else _NO_CHANCE
    text = f"session {key} was not compacted: {reason}"
    if attempt is not None and attempt.status == "failed":
        return CompactionFailedError(f"{text}; its history is kept as it is")
    return NothingToCompactError(text)


class _Facts:
    """Facts for the guards, read off the draft: see `argentos.machines.lifecycles.compaction.CompactionFacts`.

    Args:
        draft: of the session.
        asked: what somebody asks for; by default what was asked for before, if it was.
        summarised: the messages that a summary speaks for, and that are where they were.
    """

    def __init__(
        self, draft: Draft, *, asked: CompactionRequest | None = None, summarised: Sequence[Message] = ()
    ) -> None:
        self._draft = draft
        self._asked = asked or (draft.metadata.asked if draft.compaction == ASKED else None)
        self._summarised = summarised

    @property
    def has_older_messages(self) -> bool:
        gauge, snapshot = self._draft.gauge, self._draft.snapshot
        return (gauge.asked_for(snapshot, self._asked) if self._asked else gauge.older(snapshot, by_hand=False)) > 0

    @property
    def has_summarised_messages(self) -> bool:
        return bool(self._summarised)

    @property
    def has_task(self) -> bool:
        return self._draft.has_task

    @property
    def may_begin(self) -> bool:
        return self._draft.may_begin_turns

    @property
    def was_fatal(self) -> bool:
        draft, known = self._draft, self._draft.metadata.compaction
        return draft.runs_alone and known is not None and known.alone > draft.config.max_crashes


def look_after_compaction(draft: Draft) -> None:
    """See whether the compaction has lost its task, at the beginning of a step."""
    if draft.compaction in _WITH_TASK:
        draft.offer_compaction(TASK_LOST, _Facts(draft))


def ask_compaction(draft: Draft, asked: CompactionRequest) -> bool:
    """Compact at the next chance, though the window is not full; False where nothing is to be gained."""
    if isinstance(draft.offer_compaction(COMPACT, _Facts(draft, asked=asked)), Refused):
        _decline(draft)
        return False
    draft.emit(CompactionAsked(**draft.head(), focus=asked.focus, keep=asked.keep))
    draft.offer(NEW_MESSAGE)
    return True


def _decline(draft: Draft) -> None:
    is_empty = len(draft.context.messages) <= 1
    draft.emit(
        CompactionDeclined(
            **draft.head(),
            status="nothing_to_compact" if is_empty else "not_worth_it",
            tokens=draft.gauge.estimate(draft.metadata),
            reason=_NOTHING if is_empty else _NOT_WORTH_IT,
        )
    )


def decline_compaction(draft: Draft) -> None:
    """End a compaction that had its chance and could not begin, for there is nothing to gain by it any more."""
    if draft.compaction == ASKED and isinstance(draft.offer_compaction(NOTHING_TO_REPLACE, _Facts(draft)), Transition):
        _decline(draft)


def _replaced(messages: tuple[Message, ...], numbers: tuple[int, ...]) -> tuple[Message, ...]:
    """The oldest messages, as far as they have these numbers."""
    oldest = messages[: len(numbers)]
    if tuple(map(_number, oldest)) == numbers:  # as nearly always; they may be a hundred thousand
        return oldest
    spoken_for = frozenset(numbers)
    return tuple(takewhile(lambda message: message.number in spoken_for, messages))


def summarise(draft: Draft, compacted: Compacted, seconds: float) -> bool:
    """Put a summary in the place of the messages that it speaks for, as far as they are where they were.

    What is tried again meanwhile waits for its answer. False if nothing is left, or nobody waits for a summary any
    more; the context is kept then.
    """
    replaced = _replaced(draft.context.messages, compacted.numbers)
    if isinstance(draft.offer_compaction(SUMMARY_MADE, _Facts(draft, summarised=replaced)), Refused):
        give_up_summary(draft, NotCompacted("not_worth_it", "what the summary speaks for is tried again"), seconds)
        return False
    draft.emit(
        Summarised(
            **draft.head(),
            **draft.place(),
            first=compacted.first,
            last=compacted.last,
            replaced=len(replaced),
            freed=sum(map(_tokens, replaced)),
            text=compacted.text,
            tokens=compacted.tokens,
            method=compacted.method,
            before=compacted.before,
            after=compacted.after,
            failed=failed_among(draft.metadata.failed, set(map(_number, replaced))),
            seconds=seconds,
            reason=compacted.reason,
            block=compacted.block,
        )
    )
    return True


def give_up_summary(draft: Draft, why: NotCompacted, seconds: float) -> None:
    """End a compaction without a summary, for there is none."""
    _keep(draft, NO_SUMMARY, why, seconds)


def stop_compaction(draft: Draft) -> None:
    """End a compaction that is asked for, or goes on; the context is kept."""
    why = NotCompacted("stopped", "it was stopped")
    decision = _keep(draft, STOP, why)
    if isinstance(decision, Transition) and decision.target == UNNEEDED:
        tokens = draft.gauge.estimate(draft.metadata)
        draft.emit(CompactionDeclined(**draft.head(), status=why.status, tokens=tokens, reason=why.reason))


def _keep(draft: Draft, event: str, why: NotCompacted, seconds: float | None = None) -> Transition | Refused:
    """End a compaction without a summary, if its machine says so."""
    decision = draft.offer_compaction(event, _Facts(draft))
    if isinstance(decision, Transition) and decision.target == KEPT:
        lasted = max(0.0, (draft.now - draft.metadata.since).total_seconds())
        draft.emit(
            Kept(
                **draft.head(),
                reason=why.reason,
                status=why.status,
                tokens=draft.gauge.estimate(draft.metadata),
                seconds=lasted if seconds is None else seconds,
                measured=why.measured,
            )
        )
    return decision


def make_room(draft: Draft) -> None:
    """Compact once more, for what came meanwhile was too much, unless all that is left has to be kept."""
    draft.offer_compaction(TOO_MUCH_LEFT, _Facts(draft))
    _keep(draft, NOTHING_TO_REPLACE, NotCompacted("nothing_to_compact", "all that is left has to be kept"))


def resume_compaction(draft: Draft) -> None:
    """Begin the compaction again that nobody runs, if the session still waits for it and it may begin."""
    is_lost = draft.compaction == INTERRUPTED
    if is_lost and isinstance(draft.offer_compaction(NEXT_ATTEMPT, _Facts(draft)), Transition):
        before = draft.metadata.compaction or OpenCompaction(1)
        alone = before.alone + draft.runs_alone
        draft.emit(CompactionResumed(**draft.head(), attempt=before.attempt + 1, alone=alone))


def give_up_compaction(draft: Draft) -> None:
    """End a compaction that the process has died of too often, the last time without asking the model."""
    known = draft.metadata.compaction
    if known is not None:
        reason = (
            f"the process died each of the {known.alone} times that this context was compacted with nothing beside"
            " it; it is kept as it is"
        )
        _keep(draft, PROCESS_DIED_OF_IT, NotCompacted("failed", reason))
