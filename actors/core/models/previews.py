"""Previews: what a compaction would come to, without doing it."""

from msgspec import Struct, structs

from argentos.actors.core.models.asking import Charging
from argentos.actors.core.models.summaries import make_summary
from argentos.actors.core.reports import NotCompacted
from argentos.actors.core.runtime import Runtime
from argentos.errors import CompactionFailedError, NothingToCompactError
from argentos.storage import CompactionRequest, Snapshot

__all__ = ["CompactionPreview", "preview"]


class CompactionPreview(Struct, frozen=True, kw_only=True, rename="camel"):
    """A compaction as it would be now.

    Attributes:
        first: number of the first message that the summary would speak for; `last`, of the last one.
        replaced: how many messages would leave the context.
        kept: how many would stay.
        text: of the summary.
        method: `model`, `extractive` or `provider`.
        before: estimated tokens of the context; `after`, with the summary.
        reason: why the summary is not the model's, where one was asked.
    """

    first: int
    last: int
    replaced: int
    kept: int
    text: str
    method: str
    before: int
    after: int
    reason: str


async def preview(
    runtime: Runtime, snapshot: Snapshot, asked: CompactionRequest, charge: Charging
) -> CompactionPreview:
    """Make the summary, and do nothing with it.

    Raises:
        NothingToCompactError: nothing would be gained.
        CompactionFailedError: no summary could be made.
    """
    key = snapshot.metadata.key
    if not runtime.gauge.asked_for(snapshot, asked):
        raise NothingToCompactError(f"session {key} has no messages that a summary would make shorter")
    wanted = Snapshot(structs.replace(snapshot.metadata, asked=asked), snapshot.context)
    made = await make_summary(runtime, wanted, None, charge)
    if isinstance(made, NotCompacted):
        kind = CompactionFailedError if made.status == "failed" else NothingToCompactError
        raise kind(f"session {key} would not be compacted: {made.reason}")
    return CompactionPreview(
        first=made.first,
        last=made.last,
        replaced=len(made.numbers),
        kept=len(snapshot.context.messages) - len(made.numbers) + len(snapshot.context.waiting),
        text=made.text,
        method=made.method,
        before=made.before,
        after=made.after,
        reason=made.reason,
    )
