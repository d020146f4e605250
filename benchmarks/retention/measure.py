"""Conversations with planted facts, through a supervisor, and what is left of them in the context."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from argentos import Agent, Config, Emit, MemoryStore, Model, Reply, Request, Session, Supervisor, count_tokens
from benchmarks.retention.chatter import chatter
from benchmarks.retention.facts import Fact, facts

__all__ = ["Case", "Kept", "measure"]

_PLANTED_IN: Final = 0.6  # of what fits before the first compaction


class Case(NamedTuple):
    """A kind of conversation."""

    window: int
    language: str
    kind: str
    seed: int


class Kept(NamedTuple):
    """The facts that are left after so many compactions.

    Attributes:
        facts: all that were planted, each with whether it is left.
        truncated: how many of them as many of the latest tokens have, cut off without a summary.
        summary: the tokens of the summary.
        needed: the tokens of all facts.
    """

    compactions: int
    facts: tuple[tuple[Fact, bool], ...]
    truncated: int
    summary: int
    needed: int


class _Chatterer:
    """A model that chatters."""

    def __init__(self, words: Iterator[str]) -> None:
        self._words = words

    async def reply(self, request: Request, emit: Emit, /) -> Reply:  # noqa: ARG002 - as a model has them
        return Reply(next(self._words))


async def measure(case: Case, compactions: Sequence[int], summariser: Model | None = None) -> list[Kept]:
    """Hold a conversation, and look at its context after so many compactions.

    Args:
        case: which conversation.
        compactions: after which of them to look, in rising order.
        summariser: writes the summaries; by default they are quotes.
    """
    rng = random.Random(f"{case}")  # noqa: S311 - the same in every run
    planted = facts(case.language, rng)
    words = chatter(case.kind, case.language, rng)
    agent = Agent(_Chatterer(words), summariser=summariser)
    config = Config(max_context_tokens=case.window)
    async with Supervisor(MemoryStore(), agent, config=config, grace=0) as supervisor:
        session = supervisor.session("maren")
        said: list[str] = []
        for text in _plan(planted, words, case.window):
            said += [text, (await session.ask(text)).text]
        kept: list[Kept] = []
        while True:
            info = await session.info()
            if info.compactions >= compactions[len(kept)]:
                kept.append(await _left(session, info.compactions, planted, said))
                if len(kept) == len(compactions):
                    return kept
            text = next(words)
            said += [text, (await session.ask(text)).text]


def _plan(planted: Sequence[Fact], words: Iterator[str], window: int) -> Iterator[str]:
    """The opening of a conversation: the facts, at even distances among chatter."""
    room = window * 0.85 * _PLANTED_IN / len(planted) / 2
    for fact in planted:
        used = 0.0
        while used < room / 2:
            text = next(words)
            used += count_tokens(text)
            yield text
        yield fact.text


async def _left(session: Session, compactions: int, planted: Sequence[Fact], said: Sequence[str]) -> Kept:
    summary = await session.summary()
    texts = [message.text for message in await session.history()]
    lines = [line for text in (summary.text if summary else "", *texts) for line in text.splitlines()]
    size = count_tokens("\n".join(lines))
    latest: list[str] = []
    for text in reversed(said):
        size -= count_tokens(text)
        if size < 0:
            break
        latest.append(text)
    return Kept(
        compactions,
        tuple((fact, _stands_in(fact, lines)) for fact in planted),
        sum(_stands_in(fact, latest) for fact in planted),
        count_tokens(summary.text) if summary else 0,
        sum(count_tokens(fact.text) for fact in planted),
    )


def _stands_in(fact: Fact, lines: Iterable[str]) -> bool:
    return any(all(probe in line for probe in fact.probes) for line in lines)
