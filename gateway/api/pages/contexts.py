"""Reports of a context: what it is made of, and what the latest turns have cost."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from argentos.actors import Session
from argentos.llm import ContextParts
from argentos.storage import Message, Usage

__all__ = ["ContextReport", "TurnCost", "context_of"]

_MOST: Final = 400  # messages that are looked at


class TurnCost(Struct, frozen=True, kw_only=True, rename="camel"):
    """The cost of a turn, all requests of it together, as the model has reported it.

    Attributes:
        number: of the reply or, of a turn that goes on, of its latest step.
        requests: how many there were.
        input: tokens of all requests together.
        latest_input: of the latest request alone.
        output: of all that the model has said.
        cache_read: of all requests together.
        cache_written: likewise.
        cost: likewise; None where the model has no prices.
    """

    number: int
    at: datetime
    model: str
    requests: int
    input: int
    latest_input: int
    output: int
    cache_read: int
    cache_written: int
    cost: float | None


class ContextReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """A context, in the tokens of its model.

    Attributes:
        threshold: the part of the window from which on it is compacted.
        is_guess: no report of the model is of it, so that it is about as much.
        spent: what the session has cost so far.
        turns: the latest, the oldest of them first.
    """

    tokens: int
    window: int
    threshold: float
    percent: float
    is_guess: bool
    parts: ContextParts
    spent: float
    turns: tuple[TurnCost, ...]


async def context_of(session: Session) -> ContextReport:
    """The report of the context of a session.

    Raises:
        SessionNotFoundError: there is no such session.
    """
    info = await session.info()
    messages = await session.messages(max(1, info.messages + 1 - _MOST)) if info.messages else ()
    return ContextReport(
        tokens=info.tokens,
        window=info.window,
        threshold=info.threshold,
        percent=info.percent,
        is_guess=info.is_guess,
        parts=info.parts,
        spent=info.spent,
        turns=tuple(_costs(messages)),
    )


def _costs(messages: Iterable[Message]) -> Iterable[TurnCost]:
    """The cost of each turn: its steps say which turn they are of, and its reply stands behind them."""
    steps: list[tuple[Message, Usage]] = []
    for message in messages:
        if message.role != "assistant" or message.usage is None:
            continue
        if steps and message.turn and message.turn != steps[0][0].turn:  # the one before never came to a reply
            yield _cost(steps)
            steps = []
        steps.append((message, message.usage))
        if not message.turn:
            yield _cost(steps)
            steps = []
    if steps:
        yield _cost(steps)


def _cost(steps: list[tuple[Message, Usage]]) -> TurnCost:
    last, usage = steps[-1]
    usages = [each for _, each in steps]
    costs = [each.cost for each in usages if each.cost is not None]
    return TurnCost(
        number=last.number,
        at=last.at,
        model=usage.model,
        requests=len(steps),
        input=sum(each.input for each in usages),
        latest_input=usage.input,
        output=sum(each.output for each in usages),
        cache_read=sum(each.cache_read for each in usages),
        cache_written=sum(each.cache_written for each in usages),
        cost=sum(costs) if costs else None,
    )
