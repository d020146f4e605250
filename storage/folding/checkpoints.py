"""The checkpoints that records make."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from argentos.storage.branching.checkpoints import Checkpoint, CheckpointKind, spans_of
from argentos.storage.messages import Message, Summary
from argentos.storage.records import Cleared, Record, Rewound, Summarised

__all__ = ["checkpoint_of"]

_number: Final = attrgetter("number")
_tokens: Final = attrgetter("tokens")


def checkpoint_of(record: Record, messages: Sequence[Message], summary: Summary | None) -> Checkpoint | None:
    """The checkpoint that a record makes of the context in front of it; None where it makes none."""
    if record.checkpoint is None:
        return None
    if not isinstance(record, Summarised | Cleared | Rewound):
        return None
    kind: CheckpointKind
    taken: Sequence[int]
    window = [*map(_number, messages)]  # of a hundred thousand, now and then
    match record:
        case Summarised():
            kind, taken = "compaction", window[: record.replaced]
        case Cleared():
            kind, taken = "clear", window
        case _:
            kind, taken = "regeneration" if record.again else "rewind", record.messages
    at = window.index(taken[0]) if taken and taken[0] in window else 0
    asked = record.again if isinstance(record, Rewound) else ()
    return Checkpoint(
        name=record.checkpoint,
        kind=kind,
        sequence=record.sequence,
        at=record.at,
        by=record.by,
        before=record.parent or "",
        tokens=sum(map(_tokens, messages)) + (summary.tokens if summary else 0),
        window=spans_of(window),
        taken=spans_of(taken),
        behind=asked[-1] if asked else window[at - 1] if at else 0,
        summary=summary,
        failed=record.failed,
        withheld=record.withheld if isinstance(record, Rewound) else (),
    )
