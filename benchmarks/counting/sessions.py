"""Conversations whose true sizes are known, lived through by the fold and the gauge, as an actor would."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, NamedTuple, TypedDict

from argentos.llm import SAFE_RATIO, Gauge
from argentos.storage import (
    MESSAGE_TOKENS,
    Accepted,
    CallEnded,
    RawBlock,
    Record,
    Replied,
    Responded,
    Role,
    SessionKey,
    Snapshot,
    Summarised,
    Transitioned,
    Usage,
    fold,
)
from argentos.storage.calibration import RATIO_LIMIT
from benchmarks.counting.texts import Text

__all__ = ["REPORTS", "Case", "Decision", "live"]

REPORTS: Final = ("each", "missing", "zero", "summed")
"""How a model reports its usage: with each answer; or now and then not, as 0, or summed over a loop of its own."""

_KEY: Final = SessionKey("main", "counted")
_BEGIN: Final = datetime(2026, 5, 8, tzinfo=UTC)
_PICTURE: Final = 1521  # tokens, by the provider's rules
_SPOILT: Final = 0.3  # of the reports


class Case(NamedTuple):
    """A conversation to measure.

    Attributes:
        counter: whose counts are the truth.
        overhead: tokens that nobody tells of.
        kinds: of the texts, in the order in which the conversation switches.
        reports: one of `REPORTS`.
        is_own: the local counter is the model's own.
        imported: messages before the first turn, of which no report is known.
    """

    counter: str
    overhead: int
    window: int
    kinds: tuple[str, ...]
    reports: str = "each"
    seed: int = 1
    turns: int = 200
    is_own: bool = False
    imported: int = 0


class Decision(NamedTuple):
    """An estimate, and the truth.

    Attributes:
        is_known: the model had reported before.
        at: the turn.
    """

    estimate: int
    truth: int
    is_known: bool
    at: int

    @property
    def error(self) -> float:
        """Above 0 where the estimate is over the truth, as a part of it."""
        return self.estimate / self.truth - 1


def live(case: Case, texts: Sequence[Text]) -> list[Decision]:
    """Live through a conversation, compacting where the gauge says so.

    Args:
        case: what to measure.
        texts: of all kinds.
    """
    life = _Life(case)
    by_kind = {kind: [each for each in texts if each.kind == kind] for kind in {*case.kinds, "tools"}}
    life.begin(by_kind[case.kinds[0]])
    for turn in range(case.turns):
        kind = case.kinds[turn * len(case.kinds) // case.turns]
        life.turn(turn, by_kind[kind], by_kind["tools"])
    return life.decisions


class _Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


class _Life:
    def __init__(self, case: Case) -> None:
        self.decisions: list[Decision] = []
        self._case = case
        self._random = Random(case.seed)  # noqa: S311 - the same each time
        self._gauge = Gauge(
            window=case.window,
            threshold=0.85,
            keep_recent=20_000,
            system_tokens=0,
            model="counted",
            first_ratio=1.0 if case.is_own else SAFE_RATIO,
            most_ratio=RATIO_LIMIT if case.is_own else 2.0,
            least_ratio=1.0 if case.is_own else SAFE_RATIO,
        )
        self._truths: dict[int, int] = {}
        self._summary = 0
        self._is_known = False
        self._sequence = 0
        begun = Transitioned(**self._head(), source="[*]", target="Active", event="first_message", label="")
        self._snapshot: Snapshot = fold(_KEY, None, [begun]).snapshot

    def _head(self) -> _Head:
        self._sequence += 1
        return {"sequence": self._sequence, "epoch": 1, "at": _BEGIN + timedelta(seconds=self._sequence)}

    def _add(self, record: Record) -> None:
        self._snapshot = fold(_KEY, self._snapshot, [record]).snapshot

    @property
    def _truth(self) -> int:
        said = sum(self._truths[each.number] for each in self._snapshot.context.messages)
        return self._case.overhead + self._summary + said

    def _decide(self, turn: int) -> None:
        estimate = self._gauge.estimate(self._snapshot.metadata)
        self.decisions.append(Decision(estimate, self._truth, self._is_known, turn))

    def turn(self, turn: int, texts: Sequence[Text], tools: Sequence[Text]) -> None:
        """Live through a turn: now and then with a picture, or with calls of tools."""
        picture = _PICTURE if self._random.random() < 0.05 else 0  # noqa: PLR2004 - one in twenty
        asked = self._random.choice(texts)
        number = self._next(asked, picture)
        local = self._local(asked) + picture + MESSAGE_TOKENS
        size = self._snapshot.metadata.tokens + local
        head = self._head()
        turns = self._snapshot.metadata.turns + 1
        accepted = Accepted(
            **head,
            id=f"m-{number}",
            number=number,
            role="user",
            content="",
            tokens=local,
            turn=turns,
            request_tokens=size,
        )
        self._add(accepted)
        for _ in range(self._random.choice((0, 0, 0, 1, 3))):
            self._decide(turn)
            self._call(self._random.choice(texts), self._random.choice(tools))
        self._decide(turn)
        self._reply(self._random.choice(texts))
        self._decide(turn)
        while self._gauge.is_full(self._snapshot.metadata) and self._compact(self._random.choice(texts)):
            pass

    def _local(self, text: Text) -> int:
        return text.counts[self._case.counter] if self._case.is_own else text.local

    def begin(self, texts: Sequence[Text]) -> None:
        """Have a conversation that was imported before the first turn."""
        for at in range(self._case.imported):
            said = self._random.choice(texts)
            number, tokens = self._next(said), self._local(said) + MESSAGE_TOKENS
            role: Role = "assistant" if at % 2 else "user"
            head = self._head()
            self._add(
                Accepted(
                    **head, id=f"m-{number}", number=number, role=role, content="", tokens=tokens, is_appended=True
                )
            )

    def _next(self, text: Text, more: int = 0) -> int:
        number = self._snapshot.metadata.messages + 1
        self._truths[number] = text.counts[self._case.counter] + MESSAGE_TOKENS + more
        return number

    def _usage(self, said: Text) -> Usage | None:
        sent, output = self._truth, said.counts[self._case.counter] + MESSAGE_TOKENS
        is_spoilt = self._random.random() < _SPOILT
        if self._case.reports == "missing" and is_spoilt:
            return None
        if self._case.reports == "zero" and is_spoilt:
            return Usage("counted", 0, 0)
        if self._case.reports == "summed" and is_spoilt:
            times = self._random.randint(2, 8)
            return Usage("counted", sent * times, output * times)
        return Usage("counted", sent, output)

    def _known(self, usage: Usage | None) -> None:
        self._is_known |= usage is not None and usage.input > 0

    def _call(self, said: Text, given: Text) -> None:
        usage, number, turn = self._usage(said), self._next(said), self._snapshot.metadata.turns
        call: RawBlock = {"type": "tool_use", "id": f"c-{number}", "name": "read", "input": {}}
        tokens = self._local(said) + MESSAGE_TOKENS
        self._add(
            Responded(
                **self._head(), id=f"m-{number}", number=number, content=(call,), tokens=tokens, turn=turn, usage=usage
            )
        )
        self._known(usage)
        result, tokens = self._next(given), self._local(given) + MESSAGE_TOKENS
        ended = CallEnded(
            **self._head(), turn=turn, call_id=f"c-{number}", content="", tokens=tokens, number=result, id=f"m-{result}"
        )
        self._add(ended)

    def _reply(self, said: Text) -> None:
        usage, number, metadata = self._usage(said), self._next(said), self._snapshot.metadata
        replied = Replied(
            **self._head(),
            id=f"m-{number}",
            number=number,
            content="",
            tokens=self._local(said) + MESSAGE_TOKENS,
            turn=metadata.turns,
            reply_to=(),
            messages=metadata.turn.messages if metadata.turn else (),
            usage=usage,
        )
        self._add(replied)
        self._known(usage)

    def _compact(self, summary: Text) -> bool:
        replaced = self._gauge.older(self._snapshot, by_hand=False)
        gone = self._snapshot.context.messages[:replaced]
        if not gone:
            return False
        self._summary = summary.counts[self._case.counter] + MESSAGE_TOKENS
        self._add(
            Summarised(
                **self._head(),
                first=1,
                last=gone[-1].number,
                replaced=replaced,
                freed=sum(each.tokens for each in gone),
                text="",
                tokens=self._local(summary) + MESSAGE_TOKENS,
                method="model",
                before=0,
                after=0,
            )
        )
        return True
