"""The life that a session with the messages of a transcript has led, as records.

It was made, its users' messages were accepted and answered in turns, its summary replaced what came before. The fold
of these records is the session. No model is asked for anything: what was never answered ended without a reply, and a
context larger than the window is kept until the next message, which has it compacted first.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Final, NamedTuple, TypedDict

from argentos.actors.transcripts.calls import with_all_results
from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage, TranscriptSummary
from argentos.actors.transcripts.validation import as_transcript
from argentos.llm import TokenCounter, count_content
from argentos.machines import SESSION, START, Refused
from argentos.storage import (
    MESSAGE_TOKENS,
    Accepted,
    Address,
    Charged,
    Cleared,
    Kept,
    Record,
    Replied,
    SessionKey,
    Snapshot,
    Summarised,
    Transitioned,
    TurnEnded,
    TurnStarted,
    Updated,
    Usage,
    fold,
)

__all__ = ["life_of", "records_of"]

_BEFORE: Final = "before the import"  # in the place of a model's name
_MOST_WAITING: Final = 1000  # as in a mailbox; without a bound the fold would not be linear


def life_of(
    key: SessionKey, transcript: Transcript, count: TokenCounter, now: datetime
) -> tuple[list[Record], Snapshot]:
    """The records of a new session with these messages, and what they add up to; see `records_of`."""
    records = records_of(transcript, count=count, now=now)
    return records, fold(key, None, records).snapshot


def records_of(transcript: Transcript, *, count: TokenCounter, now: datetime, epoch: int = 1) -> list[Record]:
    """The records of a new session with these messages, numbered from 1 in their order.

    Args:
        transcript: ids that lack or repeat are made up; a time that lacks, or is before the one before it, becomes
            that one.
        count: counts the tokens of a text.
        now: the time where the transcript knows none at all.
        epoch: of the owner.

    Raises:
        InputError: it cannot be taken; see `as_transcript`.
    """
    transcript = with_all_results(as_transcript(transcript))
    scribe = _Scribe(transcript, _times(transcript, now), count, epoch)
    scribe.write()
    return scribe.records


def _times(transcript: Transcript, now: datetime) -> list[datetime]:
    """The times at which the session was made and each message came: each not before the one before it."""
    known = (message.at for message in transcript.messages)
    first = next((at for at in known if at is not None), None)
    created = transcript.created_at or first or now.astimezone(UTC)
    times = [min(created, first) if first else created]
    for message in transcript.messages:
        times.append(max(times[-1], message.at or first or created))
    return times


def _ids(messages: Sequence[TranscriptMessage]) -> list[str]:
    """An id for each message: its own where it is the first to have it."""
    taken = {each for message in messages for each in (message.id, *(message.reply_to or ()))}
    seen: set[str] = set()
    ids: list[str] = []
    for number, message in enumerate(messages, start=1):
        if message.id is not None and message.id not in seen:
            ids.append(message.id)
        else:
            made = f"imported-{number}"
            while made in taken:
                made += "+"
            taken.add(made)
            ids.append(made)
        seen.add(ids[-1])
    return ids


def _replies(messages: Sequence[TranscriptMessage], ids: Sequence[str]) -> list[tuple[str, ...]]:
    """For each message the ids of those it answers; none for users' messages, and what the agent said by itself."""
    waiting: dict[str, int] = {}
    replies: list[tuple[str, ...]] = []
    for message, message_id in zip(messages, ids, strict=True):
        reply_to: tuple[str, ...] = ()
        if message.is_asked:
            if len(waiting) >= _MOST_WAITING:
                waiting.clear()
            waiting[message_id] = len(replies)
        elif message.role == "assistant":
            reply_to = tuple(waiting) if message.reply_to is None else message.reply_to
            last = max((waiting.get(each, -1) for each in reply_to), default=-1)
            for each in [each for each, place in waiting.items() if place <= last]:
                del waiting[each]
        replies.append(reply_to)
    return replies


class _WhatHeld:
    """The facts of what has happened: that it did is the proof."""

    has_message = compaction_is_due = has_older_messages = summary_is_durable = context_fits = True


