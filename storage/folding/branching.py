"""Sessions that go back to an earlier place, or begin at one of another session."""

from functools import reduce
from typing import TypedDict

from msgspec import structs

from argentos.storage.branching.records import Forked, Rewound, Undone
from argentos.storage.folding.calibration import learnt_before, lessen
from argentos.storage.folding.channels import with_channel
from argentos.storage.folding.debts import owed_again, withheld
from argentos.storage.folding.failures import with_failed, without_failed
from argentos.storage.records import Cleared, Summarised
from argentos.storage.snapshot import Metadata, Origin

__all__ = ["forked", "marked", "rewound", "undone"]


class _Marked(TypedDict, total=False):
    checkpoints: int
    checkpoint: str


def marked(old: Metadata, record: Summarised | Cleared | Rewound) -> _Marked:
    """The fields that tell of checkpoints, with the one that the record makes."""
    if record.checkpoint is None:
        return {}
    return {"checkpoints": old.checkpoints + 1, "checkpoint": record.checkpoint}


def rewound(old: Metadata, record: Rewound) -> Metadata:
    """The session once messages have left the end of its context, and others wait once more."""
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=max(old.last_activity, record.at),
        tokens=old.tokens - record.freed - record.tokens,
        waiting=(*old.waiting, *record.again),
        waiting_tokens=old.waiting_tokens + record.tokens,
        calibration=lessen(old.calibration, record.freed + record.tokens),
        failed=without_failed(old.failed, record.failed),
        undelivered=withheld(old, record) if record.withheld else old.undelivered,
        **marked(old, record),
    )


def undone(old: Metadata, record: Undone) -> Metadata:
    """The session once messages are back in its context, which is not compacted again before a new one comes."""
    summary_tokens = record.summary.tokens if record.summary else 0
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=max(old.last_activity, record.at),
        tokens=old.tokens - old.summary_tokens + summary_tokens + record.tokens,
        summary_tokens=summary_tokens,
        kept_at=old.messages,
        calibration=lessen(old.calibration, old.summary_tokens),
        failed=with_failed(old.failed, record.failed),
        undelivered=owed_again(old, record) if record.owed else old.undelivered,
        checkpoint=record.parent or "",
    )


def forked(old: Metadata, record: Forked) -> Metadata:
    """The session once it has the context of another one, or more of it; likewise."""
    summary_tokens = record.summary.tokens if record.summary else 0
    taken = (old.origin.messages if old.origin else 0) + len(record.messages)
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=max(old.last_activity, record.at),
        messages=record.last,
        read=record.last,
        channels=reduce(with_channel, (each.address for each in record.messages), old.channels),
        turns=record.turns,
        kept_at=record.last,
        tokens=old.tokens - old.summary_tokens + summary_tokens + record.tokens,
        summary_tokens=summary_tokens,
        calibration=learnt_before(record.calibration),
        failed=with_failed(old.failed, record.failed),
        origin=Origin(record.parent or "", record.last, taken, record.checkpoint or ""),
    )
