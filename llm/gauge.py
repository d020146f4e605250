"""An estimate of how full the context window is, the same for whoever asks and whatever is decided.

estimate = what the model last reported + what came since × ratio

The ratio says how many tokens of the model a local one is worth: the most that was seen between two of its reports
(`argentos.storage.folding.calibration`), and never less than any language and tokenizer may have. It is for what came
since alone, so that being on the safe side costs little. What a model adds to a request by itself, the overhead, is
told apart from it. Where no report is of this context, as before the first one, or once messages have left it, the
estimate is a guess, and says so:

estimate = overhead + context × ratio

All is bounded here, where it is used: no report, however wild, has a session refuse messages or compact for ever.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from typing import Final

from msgspec import Struct

from argentos.llm.pairing import is_between
from argentos.storage import Calibration, CompactionRequest, Message, Metadata, Snapshot
from argentos.storage.calibration import RATIO_LEAST, RATIO_LIMIT, RATIO_MARGIN

__all__ = ["ANY_MODEL", "SAFE_RATIO", "ContextParts", "Gauge"]

ANY_MODEL: Final = "*"
"""In the place of a model's name: whichever has reported."""

SAFE_RATIO: Final = 1.6
"""Tokens of a model for each of `count_tokens`: as many as in any language and tokenizer that was measured."""

_SUMMARY_SHARE: Final = 10
_QUOTES_SHARE: Final = 5
_KEEP_SHARE: Final = 4
_LARGEST_SHARE: Final = 0.4
_OVERHEAD_SHARE: Final = 0.4
_TRUST: Final = 0.99  # in what a model claims of itself, for each report: then what was seen counts more


class ContextParts(Struct, frozen=True, gc=False):
    """The parts of an estimate, in the model's tokens; together they are the estimate.

    Attributes:
        system: the system prompt.
        tools: the definitions of the tools.
        overhead: what the model adds by itself, as far as its reports tell.
        summary: of older messages.
        recent: the messages that the model has seen, and its replies.
        new: those that came since it last reported.
    """

    system: int
    tools: int
    overhead: int
    summary: int
    recent: int
    new: int


