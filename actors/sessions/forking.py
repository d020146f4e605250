"""The life of a session that begins with the context of another one, as records."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, NamedTuple, TypedDict

from argentos.actors.sessions.places import Window
from argentos.concurrency.chunks import in_chunks
from argentos.machines import SESSION, START, Refused
from argentos.machines.lifecycles.session import FIRST_MESSAGE
from argentos.storage import Forked, Metadata, Record, SessionKey, Snapshot, Transitioned, Updated, fold, hashes_in
from argentos.storage.branching.records import MOST_TOGETHER
from argentos.storage.folding.failures import failed_among

__all__ = ["Fork", "fork"]

_number: Final = attrgetter("number")
_tokens: Final = attrgetter("tokens")


class Fork(NamedTuple):
    """A session that begins with the context of another one.

    Attributes:
        records: its life so far.
        snapshot: what they add up to.
        links: the hashes of its attachments, and where they are.
    """

    records: Sequence[Record]
    snapshot: Snapshot
    links: Mapping[str, SessionKey]


class _Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


def fork(key: SessionKey, parent: Metadata, window: Window, now: datetime) -> Fork:
    """Make a new session; it settles where its messages have it.

    Args:
        key: of the new session.
        parent: the other one.
        window: with which it begins.
        now: the time.
    """
    records = [*_records(parent, window, now)]
    links = {sha256: parent.key for each in window.messages if each.blocks for sha256 in hashes_in(each.blocks)}
    return Fork(records, fold(key, None, records).snapshot, links)


def _records(parent: Metadata, window: Window, now: datetime) -> Iterator[Record]:
    sequence = 0

    def head() -> _Head:
        nonlocal sequence
        sequence += 1
        return {"sequence": sequence, "epoch": 1, "at": now}

    edge = SESSION.decide(START, FIRST_MESSAGE, None)
    if isinstance(edge, Refused):
        raise TypeError(f"the lifecycle has changed, and no fork fits it any more: {edge}")
    yield Transitioned(**head(), source=edge.source, target=edge.target, event=edge.event, label=edge.label)
    if parent.title or parent.tags or parent.owner or parent.system:
        yield Updated(
            **head(),
            title=parent.title,
            tags=parent.tags,
            owner=parent.owner,
            system=parent.system,
            system_tokens=parent.system_tokens,
        )
    last = window.last
    for chunk in [*in_chunks(window.messages, MOST_TOGETHER)] or [()]:
        yield Forked(
            **head(),
            parent=parent.session,
            checkpoint=window.checkpoint or None,
            messages=tuple(chunk),
            tokens=sum(map(_tokens, chunk)),
            last=last,
            turns=parent.turns,
            summary=window.summary,
            failed=failed_among(window.failed, set(map(_number, chunk))),
            calibration=parent.calibration,
        )
