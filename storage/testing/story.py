"""Sessions as stores see them: records that follow from one another, made up action by action."""

from datetime import timedelta

from msgspec import structs

from argentos.storage.blocks import RawBlock
from argentos.storage.branching.checkpoints import numbers_in
from argentos.storage.fold import fold
from argentos.storage.folding.failures import failed_among
from argentos.storage.messages import MESSAGE_TOKENS, Address, Role, Usage
from argentos.storage.records import (
    Accepted,
    ApprovalAsked,
    ApprovalDecided,
    CallEnded,
    Charged,
    Cleared,
    Commanded,
    CompactionAsked,
    CompactionDeclined,
    CompactionResumed,
    CompactionStatus,
    Cut,
    Delivered,
    Forked,
    Kept,
    Outcome,
    OwedAgain,
    Replied,
    Responded,
    Retried,
    Rewound,
    Shortened,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
    Undone,
    Updated,
)
from argentos.storage.store import Store
from argentos.storage.testing.chronicle import BEGIN, KEY, OTHER, Chronicle

__all__ = ["BEGIN", "KEY", "OTHER", "Story", "append", "appended"]


class Story(Chronicle):
    """One session as its only owner would write it; each method adds what happens next, and returns the story."""

    def ask(self, text: str = "hello") -> "Story":
        """Have the user say something, and a turn begin at once that answers this alone."""
        number = self.metadata.messages + 1
        tokens = len(text) + MESSAGE_TOKENS
        self._add(
            Accepted(
                **self._head(),
                id=f"m-{number}",
                number=number,
                role="user",
                content=text,
                tokens=tokens,
                turn=self.metadata.turns + 1,
                request_tokens=self.metadata.tokens + tokens,
            )
        )
        return self

    def show(self, *blocks: RawBlock) -> "Story":
        """Have the agent say something in blocks."""
        number = self.metadata.messages + 1
        self._add(Accepted(**self._head(), id=f"m-{number}", number=number, role="assistant", content=blocks, tokens=9))
        return self

    def say(self, text: str = "hello", role: Role = "user") -> "Story":
        """Have somebody say something; what a user says waits for an answer."""
        number = self.metadata.messages + 1
        tokens = len(text) + MESSAGE_TOKENS
        self._add(Accepted(**self._head(), id=f"m-{number}", number=number, role=role, content=text, tokens=tokens))
        return self

    def start(self, count: int | None = None) -> "Story":
        """Have a turn take up what waits, so many messages at most; one that is open makes another attempt."""
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

    def delay(self, seconds: float = 1.0) -> "Story":
        """Have the open turn wait before it makes another attempt."""
        turn = self.metadata.turn
        attempt = turn.attempt if turn else 1
        self._add(
            TurnDelayed(**self._head(), turn=self.metadata.turns, attempt=attempt, seconds=seconds, reason="busy")
        )
        return self

    def call(self, *names: str, text: str = "let me see", usage: Usage | None = None) -> "Story":
        """Have the model call these tools in the open turn; without any, it pauses."""
        number, turn = self.metadata.messages + 1, self.metadata.turns
        calls = [
            {"type": "tool_use", "id": f"c-{number}-{at}", "name": each, "input": {"at": at}}
            for at, each in enumerate(names)
        ]
        self._add(
            Responded(
                **self._head(),
                id=f"m-{number}",
                number=number,
                content=({"type": "text", "text": text}, *calls),
                tokens=len(text) + 9 * len(names) + MESSAGE_TOKENS,
                turn=turn,
                usage=usage,
            )
        )
        return self

    def result(self, text: str = "42", *, at: int = 0, is_error: bool = False) -> "Story":
        """Have a call of the open turn end, one of those that have no result."""
        calls = self.metadata.turn.calls if self.metadata.turn else ()
        number = self.metadata.messages + 1 if len(calls) == 1 else 0
        self._add(
            CallEnded(
                **self._head(),
                turn=self.metadata.turns,
                call_id=calls[at % len(calls)].id,
                content=text,
                is_error=is_error,
                tokens=len(text) + (MESSAGE_TOKENS if number else 0),
                number=number,
                id=f"m-{number}" if number else "",
            )
        )
        return self

    def answer_calls(self) -> "Story":
        """Have all calls of the open turn end."""
        while self.metadata.turn and self.metadata.turn.calls:
            self.result()
        return self

    def approve(self, *, is_asked: bool) -> "Story":
        """Have a person asked whether the first call may run, or have that person allow it."""
        call = next(iter(self.metadata.turn.calls if self.metadata.turn else ()))
        turn, head = self.metadata.turns, self._head()
        if is_asked:
            until = head["at"] + timedelta(days=1)
            self._add(ApprovalAsked(**head, turn=turn, call_id=call.id, expires_at=until))
        else:
            self._add(ApprovalDecided(**head, turn=turn, call_id=call.id, outcome="approved"))
        return self

    def reply(self, text: str = "hi", usage: Usage | None = None) -> "Story":
        """Have the agent answer, which ends the turn."""
        self.answer_calls()
        number = self.metadata.messages + 1
        turn = self.metadata.turn
        self._add(
            Replied(
                **self._head(),
                id=f"m-{number}",
                number=number,
                content=text,
                tokens=len(text) + MESSAGE_TOKENS,
                turn=self.metadata.turns,
                reply_to=(f"m-{number - 1}",),
                messages=turn.messages if turn else (),
                usage=usage,
            )
        )
        return self

    def end(self, outcome: Outcome = "replied") -> "Story":
        """End the turn; a stop ends what waits behind it, too."""
        self.answer_calls()
        messages = self.metadata.turn.messages if self.metadata.turn else ()
        tokens = 0
        if outcome in {"stopped", "cleared"}:
            messages, tokens = (*messages, *self.metadata.waiting), self.metadata.waiting_tokens
        self._add(
            TurnEnded(**self._head(), turn=self.metadata.turns, outcome=outcome, messages=messages, tokens=tokens)
        )
        return self

    def refuse(self, tokens: int) -> "Story":
        """End the turn, of which the whole has so many tokens, for the model refuses it."""
        turn = self.metadata.turn
        messages = turn.messages if turn else ()
        self._add(
            TurnEnded(**self._head(), turn=self.metadata.turns, outcome="refused", messages=messages, tokens=tokens)
        )
        return self

    def retry(self, number: int) -> "Story":
        """Have the failed turn of this message, which it had to itself, run once more."""
        tokens = sum(message.tokens for message in self.context.messages if message.number == number)
        self._add(Retried(**self._head(), turn=self.metadata.turns, messages=(number,), tokens=tokens))
        return self

    def shorten(self, characters: int, *numbers: int) -> "Story":
        """Have requests show so many characters of the results in these messages; with 0, none of the messages."""
        found = [message for message in self.context.messages if message.number in numbers]
        cuts = tuple(Cut(message.number, characters, min(message.tokens, characters)) for message in found)
        freed = sum(message.tokens for message in found) - sum(each.tokens for each in cuts)
        self._add(Shortened(**self._head(), cuts=cuts, freed=freed))
        return self

    def converse(self, *texts: str) -> "Story":
        """Have each of these said, and answered."""
        for text in texts:
            self.say(text).start().reply(f"about {text}").end()
        return self

    def summarise(self, replaced: int, text: str = "so far") -> "Story":
        """Put a summary in the place of so many messages."""
        messages = self.context.messages[:replaced]
        self._add(
            Summarised(
                **self._head(),
                **self._place(),
                first=1,
                last=max(message.number for message in messages),
                replaced=replaced,
                freed=sum(message.tokens for message in messages),
                text=text,
                tokens=len(text) + MESSAGE_TOKENS,
                method="extractive",
                before=self.metadata.tokens,
                after=self.metadata.tokens,
                failed=failed_among(self.metadata.failed, {message.number for message in messages}),
            )
        )
        return self

    def clear(self) -> "Story":
        """Empty the context, in which no call is open any more."""
        self.answer_calls()
        self._add(Cleared(**self._head(), **self._place(), failed=self.metadata.failed))
        return self

    def rewind(self, count: int, again: int = 0) -> "Story":
        """Have the latest messages leave the context, and the one before them wait again for an answer if so told."""
        kept, left = self.context.messages[:-count], self.context.messages[-count:]
        asked = kept[len(kept) - again :]
        self._add(
            Rewound(
                **self._head(),
                **self._place(),
                messages=tuple(each.number for each in left),
                freed=sum(each.tokens for each in left),
                again=tuple(each.number for each in asked),
                tokens=sum(each.tokens for each in asked),
                failed=failed_among(self.metadata.failed, {each.number for each in left}),
                withheld=tuple(each.number for each in left if again and self.owes(each.number)),
            )
        )
        return self

    def undo(self) -> "Story":
        """Have the messages come back that left at the latest checkpoint which was not taken back."""
        place = next(each for each in self._checkpoints if each.name == self.metadata.checkpoint)
        known = {each.number: each for each in self._archived}
        back = tuple(known[number] for number in numbers_in(place.taken))
        self._add(
            Undone(
                **self._head(),
                checkpoint=place.name,
                parent=place.before or None,
                messages=back,
                behind=place.behind,
                tokens=sum(each.tokens for each in back),
                summary=place.summary,
                failed=place.failed,
                owed=place.withheld,
            )
        )
        return self

    def fork(self, other: "Story") -> "Story":
        """Begin with the context of another story."""
        metadata, context = other.snapshot
        self._add(
            Forked(
                **self._head(),
                parent=other.key.id,
                messages=context.messages,
                tokens=sum(each.tokens for each in context.messages),
                last=metadata.messages,
                turns=metadata.turns,
                summary=context.summary,
                failed=metadata.failed,
                calibration=metadata.calibration,
            )
        )
        return self

    def resume(self, attempt: int = 2) -> "Story":
        """Begin a compaction again."""
        self._add(CompactionResumed(**self._head(), attempt=attempt))
        return self

    def update(self, title: str, *tags: str, owner: str = "", system: str = "") -> "Story":
        """Change what the session is found by, and its system prompt."""
        tokens = len(system)
        self._add(Updated(**self._head(), title=title, tags=tags, owner=owner, system=system, system_tokens=tokens))
        return self

    def keep(self) -> "Story":
        """End a compaction without a summary."""
        self._add(Kept(**self._head(), status="failed", tokens=self.metadata.tokens, reason="no", seconds=1.5))
        return self

    def ask_compaction(self, focus: str = "", keep: int | None = None) -> "Story":
        """Ask for a compaction."""
        self._add(CompactionAsked(**self._head(), focus=focus, keep=keep))
        return self

    def decline(self) -> "Story":
        """Do not compact, though it was asked for."""
        status: CompactionStatus = "not_worth_it"
        self._add(CompactionDeclined(**self._head(), status=status, tokens=self.metadata.tokens))
        return self

    def owe(self, channel: str = "telegram") -> "Story":
        """Have the last message owed to a channel, as its record says."""
        at = self._last_message
        self.records[at] = structs.replace(self.records[at], address=Address(channel, "somebody"), is_owed=True)
        self._snapshot, archived, *_ = fold(self.key, None, self.records)
        self._archived = [*archived]
        return self

    @property
    def _last_message(self) -> int:
        """The place of the record of the last message; below zero where there is none."""
        found = [at for at, record in enumerate(self.records) if isinstance(record, Accepted | Replied)]
        return found[-1] if found else -1

    @property
    def may_owe(self) -> bool:
        """Tell whether `owe` is possible: the last message is not owed yet, and was not taken."""
        at = self._last_message
        last = self.records[at]
        return at >= self._taken and isinstance(last, Accepted | Replied) and not last.is_owed

    def charge(self, cost: float) -> "Story":
        """Have the model answer at a price, with nothing that is kept."""
        self._add(Charged(**self._head(), usage=Usage("model", 10, 3, cost=cost)))
        return self

    def command(self) -> "Story":
        """Have a text command obeyed."""
        self._add(Commanded(**self._head(), id=f"c-{self.metadata.sequence}", by="somebody"))
        return self

    def deliver(self, number: int, failure: str = "") -> "Story":
        """Have a message delivered to its channel or, with a failure, never."""
        self._add(Delivered(**self._head(), number=number, failure=failure))
        return self

    def owe_again(self, number: int) -> "Story":
        """Have a message that could not be delivered owed again."""
        self._add(OwedAgain(**self._head(), number=number))
        return self

    def move(self, source: str, target: str) -> "Story":
        """Change the state."""
        self._add(Transitioned(**self._head(), source=source, target=target, event="event", label="label"))
        return self


async def append(store: Store, story: Story) -> bool:
    """Append what has happened since the last time."""
    records = story.take()
    return await store.append(story.key, story.epoch, records[0].sequence - 1, records)


async def appended(store: Store, *stories: Story) -> None:
    """Append what has happened in each of them."""
    for story in stories:
        await append(store, story)
