"""Compactions asked for by hand: each is answered when the conversation goes on, or told why it came to nothing."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from argentos.actors.core.commands import Compact
from argentos.actors.core.decisions.draft import Draft, is_compacting
from argentos.errors import ArgentError, NothingToCompactError
from argentos.llm import Compacted
from argentos.machines import Refused, Transition
from argentos.machines.lifecycles.compaction import (
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
)
from argentos.machines.lifecycles.session import NEW_MESSAGE
from argentos.storage import (
    CompactionResumed,
    Kept,
    Message,
    Metadata,
    OpenCompaction,
    SessionKey,
    Summarised,
)

__all__ = [
    "CompactionRequests",
    "ask_compaction",
    "give_up_compaction",
    "give_up_summary",
    "look_after_compaction",
    "make_room",
    "nothing_to_compact",
    "resume_compaction",
    "stop_compaction",
    "summarise",
]


def nothing_to_compact(key: SessionKey) -> NothingToCompactError:
    """The error for a session that a summary would not make shorter."""
    return NothingToCompactError(f"session {key} has no messages that a summary would make shorter")


_WITH_TASK: Final = frozenset(state for state in COMPACTION.states if COMPACTION.knows(state, TASK_LOST))


class CompactionRequests:
    """Requests that wait for a compaction to begin, and those that the running one serves."""

    __slots__ = ("_asked", "_served")

    def __init__(self) -> None:
        self._asked: tuple[Compact, ...] = ()
        self._served: tuple[Compact, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Somebody asked for a compaction that has not begun."""
        return bool(self._asked)

    @property
    def served(self) -> Compact | None:
        """The latest request that the running compaction serves; None if the window was full."""
        return self._served[-1] if self._served else None

    def ask(self, command: Compact) -> None:
        """A compaction is to begin at the next chance."""
        self._asked += (command,)

    def join(self, command: Compact) -> None:
        """The compaction that runs will do."""
        self._served += (command,)

    def follow(self, metadata: Metadata) -> None:
        """Answer whoever can be answered, now that the session stands there."""
        if not self._asked and not self._served:
            return
        if is_compacting(metadata):
            self._served += self._asked
            self._asked = ()
            return
        for command in self._served:
            command.answer(metadata)
        self._served = ()
        if metadata.turn is None:  # a chance, and the machine did not take it
            self.refuse(nothing_to_compact(metadata.key))

    def refuse(self, error: ArgentError) -> None:
        """No compaction will come of these requests."""
        for command in (*self._asked, *self._served):
            command.fail(error)
        self._asked = ()
        self._served = ()


class _Facts:
    """Facts for the guards, read off the draft: see `argentos.machines.lifecycles.compaction.CompactionFacts`.

    Args:
        draft: of the session.
        by_hand: somebody asked for it.
        summarised: the messages that a summary speaks for, and that are where they were.
    """

    def __init__(self, draft: Draft, *, by_hand: bool = False, summarised: Sequence[Message] = ()) -> None:
        self._draft = draft
        self._by_hand = by_hand
        self._summarised = summarised

    @property
    def has_older_messages(self) -> bool:
        return self._draft.gauge.older(self._draft.snapshot, by_hand=self._by_hand) > 0

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


def ask_compaction(draft: Draft) -> bool:
    """Compact at the next chance, though the window is not full; False where nothing is to be gained."""
    if isinstance(draft.offer_compaction(COMPACT, _Facts(draft, by_hand=True)), Refused):
        return False
    draft.offer(NEW_MESSAGE)
    return True


def summarise(draft: Draft, compacted: Compacted) -> bool:
    """Put a summary in the place of the messages that it speaks for, as far as they are where they were.

    What is tried again meanwhile waits for its answer. False if nothing is left, or nobody waits for a summary any
    more; the context is kept then.
    """
    spoken_for = frozenset(compacted.numbers)  # they may be a hundred thousand
    replaced = tuple(takewhile(lambda message: message.number in spoken_for, draft.context.messages))
    if isinstance(draft.offer_compaction(SUMMARY_MADE, _Facts(draft, summarised=replaced)), Refused):
        give_up_summary(draft)
        return False
    draft.emit(
        Summarised(
            **draft.head(),
            first=compacted.first,
            last=compacted.last,
            replaced=len(replaced),
            freed=sum(message.tokens for message in replaced),
            text=compacted.text,
            tokens=compacted.tokens,
            method=compacted.method,
            before=compacted.before,
            after=compacted.after,
            failed=tuple(message.number for message in replaced if message.failure),
        )
    )
    return True


def give_up_summary(draft: Draft) -> None:
    """End a compaction without a summary, for there is none."""
    _keep(draft, NO_SUMMARY)


def stop_compaction(draft: Draft) -> None:
    """End a compaction that is asked for, or goes on; the context is kept."""
    _keep(draft, STOP)


def _keep(draft: Draft, event: str, reason: str = "") -> None:
    """End a compaction without a summary, if its machine says so."""
    decision = draft.offer_compaction(event, _Facts(draft))
    if isinstance(decision, Transition) and decision.target == KEPT:
        draft.emit(Kept(**draft.head(), reason=reason))


def make_room(draft: Draft) -> None:
    """Compact once more, for what came meanwhile was too much, unless all that is left has to be kept."""
    draft.offer_compaction(TOO_MUCH_LEFT, _Facts(draft))
    _keep(draft, NOTHING_TO_REPLACE)


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
        _keep(draft, PROCESS_DIED_OF_IT, reason)
