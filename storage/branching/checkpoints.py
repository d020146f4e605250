"""Checkpoints: places in the history of a session to which one can go back, or from which one can fork."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from argentos.storage.messages import FailedTurn, Summary

__all__ = ["Checkpoint", "CheckpointKind", "Span", "numbers_in", "spans_of"]

CheckpointKind: TypeAlias = Literal["compaction", "clear", "rewind", "regeneration"]

Span: TypeAlias = tuple[int, int]
"""The numbers of the first and the last of some messages, numbered one by one."""


class Checkpoint(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """The context of a session as it was just before messages left it.

    Attributes:
        name: `c1` for the first of the session.
        kind: what had the messages leave.
        sequence: of the record that did.
        by: who asked for it, where that is known.
        before: the name of the checkpoint in front of it that had not been taken back; empty where there was none.
        tokens: of the context, counted locally.
        window: the numbers of its messages, in its order.
        taken: of those that left.
        behind: the number of the message in front of them; 0 where they were the first.
        summary: the summary that it had.
        failed: the turns that failed with some of those that left.
        withheld: the numbers of those that left and were owed to a channel until then.
    """

    name: str
    kind: CheckpointKind
    sequence: int
    at: datetime
    by: str | None = None
    before: str = ""
    tokens: int = 0
    window: tuple[Span, ...] = ()
    taken: tuple[Span, ...] = ()
    behind: int = 0
    summary: Summary | None = None
    failed: tuple[FailedTurn, ...] = ()
    withheld: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        """The highest number of a message that was there, or that its summary speaks for."""
        return max((last for _, last in self.window), default=self.summary.last if self.summary else 0)


def spans_of(numbers: Iterable[int]) -> tuple[Span, ...]:
    """Numbers in their order, as spans."""
    listed, spans = [*numbers], list[Span]()
    if listed and listed == [*range(listed[0], listed[0] + len(listed))]:  # as most are, at a tenth of the cost
        return ((listed[0], listed[-1]),)
    for number in listed:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return tuple(spans)


def numbers_in(spans: Iterable[Span]) -> Iterator[int]:
    """The numbers in spans, in their order."""
    for first, last in spans:
        yield from range(first, last + 1)
