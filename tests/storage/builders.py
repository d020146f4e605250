"""Sessions as stores see them: records that follow from one another, made up action by action."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict

from hypothesis import strategies as st
from msgspec import structs

from argentos.storage import (
    MESSAGE_TOKENS,
    Accepted,
    Address,
    Cleared,
    Context,
    Delivered,
    Kept,
    Metadata,
    Outcome,
    Record,
    Replied,
    Retried,
    Role,
    SessionKey,
    Snapshot,
    Store,
    Summarised,
    Transitioned,
    TurnEnded,
    TurnStarted,
    Usage,
    fold,
)

KEY = SessionKey("main", "user-jason")
OTHER = SessionKey("main", "user-ada")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class _Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


class Story:
    """One session as its only owner would write it; `take` gives what has happened since it was last asked."""

    def __init__(self, key: SessionKey = KEY, epoch: int = 1) -> None:
        self.key = key
        self.epoch = epoch
        self.records: list[Record] = []
        self.archived: list[int] = []
        self._snapshot: Snapshot | None = None
        self._taken = 0
        self._add(
            Transitioned(**self._head(), source="[*]", target="Created", event="first_message", label="First message")
        )

    @property
    def snapshot(self) -> Snapshot:
        assert self._snapshot is not None
        return self._snapshot

    @property
    def metadata(self) -> Metadata:
        return self.snapshot.metadata

    @property
    def context(self) -> Context:
        return self.snapshot.context

    def owes(self, number: int) -> bool:
        return any(number in numbers for numbers in self.metadata.undelivered.values())

    def _head(self) -> _Head:
        sequence = len(self.records) + 1
        return {"sequence": sequence, "epoch": self.epoch, "at": BEGIN + timedelta(seconds=sequence)}

    def _add(self, record: Record) -> None:
        self._snapshot, archived, _ = fold(self.key, self._snapshot, [record])
        self.archived += [message.number for message in archived]
        self.records.append(record)

    @property
    def taken(self) -> int:
        return self._taken

    def take(self) -> list[Record]:
        records = self.records[self._taken :]
        self._taken = len(self.records)
        return records

    def say(self, text: str = "hello", role: Role = "user") -> "Story":
        number = self.metadata.messages + 1
        tokens = len(text) + MESSAGE_TOKENS
        self._add(Accepted(**self._head(), id=f"m-{number}", number=number, role=role, text=text, tokens=tokens))
        return self

    def start(self, count: int | None = None) -> "Story":
        turn = self.metadata.turn
        if turn is not None:
            attempt, messages, tokens = turn.attempt + 1, turn.messages, 0
        else:
            waiting = self.context.waiting[:count]
            attempt, messages = 1, tuple(message.number for message in waiting)
            tokens = sum(message.tokens for message in waiting)
        self._add(
            TurnStarted(
                **self._head(),
                turn=turn.turn if turn else self.metadata.turns + 1,
                attempt=attempt,
                messages=messages,
                tokens=tokens,
                request_tokens=self.metadata.tokens + tokens,
            )
        )
        return self

    def reply(self, text: str = "hi", usage: Usage | None = None) -> "Story":
        number = self.metadata.messages + 1
        turn = self.metadata.turn
        self._add(
            Replied(
                **self._head(),
                id=f"m-{number}",
                number=number,
                text=text,
                tokens=len(text) + MESSAGE_TOKENS,
                turn=self.metadata.turns,
                reply_to=(f"m-{number - 1}",),
                messages=turn.messages if turn else (),
                usage=usage,
            )
        )
        return self

    def end(self, outcome: Outcome = "replied") -> "Story":
        messages = self.metadata.turn.messages if self.metadata.turn else ()
        if outcome in {"stopped", "cleared"}:
            messages = (*messages, *self.metadata.waiting)
        self._add(TurnEnded(**self._head(), turn=self.metadata.turns, outcome=outcome, messages=messages))
        return self

    def retry(self, number: int) -> "Story":
        """Have the failed turn of this message, which it had to itself, run once more."""
        tokens = sum(message.tokens for message in self.context.messages if message.number == number)
        self._add(Retried(**self._head(), turn=self.metadata.turns, messages=(number,), tokens=tokens))
        return self

    def converse(self, *texts: str) -> "Story":
        for text in texts:
            self.say(text).start().reply(f"about {text}").end()
        return self

    def summarise(self, replaced: int, text: str = "so far") -> "Story":
        messages = self.context.messages[:replaced]
        self._add(
            Summarised(
                **self._head(),
                first=1,
                last=max(message.number for message in messages),
                replaced=replaced,
                freed=sum(message.tokens for message in messages),
                text=text,
                tokens=len(text) + MESSAGE_TOKENS,
                method="extractive",
                before=self.metadata.tokens,
                after=self.metadata.tokens,
            )
        )
        return self

    def clear(self) -> "Story":
        self._add(Cleared(**self._head()))
        return self

    def keep(self) -> "Story":
        self._add(Kept(**self._head()))
        return self

    def owe(self, channel: str = "telegram") -> "Story":
        """Have the last message owed to a channel, as its record says."""
        at = self._last_message
        self.records[at] = structs.replace(self.records[at], address=Address(channel, "somebody"), is_owed=True)
        self._snapshot, archived, _ = fold(self.key, None, self.records)
        self.archived = [message.number for message in archived]
        return self

    @property
    def _last_message(self) -> int:
        """Where the record of the last message stands; below zero where there is none."""
        found = [at for at, record in enumerate(self.records) if isinstance(record, Accepted | Replied)]
        return found[-1] if found else -1

    @property
    def may_owe(self) -> bool:
        """The last message is not owed to anybody, and nobody has been told of it."""
        at = self._last_message
        last = self.records[at]
        return at >= self._taken and isinstance(last, Accepted | Replied) and not last.is_owed

    def deliver(self, number: int) -> "Story":
        self._add(Delivered(**self._head(), number=number))
        return self

    def move(self, source: str, target: str) -> "Story":
        self._add(Transitioned(**self._head(), source=source, target=target, event="event", label="label"))
        return self


Action = Literal[
    "user", "agent", "start", "reply", "end", "stop", "summarise", "clear", "keep", "move", "owe", "deliver"
]
Scene = tuple[Action, str]

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just("x" * 300)
_turns: list[Action] = ["user", "user", "agent", "start", "start", "reply", "end", "stop"]
_others: list[Action] = ["summarise", "clear", "keep", "move", "owe", "deliver"]
_actions: st.SearchStrategy[Action] = st.sampled_from([*_turns, *_others])
scenes: st.SearchStrategy[list[Scene]] = st.lists(st.tuples(_actions, _texts), max_size=8)


def play(story: Story, script: Sequence[Scene]) -> Story:
    """Go on as the script says, passing over what cannot happen now."""
    for action, text in script:
        _play(story, action, text)
    return story


def _play(story: Story, action: Action, text: str) -> None:
    runs = story.metadata.turn is not None
    match action:
        case "user" | "agent":
            story.say(text, "user" if action == "user" else "assistant")
        case "start" if runs or story.context.waiting:
            story.start(1 + len(text) % 3)
        case "reply" if runs:
            story.reply(text, Usage("model", len(text), 3)).end()
        case "end" if runs:
            story.end("failed")
        case "stop" if not story.metadata.is_settled:
            story.end("stopped")
        case "summarise" if story.context.messages:
            story.summarise(1 + len(text) % len(story.context.messages), text)
        case "clear":
            story.clear()
        case "keep":
            story.keep()
        case "move":
            story.move("Active", ("Created", "Active", "Idle", "Compacted")[len(text) % 4])
        case _:
            _post(story, action, text)


def _post(story: Story, action: Action, text: str) -> None:
    last = story.metadata.messages
    if action == "owe" and last and story.may_owe:
        story.owe("telegram" if len(text) % 2 else "discord")
    elif action == "deliver":
        story.deliver(len(text))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    return play(Story(), draw(st.lists(st.tuples(_actions, _texts), max_size=30)))


async def append(store: Store, story: Story) -> bool:
    """Append what has happened since the last time."""
    records = story.take()
    return await store.append(story.key, story.epoch, records[0].sequence - 1, records)


async def appended(store: Store, *stories: Story) -> None:
    for story in stories:
        await append(store, story)
