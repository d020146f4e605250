"""Records of compactions: asked for, resumed, and what came of each."""

from typing import Literal, TypeAlias

from msgspec import Struct

from argentos.storage.blocks import RawBlock
from argentos.storage.messages import FailedTurn, RecordBase

__all__ = [
    "CompactionAsked",
    "CompactionDeclined",
    "CompactionResumed",
    "CompactionStatus",
    "Kept",
    "Measured",
    "Summarised",
]

CompactionStatus: TypeAlias = Literal["compacted", "nothing_to_compact", "not_worth_it", "failed", "stopped"]


class CompactionAsked(RecordBase, frozen=True, tag="compaction_asked", kw_only=True):
    """Somebody asked for a compaction, which begins at the next chance.

    Attributes:
        focus: what the summary should keep above all.
        keep: how many of the latest messages stay, where that was said.
    """

    focus: str = ""
    keep: int | None = None


class CompactionResumed(RecordBase, frozen=True, tag="compaction_resumed", kw_only=True):
    """A compaction that nobody ran any more was begun again.

    Attributes:
        attempt: 2, or more.
        alone: how many attempts, with this one, were made with nothing beside them.
    """

    attempt: int
    alone: int = 0


class CompactionDeclined(RecordBase, frozen=True, tag="compaction_declined", kw_only=True):
    """A compaction that somebody asked for does not begin; the context stays as it is.

    Attributes:
        tokens: of the context, estimated.
        reason: a sentence.
    """

    status: CompactionStatus
    tokens: int
    reason: str = ""


class Measured(Struct, frozen=True, gc=False, array_like=True):
    """The tokens of a context as its model has counted them, where it was asked.

    Attributes:
        model: the name of the model.
        tokens: of the request.
        local: the same, counted locally.
        at: those of the context in it.
    """

    model: str
    tokens: int
    local: int
    at: int


class Summarised(RecordBase, frozen=True, tag="summary", kw_only=True):
    """A summary took the place of the oldest messages of the context.

    Attributes:
        first: the number of the first message that the summary speaks for.
        last: the number of the last one.
        replaced: how many messages left the front of the context.
        freed: their tokens.
        tokens: the summary's own.
        method: `model`, `extractive`, or `provider`.
        before: estimated tokens of the context before; `after`, after.
        failed: the turns that failed with some of them, which can be tried again no more.
        seconds: that it took to make.
        reason: why it is not the model's, where one was asked.
        block: the provider's own, where it made the summary.
    """

    first: int
    last: int
    replaced: int
    freed: int
    text: str
    tokens: int
    method: str
    before: int
    after: int
    failed: tuple[FailedTurn, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    block: RawBlock | None = None


class Kept(RecordBase, frozen=True, tag="kept", kw_only=True):
    """A compaction was ended before it had a summary; the context stays as it is.

    Attributes:
        reason: a sentence, where it was given up.
        status: None where none was tried, as of a session that was imported.
        tokens: of the context, estimated.
        seconds: that it took.
        measured: where there was none, for the model counts less than was estimated.
    """

    reason: str = ""
    status: CompactionStatus | None = None
    tokens: int = 0
    seconds: float = 0.0
    measured: Measured | None = None
