"""A session described to a person, line by line."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from argentos.gateway.output import age, counted, one_line, percent, printable, tokens
from argentos.gateway.printing.pairings import senders_of
from argentos.gateway.printing.tables import shortened, table

if TYPE_CHECKING:
    from argentos.actors import SessionInfo, SessionPairing
    from argentos.storage import CompactionAttempt

__all__ = ["described", "described_attempt"]

_IN_WORDS: Final = {
    "compacted": "compacted",
    "nothing_to_compact": "nothing to compact",
    "not_worth_it": "not worth it",
    "failed": "failed, and the history is kept",
    "stopped": "stopped",
}


def described(info: "SessionInfo", now: datetime, pairing: "SessionPairing | None" = None) -> str:
    """All that is known of a session, and the edges of its lifecycle that it took."""
    edges = [f"{taken.count:8}  {edge}  ({taken.last:%Y-%m-%d %H:%M:%S})" for edge, taken in info.edges.items()]
    return "\n".join(
        [table([*_rows(info, now), *_pairing(pairing)]), "", "The edges taken, how often, and when last:", *edges]
    )


def described_attempt(attempt: "CompactionAttempt") -> str:
    """An attempt of a compaction in a few words."""
    if attempt.status == "compacted":
        return f"{attempt.before} → {attempt.after} tokens, by {attempt.method}, in {attempt.seconds:.1f} s"
    why = f": {printable(one_line(attempt.reason))}" if attempt.reason else ""
    return f"{_IN_WORDS[attempt.status]}{why}"


def _rows(info: "SessionInfo", now: datetime) -> Iterator[tuple[str, str]]:
    yield "session", printable(info.id)
    yield "agent", printable(info.agent)
    if info.title:
        yield "title", printable(info.title)
    if info.tags:
        yield "tags", ", ".join(printable(each) for each in info.tags)
    if info.owner:
        yield "owner", printable(info.owner)
    if info.system:
        yield "system prompt", shortened(printable(one_line(info.system)))
    yield "state", info.state
    yield "created", f"{info.created_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "last activity", f"{info.last_activity:%Y-%m-%d %H:%M:%S} UTC{_recently(info.last_activity, now)}"
    yield "messages", f"{info.messages}, in {counted(info.turns, 'turn')}; {info.waiting} without an answer so far"
    yield from _trouble(info)
    yield "context", f"{tokens(info)} of {info.window} ({percent(info.percent)})"
    yield "of which", _parts(info)
    yield "compactions", str(info.compactions)
    if info.compaction:
        yield "the latest", described_attempt(info.compaction)
    if info.checkpoints:
        yield "checkpoints", f"{info.checkpoints}{f'; `undo` takes {info.undo} back' if info.undo else ''}"
    if info.parent:
        yield "forked from", printable(info.parent)


def _pairing(pairing: "SessionPairing | None") -> Iterator[tuple[str, str]]:
    """Rows about who writes to the session directly."""
    if pairing is not None and pairing.senders:
        yield "written to by", senders_of(pairing)
    if pairing is not None and pairing.joined_to:
        yield "joined to", f"{printable(pairing.joined_to)}, to which its sender writes now; see `argent pairing list`"


def _trouble(info: "SessionInfo") -> Iterator[tuple[str, str]]:
    """Rows about failures, and about things that wait."""
    if info.failed:
        yield "failed", f"{info.failed}: {printable(one_line(info.failure))}; see `argent sessions retry`"
    if info.retry_at:
        yield "next attempt", f"{info.retry_at:%Y-%m-%d %H:%M:%S} UTC: {printable(one_line(info.retry_reason))}"
    if info.approvals:
        yield "calls that wait for approval", f"{info.approvals}; see `argent sessions approvals`"
    if info.owed:
        yield "owed to channels", str(info.owed)
    if info.undeliverable:
        yield "undeliverable", str(info.undeliverable)


def _parts(info: "SessionInfo") -> str:
    """The parts of the context that there are, in words."""
    parts = info.parts
    named = {
        "system prompt": parts.system,
        "tools": parts.tools,
        "added by the model": parts.overhead,
        "summary": parts.summary,
        "recent messages": parts.recent,
        "new": parts.new,
    }
    return ", ".join(f"{count} {name}" for name, count in named.items() if count) or "nothing"


def _recently(time: datetime, now: datetime) -> str:
    """The age of a time, in brackets; empty where it is a date, which is printed already."""
    told = age(time, now)
    return "" if f"{time:%Y-%m-%d}" == told else f" ({told})"
