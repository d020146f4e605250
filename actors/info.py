"""Information about sessions, and lists of them."""

import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

from anyio.lowlevel import checkpoint
from msgspec import Struct

from argentos.actors.core.deadlines import idle_at, state_at
from argentos.actors.core.decisions.draft import COMPACTING
from argentos.actors.settings.config import Config
from argentos.concurrency.chunks import merged_in_chunks
from argentos.llm import ContextParts, Gauge
from argentos.storage import CompactionAttempt, Metadata, Taken

__all__ = ["Latest", "SessionFilter", "SessionInfo", "SessionStatus"]

SessionStatus: TypeAlias = Literal["parked", "approval", "compacting", "working", "failed", "new", "idle"]
"""A word for what a session does: see `SessionInfo.status`."""


class SessionInfo(Struct, frozen=True, gc=False, kw_only=True, rename="camel"):
    """A session at a moment.

    Attributes:
        title: to show; empty where there is none.
        tags: to find it by.
        owner: whose it is; empty where that is not known.
        system: its own system prompt; empty where it has that of its agent.
        sequence: of the latest record.
        state: of the machine; an overdue timer counts as fired.
        idle_at: when it becomes idle, unless something happens before; None where that is not to be expected.
        messages: how many were ever accepted.
        tokens: of the next request, estimated in the model's tokens: by this it is decided when to compact.
        is_guess: no report of the model is of this context, so that it is about as much.
        parts: what the tokens are made of.
        window: the most that the context may have.
        percent: of the window.
        threshold: the part of the window from which on the context is compacted.
        spent: what the model has cost it so far, in the currency of the model's prices; 0 where it has none.
        compaction: the latest one that was tried, and what came of it; None where none was.
        waiting: messages without an answer so far.
        failed: messages whose turn failed, and which can be tried again.
        failure: why the latest of these turns failed; empty where none did.
        retry_at: when the model is asked again that could not answer; None where it has not to wait.
        retry_reason: why it could not.
        approvals: calls of tools that wait for a person's word.
        owed: messages to be delivered to their channels.
        undeliverable: messages that could not be, the latest hundred.
        checkpoints: how many there are, see `Session.checkpoints`.
        undo: the name of the one that `Session.undo` takes back; empty where there is none.
        parent: the id of the session from which it was forked; empty where it was not.
        pinned: lists show it in front of the others.
        archived: lists leave it out, unless they are asked for it.
        unread: messages behind the last one that a person has read: see `Session.update`.
        channels: through which messages came, in the order in which they were first used, 32 at most.
        status: the session in one word: `parked`; `approval` where a call waits for a person's word; `compacting`;
            `working` where a message waits for its answer; `failed` where the latest turn did; `new` where there was
            no message so far; else `idle`.
        since: when that began.
        reason: of the status, where there is one to tell: why the latest turn failed, or the session is parked, why a
            turn is delayed, which tools wait for a person's word.
        edges: for each edge of the diagram, as mermaid writes it, how often it was taken, and when last.
    """

    id: str
    agent: str
    sequence: int
    state: str
    created_at: datetime
    last_activity: datetime
    idle_at: datetime | None
    messages: int
    turns: int
    tokens: int
    is_guess: bool
    parts: ContextParts
    window: int
    percent: float
    threshold: float
    spent: float
    compactions: int
    compaction: CompactionAttempt | None
    waiting: int
    failed: int
    failure: str
    retry_at: datetime | None
    retry_reason: str
    approvals: int
    owed: int
    undeliverable: int
    title: str
    tags: tuple[str, ...]
    owner: str
    system: str
    checkpoints: int
    undo: str
    parent: str
    pinned: bool
    archived: bool
    unread: int
    channels: tuple[str, ...]
    status: SessionStatus
    since: datetime
    reason: str
    edges: dict[str, Taken]

    @classmethod
    def of(
        cls, metadata: Metadata, config: Config, gauge: Gauge, quiet: float, parked: tuple[datetime, str] | None = None
    ) -> "SessionInfo":
        """Read it off the metadata.

        Args:
            metadata: of the session.
            config: the settings.
            gauge: the one that decides about compactions.
            quiet: seconds since something last happened.
            parked: since when the session is parked, and why; None where it is not.
        """
        tokens = gauge.estimate(metadata)
        standing = _Standing("parked", *parked) if parked else _standing_of(metadata)
        delay = metadata.turn.delay if metadata.turn else None
        state = state_at(metadata, quiet, config.idle_after)
        # Names are shared: those of the edges alone would be a third of what a session takes in a long list.
        return cls(
            id=metadata.session,
            agent=sys.intern(metadata.agent),
            sequence=metadata.sequence,
            state=sys.intern(state),
            created_at=metadata.created_at,
            last_activity=metadata.last_activity,
            idle_at=idle_at(metadata, config.idle_after) if state == metadata.state else None,
            messages=metadata.messages,
            turns=metadata.turns,
            tokens=tokens,
            is_guess=tokens > 0 and not gauge.is_backed(metadata),
            parts=gauge.parts(metadata),
            window=gauge.window,
            percent=round(100 * tokens / gauge.window, 1),
            threshold=config.compaction_threshold,
            spent=metadata.spending.total if metadata.spending else 0.0,
            compactions=metadata.compactions,
            compaction=metadata.attempts[-1] if metadata.attempts else None,
            waiting=len(metadata.waiting) + (len(metadata.turn.messages) if metadata.turn else 0),
            failed=sum([len(each.messages) for each in metadata.failed]),
            failure=metadata.failed[-1].reason if metadata.failed else "",
            retry_at=delay.at + timedelta(seconds=delay.seconds) if delay else None,
            retry_reason=delay.reason if delay else "",
            approvals=len(metadata.turn.asked) if metadata.turn else 0,
            owed=sum([len(numbers) for numbers in metadata.undelivered.values()]),
            undeliverable=len(metadata.undeliverable),
            title=metadata.title,
            tags=metadata.tags,
            owner=metadata.owner,
            system=metadata.system,
            checkpoints=metadata.checkpoints,
            undo=metadata.checkpoint,
            parent=metadata.origin.session if metadata.origin else "",
            pinned=metadata.pinned,
            archived=metadata.archived,
            unread=metadata.messages - metadata.read,
            channels=metadata.channels,
            status=standing.status,
            since=standing.since,
            reason=standing.reason,
            edges={sys.intern(edge): taken for edge, taken in metadata.edges.items()},
        )

    @property
    def is_at_work(self) -> bool:
        """A message waits for its answer, or the session waits for a summary."""
        return self.waiting > 0 or self.state in COMPACTING


