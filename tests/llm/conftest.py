"""What the tests of the models share: conversations, told in a word for each thing that happened."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias, TypedDict

import pytest

from argentos.storage import (
    Accepted,
    Cleared,
    Record,
    Replied,
    Role,
    SessionKey,
    Snapshot,
    Summarised,
    Transitioned,
    TurnEnded,
    TurnStarted,
    Usage,
    fold,
)

Tell: TypeAlias = Callable[..., Snapshot]

KEY: Final = SessionKey("main", "user-ann")
SYSTEM_TOKENS: Final = 10
ROLES: Final[Mapping[str, Role]] = {"user": "user", "agent": "assistant"}


class Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


@pytest.fixture(scope="session")
def tell() -> Tell:
    """The snapshot of a conversation, folded from the records of its moments.

    A moment is a word, a number of tokens, details, and after a colon the text: `user 20`, `agent: Good
    morning`, `turn`, `reply 30 input=200 output=40 model=claude`, `end`, `stop`, `clear`, `summary 15
    replaced=4: They met`. Without a number the words of the text are its tokens. A second `turn` before the
    `end` is another attempt. The system prompt has 10 tokens.
    """

    def told(*moments: str, after: Snapshot | None = None) -> Snapshot:
        created = Transitioned(**_head(1), source="[*]", target="Created", event="first_message", label="")
        snapshot = after or fold(KEY, None, [created]).snapshot
        for moment in moments:
            snapshot = fold(KEY, snapshot, [_record(snapshot, moment)]).snapshot
        return snapshot

    return told


def _record(snapshot: Snapshot, moment: str) -> Record:
    metadata = snapshot.metadata
    head = _head(metadata.sequence + 1)
    what, _, said = moment.partition(": ")
    word, *rest = what.split()
    details = dict(detail.split("=") for detail in rest if "=" in detail)
    number = metadata.messages + 1
    text = said or f"{word} {number}"
    tokens = next((int(detail) for detail in rest if detail.isdigit()), len(text.split()))
    match word:
        case "user" | "agent":
            return Accepted(**head, id=f"m-{number}", number=number, role=ROLES[word], content=text, tokens=tokens)
        case "turn":
            return _turn(snapshot, head)
        case "reply":
            return Replied(
                **head,
                id=f"m-{number}",
                number=number,
                content=text,
                tokens=tokens,
                turn=metadata.turns,
                reply_to=(),
                messages=_open(snapshot),
                usage=_usage(details),
            )
        case "end":
            return TurnEnded(**head, turn=metadata.turns, outcome="replied", messages=_open(snapshot))
        case "stop":
            tokens = metadata.waiting_tokens
            return TurnEnded(
                **head, turn=metadata.turns, outcome="stopped", messages=_given_up(snapshot), tokens=tokens
            )
        case "summary":
            return _summary(snapshot, head, int(details["replaced"]), text, tokens)
        case "clear":
            return Cleared(**head)
        case _:
            raise ValueError(moment)


def _head(sequence: int) -> Head:
    return {"sequence": sequence, "epoch": 1, "at": datetime(2026, 5, 8, 7, 0, tzinfo=UTC)}


def _open(snapshot: Snapshot) -> tuple[int, ...]:
    turn = snapshot.metadata.turn
    return turn.messages if turn else ()


def _given_up(snapshot: Snapshot) -> tuple[int, ...]:
    return (*_open(snapshot), *snapshot.metadata.waiting)


def _usage(details: Mapping[str, str]) -> Usage | None:
    if "input" not in details:
        return None
    return Usage(details.get("model", "claude"), int(details["input"]), int(details.get("output", "0")))


def _turn(snapshot: Snapshot, head: Head) -> TurnStarted:
    metadata, context = snapshot
    turn = metadata.turn
    tokens = 0 if turn else metadata.waiting_tokens
    return TurnStarted(
        **head,
        turn=turn.turn if turn else metadata.turns + 1,
        attempt=turn.attempt + 1 if turn else 1,
        messages=turn.messages if turn else tuple(message.number for message in context.waiting),
        tokens=tokens,
        request_tokens=metadata.tokens + tokens + SYSTEM_TOKENS,
    )


def _summary(snapshot: Snapshot, head: Head, replaced: int, text: str, tokens: int) -> Summarised:
    context = snapshot.context
    gone = context.messages[:replaced]
    return Summarised(
        **head,
        first=context.summary.first if context.summary else gone[0].number,
        last=max(message.number for message in gone),
        replaced=replaced,
        freed=sum(message.tokens for message in gone),
        text=text,
        tokens=tokens,
        method="model",
        before=0,
        after=0,
    )
