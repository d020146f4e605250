"""Compaction: summarise, replace, preserve, continue.

The oldest messages of a context become a summary, by the model where it can, else in quotes. A summary by the
model that comes too late, fails, or gains nothing is no summary: the quotes are made instead, so that a
compaction always ends.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from msgspec import Struct

from argentos.errors import ModelError
from argentos.llm.context import as_request
from argentos.llm.counting import Counting
from argentos.llm.extraction import extract
from argentos.llm.gauge import Gauge
from argentos.llm.model import Reply, Request
from argentos.storage import Message, Snapshot

__all__ = ["Compacted", "compact"]

_log: Final = logging.getLogger(__name__)

_INSTRUCTION: Final = """\
Summarise the conversation above so that it can go on without these messages. Write under these headings, leaving
out those without content: Decisions, Open TODOs, Constraints, Pending asks, Exact identifiers (names, numbers,
paths, addresses, codes: copy them exactly), Course of the conversation. Be brief, and do not answer anything."""


class Compacted(Struct, frozen=True, kw_only=True):
    """A summary ready to take the place of the oldest messages.

    Attributes:
        numbers: of the messages that it speaks for.
        tokens: local tokens of the summary.
        before: tokens of the context before, and `after`, after; both estimated from local counts.
    """

    text: str
    method: str
    first: int
    last: int
    numbers: tuple[int, ...]
    tokens: int
    before: int
    after: int


async def compact(
    snapshot: Snapshot,
    ask: Callable[[Request], Awaitable[Reply]] | None,
    gauge: Gauge,
    *,
    counting: Counting,
    system: str,
    tools: tuple[dict[str, Any], ...] = (),
    older: int,
    focus: str = "",
) -> Compacted:
    """Make the summary of a context that has older messages.

    Args:
        snapshot: of the session.
        ask: has the model write a summary, and may raise a `ModelError`; None if it cannot.
        gauge: decides how long the summary may be.
        counting: of local tokens.
        system: the system prompt; it and the tools are kept so that the request shares its cached prefix.
        tools: the definitions of the agent's tools.
        older: how many of the oldest messages are replaced, 1 or more.
        focus: what the summary should keep above all.
    """
    metadata, context = snapshot
    replaced = context.messages[:older]
    freed = sum(message.tokens for message in replaced)
    budget = int(min(gauge.summary_budget / gauge.ratio(metadata), (freed + metadata.summary_tokens) / 2))
    text, method = "", "model"
    if ask is not None:
        request = Request(
            session=metadata.session,
            system=system,
            tools=tools,
            summary=context.summary,
            messages=as_request(replaced),
            instruction=f"{_INSTRUCTION}\nKeep above all: {focus}" if focus else _INSTRUCTION,
            window=gauge.window,
            max_tokens=max(64, budget),
        )
        text = await _asked(ask, request)
    tokens = await counting.tokens(text) if text else 0
    if not text or tokens > 2 * budget:
        quote = partial(extract, replaced, context.summary, budget=budget, count=counting)
        length = sum(len(message.text) for message in replaced)
        text = quote() if counting.is_quick(length) else await counting.run(quote)
        tokens, method = await counting.tokens(text), "extractive"
    return _compacted(snapshot, gauge, replaced, text=text, method=method, tokens=tokens, freed=freed)


async def _asked(ask: Callable[[Request], Awaitable[Reply]], request: Request) -> str:
    try:
        return _whole(await ask(request))
    except ModelError as error:
        _log.warning("session %s: the model gave no summary (%s); quotes are used instead", request.session, error)
        return ""


def _whole(reply: Reply) -> str:
    """The text of a summary, or nothing where it is not whole."""
    if reply.stop_reason is not None:
        _log.warning("the model's summary is not whole (%s); quotes are used instead", reply.stop_reason)
        return ""
    return reply.text.strip()


def _compacted(
    snapshot: Snapshot,
    gauge: Gauge,
    replaced: tuple[Message, ...],
    *,
    text: str,
    method: str,
    tokens: int,
    freed: int,
) -> Compacted:
    metadata, context = snapshot
    numbers = tuple(message.number for message in replaced)
    left = metadata.tokens + metadata.waiting_tokens - freed - metadata.summary_tokens + tokens
    return Compacted(
        text=text,
        method=method,
        first=context.summary.first if context.summary else min(numbers),
        last=max([*numbers, context.summary.last if context.summary else 0]),
        numbers=numbers,
        tokens=tokens,
        before=gauge.estimate_of(metadata.tokens + metadata.waiting_tokens, metadata),
        after=gauge.estimate_of(left, metadata),
    )
