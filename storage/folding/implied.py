"""Records that others imply: the begin of a turn with its message, and its end with its reply."""

from collections.abc import Iterable, Iterator

from argentos.storage.records import Accepted, Record, Replied, Transitioned, TurnEnded, TurnStarted

__all__ = ["begin_of", "events_of"]


def events_of(records: Iterable[Record]) -> Iterator[Record]:
    """The records of one append, and the begins and ends of turns that they imply, as records of the same sequence.

    A turn that began at once did so behind the changes of state that its message has brought about.
    """
    begun: TurnStarted | None = None
    for record in records:
        if begun is not None and not isinstance(record, Transitioned):
            yield begun
            begun = None
        yield record
        if isinstance(record, Accepted) and record.turn:
            begun = begin_of(record)
        elif isinstance(record, Replied) and record.messages:
            yield _end_of(record)
    if begun is not None:
        yield begun


def begin_of(record: Accepted) -> TurnStarted:
    """The begin of the turn that began at once with a message."""
    return TurnStarted(
        sequence=record.sequence,
        epoch=record.epoch,
        at=record.at,
        turn=record.turn,
        attempt=1,
        messages=(record.number,),
        tokens=record.tokens,
        request_tokens=record.request_tokens,
    )


def _end_of(record: Replied) -> TurnEnded:
    return TurnEnded(
        sequence=record.sequence,
        epoch=record.epoch,
        at=record.at,
        turn=record.turn,
        outcome="replied",
        messages=record.messages,
    )
