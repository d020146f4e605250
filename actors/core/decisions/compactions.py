"""Compactions asked for by hand: each is answered when the conversation goes on, or told why it came to nothing."""

from itertools import takewhile

from argentos.actors.core.commands import Compact
from argentos.actors.core.decisions.draft import Draft, is_compacting
from argentos.errors import ArgentError, NothingToCompactError
from argentos.llm import Compacted
from argentos.machines.lifecycles.session import NEW_MESSAGE
from argentos.storage import (
    CompactionResumed,
    Kept,
    Metadata,
    OpenCompaction,
    SessionKey,
    Summarised,
)

__all__ = [
    "CompactionRequests",
    "ask_compaction",
    "give_up_compaction",
    "keep",
    "make_room",
    "nothing_to_compact",
    "resume_compaction",
    "summarise",
]


def nothing_to_compact(key: SessionKey) -> NothingToCompactError:
    """The error for a session that a summary would not make shorter."""
    return NothingToCompactError(f"session {key} has no messages that a summary would make shorter")


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


def ask_compaction(draft: Draft) -> bool:
    """Compact at the next chance, though the window is not full; False where nothing is to be gained."""
    if draft.gauge.older(draft.snapshot, by_hand=True) == 0:
        return False
    draft.compaction_asked = True
    draft.offer(NEW_MESSAGE)
    return True


def summarise(draft: Draft, compacted: Compacted) -> bool:
    """Put a summary in the place of the messages that it speaks for, as far as they are where they were.

    What is tried again meanwhile waits for its answer. False if nothing is left, or nobody waits for a summary any
    more; the context is kept then.
    """
    if not is_compacting(draft.metadata):
        return False
    replaced = tuple(takewhile(lambda message: message.number in compacted.numbers, draft.context.messages))
    if not replaced:
        keep(draft)
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


def keep(draft: Draft, reason: str = "") -> None:
    """End a compaction without a summary."""
    draft.emit(Kept(**draft.head(), reason=reason))


def make_room(draft: Draft) -> None:
    """Compact once more, for what came meanwhile was too much, unless all that is left has to be kept."""
    if draft.gauge.older(draft.snapshot, by_hand=False) > 0:
        if not draft.is_compaction_interrupted:
            draft.effects.append("summarise")
    else:
        keep(draft)


def resume_compaction(draft: Draft) -> None:
    """Begin the compaction again that nobody runs, if the session still waits for it and it may begin."""
    if not draft.is_compaction_interrupted or not draft.may_begin_turns:
        return
    metadata = draft.metadata
    if not is_compacting(metadata) or metadata.boundary > draft.durable:  # it was ended in this step
        return
    before = metadata.compaction or OpenCompaction(1)
    alone = before.alone + draft.runs_alone
    draft.emit(CompactionResumed(**draft.head(), attempt=before.attempt + 1, alone=alone))
    draft.effects.append("summarise")


def give_up_compaction(draft: Draft) -> None:
    """End a compaction that the process has died of too often, the last time without asking the model."""
    known = draft.metadata.compaction
    if draft.runs_alone and draft.is_compaction_interrupted and known and known.alone > draft.config.max_crashes:
        keep(
            draft,
            f"the process died each of the {known.alone} times that this context was compacted with nothing beside"
            " it; it is kept as it is",
        )
