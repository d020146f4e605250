"""A session as its records tell it, and the settings it lives under."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from argentos import Config
from argentos.errors import ModelError  # noqa: TC001 - beside classes whose annotations are evaluated
from argentos.storage import (
    Accepted,
    CompactionAsked,
    CompactionResumed,
    Record,
    Replied,
    Role,
    Summarised,
    TurnStarted,
)

__all__ = [
    "CONFIG",
    "LARGEST",
    "OUTBOX",
    "START",
    "WINDOW",
    "WORTH",
    "Failing",
    "Ledger",
    "Sent",
    "ViolationError",
    "count_words",
    "sent_of",
]

WINDOW: Final = 500  # tokens
WORTH: Final = WINDOW // 20  # tokens, below which a summary would hardly be shorter than what it replaces
CONFIG: Final = Config(
    max_context_tokens=WINDOW,
    mailbox_limit=4,
    idle_after=60,
    passivate_after=40,
    turn_timeout=300,
    turn_limit=300,
    retry_attempts=3,
    retry_for=80,
    compaction_timeout=30,
)
START: Final = "[*]"
OUTBOX: Final = "telegram"  # the channel to which it is owed what the agent says
FULL_AT: Final = 425  # tokens: 0.85 of the window
KEPT: Final = 125  # tokens that stay word for word: a quarter of the window
LARGEST: Final = 200  # tokens of a message: two fifths of the window
_MARKS: Final = 4  # tokens of a message besides its words


class ViolationError(AssertionError):
    """What must not be; `check` names the rule that is broken."""

    def __init__(self, check: str, problem: object) -> None:
        super().__init__(f"{check}: {problem}")
        self.check = check


class Sent(NamedTuple):
    """A message as somebody sends it; each channel is one address."""

    id: str
    role: Role
    text: str
    channel: str


class Failing(NamedTuple):
    """A turn that failed, and the numbers of its messages that are in the context."""

    turn: int
    messages: tuple[int, ...]


def sent_of(record: Accepted) -> Sent:
    """The message as it was sent."""
    return Sent(record.id, record.role, record.text, record.address.channel if record.address else "")


def count_words(text: str) -> int:
    """Words count as tokens."""
    return len(text.split())


class Ledger:
    """One session, as far as its records and its senders tell.

    Attributes:
        sent: everything that was ever sent, as it was first, by id; what nobody acknowledged may be there or not.
        sendings: what was sent, in order, repetitions included, and not passed over by what was accepted.
        accepted: what is durable, by id.
        asked: the request for a compaction that has not ended.
        is_cancelling: somebody cancels one turn.
        spoken: what the model has said in this attempt.
        overflowed: the model has refused this turn for its size.
        fault: of the model, that passes: it could not answer this attempt.
        delays: how often this turn was put off, and `delayed`, for how many seconds altogether.
        delayed_until: the turn is to be tried again then; None where it is not put off.
        failed: the turns that can be tried again, the latest last.
        records: the durable ones.
        due: the numbers of what the agent said to the channel of the outbox, in order.
        owed: those that have ever been owed.
        undelivered: those that still are.
        given: the ids of what was given to a reader, by number.
        done: the numbers of what somebody said was delivered.
        broken: the first violation, for where it is found it may be caught.
    """

    def __init__(self) -> None:
        self.broken: ViolationError | None = None
        self.sent: dict[str, Sent] = {}
        self.sendings: list[Sent] = []
        self.accepted: dict[str, Accepted] = {}
        self.said: list[str] = []
        self.asked: CompactionAsked | None = None
        self.spoken = ""
        self.is_cancelling = False
        self.overflowed = False
        self.fault: ModelError | None = None
        self.delays = 0
        self.delayed = 0.0
        self.delayed_until: datetime | None = None
        self.failed: list[Failing] = []
        self.records: list[Record] = []
        self.events: list[Record] = []  # the records, and what they imply
        self.old_epoch = 0  # of the owner before this one
        self.state = START
        self.quiet_since = datetime.min.replace(tzinfo=UTC)  # the last message, clear or change of state
        self.messages: list[Accepted | Replied] = []
        self.waiting: list[int] = []
        self.context: list[int] = []
        self.turn: TurnStarted | None = None
        self.turns = 0
        self.begun_behind: list[int] = []  # messages of the context before the turn's
        self.replies: dict[str, Replied] = {}
        self.ended: set[str] = set()
        self.summary: Summarised | None = None
        self.resumed: CompactionResumed | None = None  # the compaction, and how often its process died so far
        self.summarising: list[int] = []  # messages of which a summary is made, by the model or without it
        self.is_retried_meanwhile = False  # some of the context, since it is to be compacted
        self.kept_at = 0
        self.boundary: Record | None = None  # what ended the last compaction
        self.append: list[int] = [0]  # where each append ended
        self.due: list[int] = []
        self.owed: list[int] = []
        self.undelivered: list[int] = []
        self.given: dict[int, str] = {}
        self.done: set[int] = set()

    def begin_anew(self) -> None:
        """Another process owns the session from now on, and whoever asked the old one has gone."""
        self.old_epoch = self.records[-1].epoch if self.records else 0
        self.spoken = ""
        self.is_cancelling = False
        self.fault = None

    def require(self, check: str, *, that: bool, problem: object = "") -> None:
        """Fail the check unless that holds."""
        if not that:
            self.broken = self.broken or ViolationError(check, problem)
            raise self.broken

    # What follows from the account --------------------------------------------------------------------------

    def is_same(self, sent: Sent) -> bool:
        """What has the id is this message: of the same side, with the same text, and from the same address."""
        return sent_of(self.accepted[sent.id]) == sent

    def may_retry(self, message_id: str) -> bool:
        """The message has failed, or waits for its answer; without an id, some message has failed."""
        failed = [number for each in self.failed for number in each.messages]
        if not message_id:
            return bool(failed)
        number = self.accepted[message_id].number if message_id in self.accepted else 0
        return number in (*failed, *self.waiting, *(self.turn.messages if self.turn else ()))

    def is_delayed(self, at: datetime) -> bool:
        """The turn is to be tried again later."""
        return self.delayed_until is not None and at < self.delayed_until

    @property
    def is_quoted(self) -> bool:
        """The summary is made without the model, for the process died of it more often than it may."""
        return self.resumed is not None and self.resumed.alone > CONFIG.max_crashes

    @property
    def is_settled(self) -> bool:
        """Nothing is to be answered."""
        return not self.waiting and self.turn is None

    @property
    def exists(self) -> bool:
        """The session was created."""
        return self.state != START

    @property
    def tokens(self) -> int:
        """Of the context, what waits not included."""
        return self.size_of(self.context) + (count_words(self.summary.text) if self.summary else 0)

    def size_of(self, numbers: Sequence[int]) -> int:
        """The tokens of these messages."""
        return sum(self.tokens_of(self.text_of(number)) for number in numbers)

    def tokens_of(self, text: str) -> int:
        """Of a message with that text."""
        return count_words(text) + _MARKS

    @property
    def is_full(self) -> bool:
        """The window counts as full, and something has come since a compaction was ended without a summary."""
        return self.tokens + self.size_of(self.waiting) >= FULL_AT and self.kept_at < len(self.messages)

    @property
    def before_turn(self) -> list[int]:
        """The messages before those that are being answered: a model that can take no more may have all replaced."""
        return self.context[: self.context.index(self.turn.messages[0])] if self.turn else list(self.context)

    def older(self, *, by_hand: bool) -> list[int]:
        """The messages that a compaction would replace: all but the latest ones, and those of the turn."""
        keep = min(KEPT, (self.tokens + self.size_of(self.waiting)) // 4) if by_hand else KEPT
        older = self.before_turn
        kept: list[int] = []
        while older and (not kept or self.size_of([*kept, older[-1]]) <= keep):
            kept.append(older.pop())
        return older

    def text_of(self, number: int) -> str:
        """Of a message."""
        return self.messages[number - 1].text
