"""The summary of some messages, written by a model.

Where they fit into one request they are shown as in the conversation, byte for byte, with the instruction behind them:
so the provider reads them from its cache. Where they do not, or another model than the one that talks writes the
summary, they are shown as texts, part by part; each part goes with the summary of what came before it.
"""

from functools import partial
from typing import Any, Final

from msgspec import Struct

from argentos.errors import ContextOverflowError
from argentos.llm.context import as_request
from argentos.llm.counting import Counting
from argentos.llm.model import Request
from argentos.llm.summaries.instructions import SYSTEM, instruction
from argentos.llm.summaries.parts import Part, part_from
from argentos.llm.summaries.summariser import Summariser, Written
from argentos.storage import MESSAGE_TOKENS, Message, Summary

__all__ = ["Assignment", "Writing"]

_MARGIN: Final = 1.2  # for what a request has more tokens than was estimated
_LEAST_ROOM: Final = 30  # local tokens of a part
_LEAST_ANSWER: Final = 64  # tokens
_SHARE: Final = 5  # of the window, which a summary takes at most
_MOST_SHRUNK: Final = 8
"""By how much parts become smaller where a model takes less than it said."""
_MANY: Final = 2000  # messages that are looked through in some milliseconds


class Assignment(Struct, frozen=True, kw_only=True):
    """Messages that are to be summarised.

    Attributes:
        session: the id.
        system: the system prompt of the conversation.
        tools: those of the conversation.
        earlier: the summary that these messages follow.
        messages: in the order of the conversation.
        tokens: the estimated tokens of a request with all of this, for the model that talks.
        budget: local tokens of the summary, at most.
        focus: what it should keep above all.
    """

    session: str
    system: str
    tools: tuple[dict[str, Any], ...]
    earlier: Summary | None
    messages: tuple[Message, ...]
    tokens: int
    budget: int
    focus: str = ""


class Writing:
    """A summary as it is being written.

    Args:
        assignment: what it is about.
        summariser: writes it.
        counting: of local tokens.

    Attributes:
        summary: as far as it is written; at first the earlier one.
        covered: how many of the messages it speaks for.
    """

    def __init__(self, assignment: Assignment, summariser: Summariser, counting: Counting) -> None:
        self.summary: Summary | None = assignment.earlier
        self.covered: int = 0
        self._given = assignment
        self._summariser = summariser
        self._counting = counting
        self._most = min(assignment.budget, max(1, int(summariser.window / summariser.ratio / _SHARE)))

    @property
    def is_done(self) -> bool:
        """It speaks for all of the messages."""
        return self.covered == len(self._given.messages)

    async def run(self) -> None:
        """Write it.

        Raises:
            ModelError: it cannot be written, or not to its end: what is written stands.
        """
        if self._summariser.is_talker and await self._at_once():
            return
        await self._in_parts()

    # In one request ------------------------------------------------------------------------------------------

    async def _at_once(self) -> bool:
        """Show it as in the conversation; False where that is too much for one request."""
        given = self._given
        told = instruction(given.focus, tokens=given.budget, has_earlier=given.earlier is not None)
        answer = self._answer_tokens(given.budget)
        asked = int(await self._counting.tokens(told) * self._summariser.ratio)
        if given.tokens + asked + answer > self._summariser.window:
            return False
        make = partial(as_request, given.messages)
        messages = make() if len(given.messages) <= _MANY else await self._counting.run(make)
        request = Request(
            session=given.session,
            system=given.system,
            tools=given.tools,
            summary=given.earlier,
            messages=messages,
            instruction=told,
            window=self._summariser.window,
            max_tokens=answer,
        )
        try:
            written = await self._summariser.write(request, given.budget, self._counting)
        except ContextOverflowError:  # there is more in it than anybody knew
            return False
        await self._note(written, len(given.messages))
        return True

    # In parts ------------------------------------------------------------------------------------------------

    async def _in_parts(self) -> None:
        messages, begin, offset = self._all(), 0, 0
        shift = len(messages) - len(self._given.messages)
        shrunk = 1
        while begin < len(messages):
            room = await self._room() // shrunk
            if room < _LEAST_ROOM:
                raise ContextOverflowError(
                    f"the window of the model that writes summaries, {self._summariser.window}, is too small for them"
                )
            take = partial(part_from, messages, begin, offset, room)
            part = take() if len(messages) - begin <= _MANY else await self._counting.run(take)
            if part.messages:
                try:
                    written = await self._summariser.write(await self._request(part), self._most, self._counting)
                except ContextOverflowError:
                    if shrunk >= _MOST_SHRUNK:
                        raise
                    shrunk *= 2
                    continue
                await self._note(Written(written.text), max(0, part.until - shift))
            begin, offset = part.until, part.offset
        self.covered = len(self._given.messages)

    def _all(self) -> tuple[Message, ...]:
        """The messages; an earlier summary too long to be carried along comes first, as one of them."""
        earlier, messages = self._given.earlier, self._given.messages
        if earlier is None or earlier.tokens <= 2 * self._most:
            return messages
        self.summary = None
        told = Message(
            id="", number=earlier.first, role="user", text=earlier.text, at=earlier.at, tokens=earlier.tokens
        )
        return (told, *messages)

    async def _request(self, part: Part) -> Request:
        return Request(
            session=self._given.session,
            system=SYSTEM,
            summary=self.summary,
            messages=part.messages,
            instruction=self._instruction(),
            window=self._summariser.window,
            max_tokens=self._answer_tokens(self._most),
        )

    async def _room(self) -> int:
        """The local tokens of a part, beside everything else in its request."""
        fixed = f"{SYSTEM}\n{self._instruction()}"
        carried = (self.summary.tokens if self.summary else 0) + 3 * MESSAGE_TOKENS
        taken = (await self._counting.tokens(fixed) + carried) * self._summariser.ratio
        left = self._summariser.window - taken - self._answer_tokens(self._most)
        return int(left / self._summariser.ratio / _MARGIN)

    def _instruction(self) -> str:
        return instruction(self._given.focus, tokens=self._most, has_earlier=self.summary is not None)

    def _answer_tokens(self, local: int) -> int:
        return max(_LEAST_ANSWER, int(local * self._summariser.ratio))

    async def _note(self, written: Written, covered: int) -> None:
        given, last = self._given, self._given.messages[max(0, covered - 1)]
        first = given.earlier.first if given.earlier else given.messages[0].number
        self.covered = covered
        self.summary = Summary(
            text=written.text,
            first=first,
            last=last.number,
            tokens=await self._counting.tokens(written.text),
            method="model",
            at=last.at,
            before=0,
            after=0,
            block=written.block,
        )
