"""The life of a session that begins with the context of another one, as records."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypedDict

from argentos.actors.sessions.places import Window
from argentos.concurrency.chunks import in_chunks
from argentos.machines import SESSION, START, Refused
from argentos.machines.lifecycles.session import FIRST_MESSAGE
from argentos.storage import Forked, Metadata, Record, SessionKey, Snapshot, Transitioned, Updated, fold, hashes_in
from argentos.storage.branching.records import MOST_TOGETHER

__all__ = ["fork", "links_of"]


class _Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


def fork(key: SessionKey, parent: Metadata, window: Window, now: datetime) -> tuple[list[Record], Snapshot]:
    """The records of a new session, and what they add up to; it settles where its messages have it.

    Args:
        key: of the new session.
        parent: the other one.
        window: with which it begins.
        now: the time.
    """
    records = [*_records(parent, window, now)]
    return records, fold(key, None, records).snapshot


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
    for chunk in [*in_chunks(window.messages, MOST_TOGETHER)] or [()]:
        yield Forked(
            **head(),
            parent=parent.session,
            checkpoint=window.checkpoint or None,
            messages=tuple(chunk),
            tokens=sum(each.tokens for each in chunk),
            last=window.last,
            turns=parent.turns,
            summary=window.summary,
        )


def links_of(window: Window, parent: SessionKey) -> dict[str, SessionKey]:
    """The hashes of the attachments of a context, and where they are."""
    return {sha256: parent for each in window.messages for sha256 in hashes_in(each.raw)}