class _Standing(NamedTuple):
    """A status, since when it holds, and a reason where there is one to tell."""

    status: SessionStatus
    since: datetime
    reason: str = ""


def _standing_of(metadata: Metadata) -> _Standing:
    """The standing of a session that is not parked."""
    turn, changed = metadata.turn, metadata.work_changed or metadata.created_at
    if turn is not None and turn.asked:
        asked_at = min((each.asked_at for each in turn.asked if each.asked_at is not None), default=changed)
        return _Standing("approval", asked_at, ", ".join(dict.fromkeys(each.name for each in turn.asked)))
    if metadata.state in COMPACTING:
        return _Standing("compacting", metadata.since)
    if not metadata.is_settled:
        return _Standing("working", changed, turn.delay.reason if turn is not None and turn.delay else "")
    if metadata.failed and metadata.failed[-1].turn == metadata.turns:
        return _Standing("failed", changed, metadata.failed[-1].reason)
    return _Standing("idle" if metadata.messages else "new", changed)


class SessionFilter(Struct, frozen=True):
    """Chooses sessions: by the beginning of their ids, owner, tag, and those active since then; None takes all."""

    prefix: str | None = None
    owner: str | None = None
    tag: str | None = None
    active_since: datetime | None = None

    def takes(self, metadata: Metadata) -> bool:
        """Tell whether the session is chosen."""
        return (
            (self.prefix is None or metadata.session.startswith(self.prefix))
            and self.owner in {None, metadata.owner}
            and (self.tag is None or self.tag in metadata.tags)
            and (self.active_since is None or metadata.last_activity >= self.active_since)
        )


class Latest:
    """Collects the sessions with the latest activity, and lets go of the others.

    Args:
        limit: how many, at most; None for all.
        spare: how many too many are collected before they are sorted out.
    """

    def __init__(self, limit: int | None, spare: int = 5000) -> None:
        self._limit = limit
        self._spare = spare
        self._steps: list[list[SessionInfo]] = []  # each in order
        self._held = 0

    def add(self, infos: Iterable[SessionInfo]) -> None:
        """Tell of some: few enough to be sorted without keeping anybody waiting."""
        self._steps.append(_sorted(infos))
        self._held += len(self._steps[-1])
        if self._limit is not None and self._held > self._limit + self._spare:
            self._steps = [_sorted(chain(*self._steps))[: self._limit]]
            self._held = len(self._steps[0])

    async def sorted(self, give_way: Callable[[], Awaitable[None]] = checkpoint) -> list[SessionInfo]:
        """Sort by the latest activity; others are given way in between."""
        return (await merged_in_chunks(self._steps, _last_activity, give_way))[: self._limit]


def _sorted(infos: Iterable[SessionInfo]) -> list[SessionInfo]:
    return sorted(infos, key=_last_activity, reverse=True)


def _last_activity(info: SessionInfo) -> datetime:
    return info.last_activity