class _Asked(NamedTuple):
    """A user's message that no turn has taken up yet."""

    number: int
    tokens: int
    address: Address | None
    archived: bool
    is_answered: bool


class _Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


class _Scribe:
    """Writes the records, message by message. No turn is open between two of them."""

    def __init__(self, transcript: Transcript, times: Sequence[datetime], count: TokenCounter, epoch: int) -> None:
        self.records: list[Record] = []
        self._messages = transcript.messages
        self._summary = transcript.summary
        self._spent = transcript.spent
        self._named = (transcript.title, transcript.tags, transcript.owner, transcript.system)
        self._times = times
        self._ids = _ids(transcript.messages)
        self._count = count
        self._epoch = epoch
        self._now = times[0]
        self._state = START
        self._turns = 0
        self._tokens = 0  # of the context
        self._waiting: deque[_Asked] = deque()
        self._asked: dict[str, int] = {}  # the numbers of the users' messages by their ids
        self._replaced, self._freed, self._begins_archived = 0, 0, True  # of the context: what leads it, archived
        self._replies = _replies(self._messages, self._ids)
        self._answered = {each for answered in self._replies for each in answered}

    def write(self) -> None:
        """All of it."""
        self._take_edge("first_message")
        self._name()
        if self._spent:
            self.records.append(Charged(**self._head(), usage=Usage(_BEFORE, 0, 0, cost=self._spent)))
        cut = self._cut()
        for number, message in enumerate(self._messages, start=1):
            self._now = self._times[number]
            self._write(number, message)
            if number == 1:
                self._take_edge("processing_messages")
            self._give_up(self._next(lambda asked: not asked.is_answered))
            if number == cut:
                self._empty_context()
        self._give_up(len(self._waiting))
        if self._messages:
            self.records.append(Kept(**self._head()))  # however large it is: compacting is for the next message

    def _name(self) -> None:
        """Title, tags, owner and system prompt, where there are any; what is imported counts as read."""
        title, tags, owner, system = self._named
        read = len(self._messages)
        if title or tags or owner or system or read:
            tokens = self._count(system) if system else 0
            self.records.append(
                Updated(
                    **self._head(), title=title, tags=tags, owner=owner, system=system, system_tokens=tokens, read=read
                )
            )

    def _cut(self) -> int:
        """The number of the message behind which the archived ones left; 0 if none did."""
        if self._summary is None:
            return sum(1 for _ in takewhile(lambda message: message.archived, self._messages))
        last = max((number for number, each in enumerate(self._messages, 1) if each.archived), default=0)
        at = self._summary.at or self._times[0]
        return max(last, bisect_right(self._times, at) - 1, 1)

    def _write(self, number: int, message: TranscriptMessage) -> None:
        tokens = count_content(message.raw, self._count) + MESSAGE_TOKENS
        if message.is_asked:
            self._ask(number, message, tokens)
        elif self._replies[number - 1]:
            self._reply(number, message, tokens)
        else:
            self._append(number, message, tokens)

    def _ask(self, number: int, message: TranscriptMessage, tokens: int) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._give_up(len(self._waiting))
        message_id = self._ids[number - 1]
        self._accept(number, message, tokens)
        self._asked[message_id] = number
        is_answered = message_id in self._answered
        self._waiting.append(_Asked(number, tokens, message.address, message.archived, is_answered))

    def _append(self, number: int, message: TranscriptMessage, tokens: int) -> None:
        """The agent speaks of its own accord, or tools have answered it; what is archived comes before what is not."""
        if not message.archived:
            self._give_up(self._next(lambda asked: asked.archived))
        self._accept(number, message, tokens)
        self._join(tokens, archived=message.archived)

    def _accept(self, number: int, message: TranscriptMessage, tokens: int) -> None:
        self.records.append(
            Accepted(
                **self._head(),
                id=self._ids[number - 1],
                number=number,
                role=message.role,
                content=message.raw,
                tokens=tokens,
                sender=message.sender,
                address=message.address,
                is_appended=message.role == "user" and not message.is_asked,
            )
        )

    def _reply(self, number: int, message: TranscriptMessage, tokens: int) -> None:
        """End the turn of what waits up to the last message answered, and of what is archived where this is not.

        Where those have been given up before, there is no turn to end.
        """
        reply_to = self._replies[number - 1]
        last = max(self._asked.get(each, 0) for each in reply_to)
        stays = not message.archived
        taken = self._begin_turn(self._next(lambda asked: asked.number <= last or (asked.archived and stays)))
        self.records.append(
            Replied(
                **self._head(),
                id=self._ids[number - 1],
                number=number,
                content=message.raw,
                tokens=tokens,
                turn=self._turns,
                reply_to=reply_to,
                messages=tuple(asked.number for asked in taken),
                sender=message.sender,
                address=_address(message, taken),
                stop_reason=message.stop_reason,
            )
        )
        self._join(tokens, archived=message.archived)

    def _next(self, belongs: Callable[[_Asked], bool]) -> int:
        """The number of messages at the head of the queue that have this."""
        return sum(1 for _ in takewhile(belongs, self._waiting))

    def _give_up(self, count: int) -> None:
        """The next so many messages that wait get no reply."""
        taken = self._begin_turn(count)
        if taken:
            numbers = tuple(asked.number for asked in taken)
            self.records.append(TurnEnded(**self._head(), turn=self._turns, outcome="no_reply", messages=numbers))

    def _begin_turn(self, count: int) -> list[_Asked]:
        taken = [self._waiting.popleft() for _ in range(count)]
        if taken:
            self._turns += 1
            tokens = sum(asked.tokens for asked in taken)
            self.records.append(
                TurnStarted(
                    **self._head(),
                    turn=self._turns,
                    attempt=1,
                    messages=tuple(asked.number for asked in taken),
                    tokens=tokens,
                    request_tokens=self._tokens + tokens,
                )
            )
        for asked in taken:
            self._join(asked.tokens, archived=asked.archived)
        return taken

    def _join(self, tokens: int, *, archived: bool) -> None:
        """A message joins the context."""
        self._tokens += tokens
        self._begins_archived = self._begins_archived and archived
        if self._begins_archived:
            self._replaced += 1
            self._freed += tokens

    def _empty_context(self) -> None:
        """Have the archived messages leave the context."""
        self._give_up(self._next(lambda asked: asked.archived))
        if self._summary is None:
            self.records.append(Cleared(**self._head()))
            self._tokens = 0
            return
        self._now = max(self._now, self._summary.at or self._now)
        self._take_edge("context_window_full")
        self._summarise(self._summary)
        self._take_edge("continues_with_summary")

    def _summarise(self, summary: TranscriptSummary) -> None:
        tokens = self._count(summary.text)
        after = self._tokens - self._freed + tokens
        self.records.append(
            Summarised(
                **self._head(),
                first=1 if summary.first is None else summary.first,
                last=self._replaced if summary.last is None else summary.last,
                replaced=self._replaced,
                freed=self._freed,
                text=summary.text,
                tokens=tokens,
                method=summary.method,
                before=self._tokens if summary.before is None else summary.before,
                after=after if summary.after is None else summary.after,
            )
        )
        self._tokens = after

    def _take_edge(self, event: str) -> None:
        edge = SESSION.decide(self._state, event, _WhatHeld)
        if isinstance(edge, Refused):
            raise TypeError(f"the lifecycle has changed, and no transcript fits it any more: {edge}")
        self.records.append(
            Transitioned(**self._head(), source=edge.source, target=edge.target, event=edge.event, label=edge.label)
        )
        self._state = edge.target

    def _head(self) -> _Head:
        return {"sequence": len(self.records) + 1, "epoch": self._epoch, "at": self._now}


def _address(reply: TranscriptMessage, answered: Sequence[_Asked]) -> Address | None:
    """The address of a reply: that of the messages it answers, unless it has its own."""
    if reply.address is None and reply.reply_to is None and answered:
        return answered[-1].address
    return reply.address
