"""Compaction: summarise, replace, preserve, continue.

The oldest messages of a context become a summary, by a model where it can, else in quotes. A summary by a
model that comes too late, fails, or cannot be taken is no summary: the quotes are made instead, of what it does not
speak for yet, so that a compaction always ends.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final, NamedTuple

import anyio
from msgspec import Struct, structs

from argentos.concurrency.foreign_code import ForeignText
from argentos.errors import ModelError
from argentos.llm.counting import Counting
from argentos.llm.extraction import extract
from argentos.llm.gauge import Gauge
from argentos.llm.summaries import Assignment, Summariser, Writing, with_identifiers
from argentos.storage import Message, RawBlock, Snapshot, Summary

__all__ = ["Compacted", "compact"]

_log: Final = logging.getLogger(__name__)
_number: Final = attrgetter("number")  # of a hundred thousand messages, now and then
_text: Final = attrgetter("text")
_tokens: Final = attrgetter("tokens")
_LIST_SHARE: Final = 4
"""Part of a summary that the list of what it lacks may have."""


class Compacted(Struct, frozen=True, kw_only=True):
    """A summary ready to take the place of the oldest messages.

    Attributes:
        method: `model`, `extractive` or `provider`.
        reason: why it is not the model's, or not to its end; empty where it is, or none was asked.
        numbers: of the messages that it speaks for.
        tokens: local tokens of the summary.
        before: tokens of the context before, and `after`, after; both estimated from local counts.
        block: the provider's own, where it made the summary.
    """

    text: str
    method: str
    reason: str = ""
    first: int
    last: int
    numbers: tuple[int, ...]
    tokens: int
    before: int
    after: int
    block: RawBlock | None = None


async def compact(
    snapshot: Snapshot,
    summariser: Summariser | None,
    gauge: Gauge,
    *,
    counting: Counting,
    system: str,
    tools: tuple[dict[str, Any], ...] = (),
    older: int,
    focus: str = "",
    seconds: float,
) -> Compacted:
    """Make the summary of a context that has older messages.

    Args:
        snapshot: of the session.
        summariser: writes it; None where no model can.
        gauge: decides how long the summary may be.
        counting: of local tokens.
        system: the system prompt; it and the tools are kept so that the request shares its cached prefix.
        tools: the definitions of the agent's tools.
        older: how many of the oldest messages are replaced, 1 or more.
        focus: what the summary should keep above all.
        seconds: that the model has for all that it is asked.
    """
    metadata, context = snapshot
    replaced = context.messages[:older]
    freed = sum(map(_tokens, replaced))
    gone = freed + metadata.summary_tokens
    local = metadata.tokens + metadata.waiting_tokens
    budget, quotes = (
        int(min(each / gauge.ratio(metadata), gone / 2))
        for each in (gauge.summary_budget, gauge.quotes_budget(gauge.estimate_of(local - gone, metadata)))
    )
    assignment = Assignment(
        session=metadata.session,
        system=system,
        tools=tools,
        earlier=context.summary,
        messages=replaced,
        tokens=gauge.estimate_of(gone, metadata),
        budget=budget,
        focus=focus,
    )
    made = await _by_model(assignment, summariser, counting, seconds)
    text, method = await _text_of(made, assignment, counting, quotes)
    compacted = _compacted(
        snapshot,
        gauge,
        replaced,
        text=text,
        method=method,
        reason=made.reason,
        tokens=await counting.tokens(text),
        freed=freed,
    )
    block = made.summary.block if made.summary and method == "model" else None
    return compacted if block is None else structs.replace(compacted, method="provider", block=block)


class _Made(NamedTuple):
    """The model's part of a summary.

    Attributes:
        summary: as far as it was written; else the one before.
        covered: how many of the messages it speaks for.
        reason: why that is not all of them; empty where none was asked.
    """

    summary: Summary | None
    covered: int = 0
    reason: str = ""


async def _by_model(assignment: Assignment, summariser: Summariser | None, counting: Counting, seconds: float) -> _Made:
    if summariser is None:
        return _Made(assignment.earlier)
    writing, reason = Writing(assignment, summariser, counting), ""
    try:
        with anyio.move_on_after(seconds) as scope:
            await writing.run()
        if scope.cancelled_caught:
            reason = f"it took longer than compactionTimeout, {seconds:g} s"
    except ModelError as error:
        reason = str(error)
    if reason:
        told = ForeignText(reason)
        _log.warning("session %s: the model gave no summary (%s); quotes are used instead", assignment.session, told)
    return _Made(writing.summary, writing.covered, reason)


async def _text_of(made: _Made, assignment: Assignment, counting: Counting, quotes: int) -> tuple[str, str]:
    """The summary, in so many local tokens where it is one of quotes, and its method."""
    messages = assignment.messages[made.covered :]
    if messages or made.summary is None:
        messages = messages or assignment.messages
        make = partial(extract, messages, made.summary, budget=quotes, count=counting)
        return await _run(make, messages, counting), "extractive"
    make = partial(
        with_identifiers,
        made.summary.text,
        assignment.messages,
        assignment.earlier,
        room=assignment.budget // _LIST_SHARE,
        count=counting,
    )
    return await _run(make, assignment.messages, counting), "model"


async def _run(make: Callable[[], str], messages: Sequence[Message], counting: Counting) -> str:
    """Make a text of messages, in a thread where they are long."""
    length = sum(map(len, map(_text, messages)))
    return make() if counting.is_quick(length) else await counting.run(make)


def _compacted(
    snapshot: Snapshot,
    gauge: Gauge,
    replaced: tuple[Message, ...],
    *,
    text: str,
    method: str,
    reason: str,
    tokens: int,
    freed: int,
) -> Compacted:
    metadata, context = snapshot
    numbers = tuple(map(_number, replaced))
    left = metadata.tokens + metadata.waiting_tokens - freed - metadata.summary_tokens + tokens
    return Compacted(
        text=text,
        method=method,
        reason=reason,
        first=context.summary.first if context.summary else min(numbers),
        last=max([*numbers, context.summary.last if context.summary else 0]),
        numbers=numbers,
        tokens=tokens,
        before=gauge.estimate_of(metadata.tokens + metadata.waiting_tokens, metadata),
        after=gauge.estimate_of(left, metadata),
    )
