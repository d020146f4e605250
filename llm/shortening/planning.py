"""Planning what requests show less of, where a turn has filled the window and no older message can be summarised.

First results of calls, the oldest first; then the latest ones, as far as they take more than their share; then the
oldest rounds of the open turn, whole, a call never without its result; then the latest results once more. What is cut
is cut by much at once, so that the requests after it share their beginning for long.
"""

import math
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from argentos.llm.counting import characters_of, count_content
from argentos.llm.gauge import Gauge
from argentos.llm.pairing import is_between
from argentos.llm.shortening.showing import as_shown
from argentos.storage import MESSAGE_TOKENS, Cut, Message, Snapshot

__all__ = ["find_cuts"]

_TARGET: Final = 0.6  # of where the window counts as full
_LATEST_SHARE: Final = 0.25  # of the window, for the latest results
_WORTH: Final = 0.1  # of the window; less is not freed before it has to be
_PRESSING: Final = 0.97  # of the window
_BRIEF: Final = (100, 1000)  # characters of a result that is cut
_BRIEF_SHARE: Final = 40  # tokens of the window for each of these
_GAIN: Final = 0.8  # of a message's tokens, that are left at most
_DENSEST: Final = 2.0  # times the tokens that a message has for each character: what is left of it may have so many
_LEAST_DENSITY: Final = 0.5  # tokens for each character
_MARK_TOKENS: Final = 60  # of the message that stands for those left out


def find_cuts(snapshot: Snapshot, gauge: Gauge, *, is_refused: bool = False) -> tuple[Cut, ...]:
    """The messages of which the next request has to show less; none where it need not, or cannot.

    Args:
        snapshot: of the session.
        gauge: says how full the window is.
        is_refused: the model has refused the request as it is: it is smaller than the gauge takes it for.
    """
    metadata = snapshot.metadata
    estimate = gauge.estimate(metadata)
    full_at = min(gauge.full_at, estimate * _TARGET) if is_refused else gauge.full_at
    if estimate < full_at:
        return ()
    ratio = gauge.ratio(metadata)
    plan = _Plan(snapshot, gauge, ratio)
    plan.find(math.ceil((estimate - full_at + 1) / ratio), math.ceil((estimate - full_at * _TARGET) / ratio))
    is_pressing = is_refused or estimate >= gauge.window * _PRESSING
    is_worth_it = plan.freed * ratio >= gauge.window * _WORTH
    return tuple(plan.cuts.values()) if is_worth_it or is_pressing else ()


class _Plan:
    """The cuts so far, by the places of their messages.

    Attributes:
        freed: local tokens.
    """

    def __init__(self, snapshot: Snapshot, gauge: Gauge, ratio: float) -> None:
        turn = snapshot.metadata.turn
        self.cuts: dict[int, Cut] = {}
        self.freed = 0
        self._messages = snapshot.context.messages
        self._turn = turn.turn if turn else 0
        self._latest = _latest_results(self._messages, self._turn)
        self._brief = min(max(gauge.window // _BRIEF_SHARE, _BRIEF[0]), _BRIEF[1])
        self._share = gauge.window * _LATEST_SHARE / ratio

    def find(self, least: int, enough: int) -> None:
        """Free so many tokens: enough, or at least those that have to be, or what can be."""
        for at, message in enumerate(self._messages):
            if self.freed >= enough:
                return
            if at != self._latest and _has_results(message):
                self._cut(at, self._brief)
        if self.freed < least and self._latest is not None:
            self._cut(self._latest, self._share_of(self._messages[self._latest]))
        if self.freed < least:
            self._omit(enough)
        if self.freed < least and self._latest is not None:
            self._cut(self._latest, self._brief)

    def _share_of(self, message: Message) -> int:
        """The characters that the latest results may have, each as many."""
        count = sum(block.get("type") == "tool_result" for block in message.blocks)
        characters = characters_of(message.blocks) * self._share / max(1, message.tokens) / _DENSEST
        return max(self._brief, int(characters / max(1, count)))

    def _cut(self, at: int, characters: int) -> None:
        message = self._messages[at]
        if message.is_omitted or (message.cut and message.cut <= characters):
            return
        left = _tokens_of(message, characters)
        if left <= message.tokens * _GAIN:
            self._put(at, Cut(message.number, characters, left))

    def _put(self, at: int, cut: Cut) -> None:
        before = self.cuts.get(at)
        self.freed += (before.tokens if before else self._messages[at].tokens) - cut.tokens
        self.cuts[at] = cut

    def _omit(self, enough: int) -> None:
        """Leave out the oldest rounds of the turn, but not the latest one."""
        messages = self._messages
        steps = [at for at, each in enumerate(messages) if self._turn and each.turn == self._turn]
        begins = [at for at in steps if messages[at].role == "assistant"]
        for at in steps:
            if at >= begins[-1] or (self.freed >= enough and not is_between(messages, at)):
                return
            if not messages[at].is_omitted:
                is_first = at == steps[0]
                self._put(at, Cut(messages[at].number, 0, min(_MARK_TOKENS, messages[at].tokens) if is_first else 0))


def _latest_results(messages: Sequence[Message], turn: int) -> int | None:
    """The place of the results that the open turn has not shown to the model yet."""
    last = len(messages) - 1
    return last if messages and turn and messages[last].turn == turn and _has_results(messages[last]) else None


def _has_results(message: Message) -> bool:
    return any(block.get("type") == "tool_result" for block in message.blocks)


def _tokens_of(message: Message, characters: int) -> int:
    """The tokens of a message once so many characters of each result are shown: rather too many than too few."""
    (shown,) = as_shown((structs.replace(message, cut=characters),))
    text = message.tokens - count_content(message.blocks, lambda _: 0)
    density = max(_LEAST_DENSITY, _DENSEST * text / max(1, characters_of(message.blocks)))
    return math.ceil(characters_of(shown.blocks) * density) + MESSAGE_TOKENS