class Gauge(Struct, frozen=True):
    """Measures contexts against a window, in the model's tokens unless said otherwise.

    Attributes:
        window: the most that a context may have.
        threshold: the part of the window from which on it counts as full.
        keep_recent: how much of the latest messages a compaction keeps word for word, at most.
        system_tokens: those of the agent's system prompt, counted locally.
        tool_tokens: those of the definitions of its tools, likewise.
        model: its name; what was learnt from another model is not used. `ANY_MODEL` uses it all.
        first_ratio: the ratio before the model has reported anything.
        least_ratio: the ratio is never below it, whatever was seen so far: the next message may be in another language.
        most_ratio: nor above it.
    """

    window: int
    threshold: float
    keep_recent: int
    system_tokens: int
    model: str
    first_ratio: float
    tool_tokens: int = 0
    least_ratio: float = 1.0
    most_ratio: float = RATIO_LIMIT

    def ratio(self, metadata: Metadata) -> float:
        """Tokens of the model for each local one, of what it has not counted itself."""
        if metadata.calibration is None or (known := self._known(metadata)) is None:
            return self.first_ratio
        claimed = max(self.least_ratio, self.first_ratio * _TRUST**known.reports)
        return max(claimed, min(_seen(known), self.most_ratio))

    def overhead(self, metadata: Metadata) -> int:
        """The tokens that the model adds to every request, at most, as far as its reports tell."""
        if metadata.calibration is None or (known := self._known(metadata)) is None:
            return 0
        rest = known.base_reported - (known.least or RATIO_LEAST) * known.base_local
        return math.ceil(min(max(0.0, rest), self.window * _OVERHEAD_SHARE))

    def _known(self, metadata: Metadata) -> Calibration | None:
        known = metadata.calibration
        return known if known and self.model in {ANY_MODEL, known.model} else None

    def estimate(self, metadata: Metadata) -> int:
        """The size of the next request if everything that waits were in it."""
        local = metadata.tokens + metadata.waiting_tokens
        known = metadata.calibration and self._known(metadata)
        if not known or not known.reported:
            return self.estimate_of(local, metadata)
        by_report = min(known.reported, self._most(known.at, metadata)) + self._scale(local - known.at, metadata)
        return min(by_report, self.estimate_of(local, metadata)) if known.is_guess else by_report

    def is_backed(self, metadata: Metadata) -> bool:
        """A report of the model is of this context, up to what came since; else the estimate is a guess."""
        known = metadata.calibration and self._known(metadata)
        return bool(known and known.reported and not known.is_guess)

    def parts(self, metadata: Metadata) -> ContextParts:
        """The parts of the estimate; what the model has counted as one is shared out by the local tokens."""
        total = self.estimate(metadata)
        known = metadata.calibration and self._known(metadata)
        waiting, seen = metadata.waiting_tokens, metadata.tokens
        if known and known.reported:
            waiting, seen = max(0, seen + waiting - known.at), min(seen + waiting, known.at)
        new = min(total, self._scale(waiting, metadata))
        overhead = min(total - new, self.overhead(metadata))
        system = metadata.system_tokens if metadata.system else self.system_tokens
        summary = min(metadata.summary_tokens, seen)
        shares = _shared(total - new - overhead, (system, self.tool_tokens, summary, seen - summary))
        return ContextParts(shares[0], shares[1], overhead, shares[2], shares[3], new)

    def _most(self, local: int, metadata: Metadata) -> int:
        """The most tokens that a model can have counted in a context."""
        return math.ceil(self.window * _OVERHEAD_SHARE + (local + self.system_of(metadata)) * RATIO_LIMIT)

    def estimate_of(self, local: int, metadata: Metadata) -> int:
        """The size of a request that was never reported, from its local tokens without the system prompt."""
        return self.overhead(metadata) + self._scale(local + self.system_of(metadata), metadata)

    def system_of(self, metadata: Metadata) -> int:
        """The local tokens of the tools, and of the system prompt: the session's or, where it has none, its agent's."""
        return self.tool_tokens + (metadata.system_tokens if metadata.system else self.system_tokens)

    def is_full(self, metadata: Metadata) -> bool:
        """Tell whether it is time to compact."""
        return self.estimate(metadata) >= self.full_at

    @property
    def full_at(self) -> int:
        """From here on the window counts as full."""
        return math.floor(self.window * self.threshold)

    @property
    def largest_message(self) -> int:
        """The most tokens of a message, so that it fits beside a summary, a system prompt and its predecessor.

        A new message is measured by its local tokens alone: nobody is refused for a guess.
        """
        return math.floor(self.window * _LARGEST_SHARE)

    @property
    def summary_budget(self) -> int:
        """The most tokens of a summary."""
        return self.window // _SUMMARY_SHARE

    def quotes_budget(self, kept: int) -> int:
        """The most tokens of a summary in quotes, which say less in as many words.

        It is twice that of another one, as long as half of the window stays free beside the tokens that are kept.
        """
        return max(self.summary_budget, min(self.window // _QUOTES_SHARE, self.full_at // 2 - kept))

    def older(self, snapshot: Snapshot, *, by_hand: bool) -> int:
        """The number of oldest messages that a compaction replaces, 0 where it would gain nothing.

        Those of an open turn are kept, and the last message, unless what is kept would not fit beside the
        summary. By hand a quarter of the context is kept at most, so that there is something to replace long
        before the window is full.
        """
        metadata, context = snapshot
        messages = context.messages  # a hundred thousand, now and then: only those at both ends are looked at
        end = _begin_of_turn(messages, metadata)
        keep = min(self.keep_recent, self.window // _KEEP_SHARE)
        if by_hand:
            keep = min(keep, self.estimate(metadata) // _KEEP_SHARE)
        ratio = self.ratio(metadata)
        count, kept = end, 0
        while count > 0:
            size = math.ceil(max(0, messages[count - 1].tokens) * ratio)
            if count < end and kept + size > keep:
                break
            count -= 1
            kept += size
        if kept > self.largest_message:
            count = end
        while is_between(messages, count):
            count -= 1
        return count if self._is_worth(messages, count, metadata) else 0

    def asked_for(self, snapshot: Snapshot, asked: CompactionRequest) -> int:
        """The number of oldest messages that a compaction replaces for which somebody asks, 0 where it gains nothing.

        Where so many of the latest are to be kept, all before these, but for those of an open turn.
        """
        if asked.keep is None:
            return self.older(snapshot, by_hand=True)
        metadata, context = snapshot
        count = min(_begin_of_turn(context.messages, metadata), max(0, len(context.messages) - asked.keep))
        while is_between(context.messages, count):
            count -= 1
        return count if self._is_worth(context.messages, count, metadata) else 0

    def _is_worth(self, messages: Sequence[Message], count: int, metadata: Metadata) -> bool:
        worth = accumulate((message.tokens for message in islice(messages, count)), initial=metadata.summary_tokens)
        return count > 0 and any(tokens >= self._least_worth() for tokens in worth)

    def replaceable(self, snapshot: Snapshot, asked: CompactionRequest | None = None) -> int:
        """The number of oldest messages that a compaction replaces if it has to: for a model that can take no more.

        As many as were asked for, or as `older` says or, where that is none, as by hand; or else all before those of
        an open turn.
        """
        if asked is not None and (older := self.asked_for(snapshot, asked)):
            return older
        if older := self.older(snapshot, by_hand=False):
            return older
        before = _begin_of_turn(snapshot.context.messages, snapshot.metadata) if snapshot.metadata.turn else 0
        return self.older(snapshot, by_hand=True) or before

    def _least_worth(self) -> int:
        """Local tokens below which a summary would hardly be shorter than what it replaces."""
        return min(200, self.window // 20)

    def fitting(self, waiting: Iterable[Message], metadata: Metadata) -> int:
        """The number of waiting messages that fit into one request, never fewer than one."""
        if len(metadata.waiting) <= 1:
            return 1
        room = self.window - self.estimate(metadata)
        count = 0
        for message in reversed(tuple(waiting)):
            if room >= 0:
                break
            room += self._scale(message.tokens, metadata)
            count += 1
        return max(1, len(metadata.waiting) - count)

    def fits(self, metadata: Metadata, first: Message | None) -> bool:
        """Tell whether summary, messages and the first of those that wait fit into one request."""
        waiting = first.tokens if first else 0
        return self.estimate(metadata) - self._scale(metadata.waiting_tokens - waiting, metadata) <= self.window

    def _scale(self, local: int, metadata: Metadata) -> int:
        return math.ceil(local * self.ratio(metadata)) if local > 0 else 0


def _begin_of_turn(messages: Sequence[Message], metadata: Metadata) -> int:
    """The number of messages before those of the open turn, which are among the last; all where there is none."""
    begin = len(messages)
    left = {*metadata.turn.messages} if metadata.turn else set[int]()
    for at in range(len(messages) - 1, -1, -1):
        if not left:
            break
        if messages[at].number in left:
            left.remove(messages[at].number)
            begin = at
    return begin


def _seen(known: Calibration) -> float:
    """The ratio that reports show; 0 where they show none."""
    only = known.base_reported / max(1, known.base_local) * RATIO_MARGIN
    # A single report does not tell its parts apart; what no language could be is mostly overhead.
    return known.ratio or (only if only <= RATIO_LIMIT else 0.0)


def _shared(total: int, locals_: Sequence[int]) -> list[int]:
    """Whole numbers that are together the total, in the ratio of these; all of it is the last where these are none."""
    whole = max(1, sum(locals_))
    shares = [total * each // whole for each in locals_[:-1]]
    return [*shares, total - sum(shares)]
