"""A session as its records tell it, and the settings it lives under."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from argentos import Config

if TYPE_CHECKING:
    from argentos.storage import Accepted, Record, Replied, Role, Summarised, TurnStarted

__all__ = ["CONFIG", "LARGEST", "OUTBOX", "START", "Ledger", "ViolationError", "count_words"]

CONFIG: Final = Config(
    max_context_tokens=500,
    mailbox_limit=4,
    idle_after=60,
    passivate_after=40,
    turn_timeout=300,
    turn_limit=300,
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


def count_words(text: str) -> int:
    """Words count as tokens."""
    return len(text.split())


class Ledger:
    """One session, as far as its records and its senders tell.

    Attributes:
        sent: text and role of everything ever sent, by id; what nobody acknowledged may be there or not.
        sendings: the ids in the order in which they were sent, repetitions included.
        asked_by_hand: how many want a compaction that has not begun.
        overflowed: the model has refused this turn for its size.
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
        self.sent: dict[str, tuple[Role, str]] = {}
        self.sendings: list[str] = []
        self.accepted: set[str] = set()
        self.said: list[str] = []
        self.asked_by_hand = 0
        self.overflowed = False
        self.records: list[Record] = []
        self.old_epoch = 0  # of the owner before this one
        self.state = START
        self.quiet_since = datetime.min.replace(tzinfo=UTC)  # the last message, clear or change of state
        self.messages: list[Accepted | Replied] = []
        self.waiting: list[int] = []
        self.context: list[int] = []
        self.turn: TurnStarted | None = None
        self.turns = 0
        self.begun_behind = 0  # messages of the context before the turn's
        self.replies: dict[str, Replied] = {}
        self.ended: set[str] = set()
        self.summary: Summarised | None = None
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
        self.asked_by_hand = 0

    def require(self, check: str, *, that: bool, problem: object = "") -> None:
        """Fail the check unless that holds."""
        if not that:
            self.broken = self.broken or ViolationError(check, problem)
            raise self.broken

    # What follows from the account --------------------------------------------------------------------------

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
