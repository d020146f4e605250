"""Requests to the model, as the session's ledger expects them."""

from argentos.llm import Request
from argentos.llm.summaries.instructions import SYSTEM as PART_SYSTEM
from tests.lifecycle.ledger import WINDOW, Ledger, count_words

__all__ = ["Asking"]


class Asking(Ledger):
    """The ledger of a session that refuses requests which do not show what was said."""

    def check_request(self, request: Request) -> None:
        """The model is asked for a reply or a summary."""
        if request.system == PART_SYSTEM:
            self._check_part(request)
            return
        shown = [message.number for message in request.messages]
        is_durable = max(shown, default=0) <= len(self.messages)
        self.require("a turn is durable before it runs", that=is_durable, problem=shown)
        texts = [message.text for message in request.messages]
        self.require(
            "the model sees the words", that=texts == [self.text_of(number) for number in shown], problem=shown
        )
        summary = request.summary.text if request.summary else None
        self.require(
            "the model sees the summary", that=summary == (self.summary and self.summary.text), problem=summary
        )
        if request.instruction:
            self.require("an effect follows its append", that=self.state == "Compacted", problem=self.state)
            is_harmless = not self.is_quoted
            self.require("a summary that kills is made without the model", that=is_harmless, problem=self.resumed)
            still = [number for number in shown if number not in self.waiting]  # others are tried again meanwhile
            self.require("a summary is of the oldest", that=still == self.context[: len(still)], problem=shown)
            self.summarising = shown
            return
        self.require("a turn is durable before it runs", that=self.turn is not None, problem=request)
        asked = list(self.turn.messages if self.turn else ())
        meanwhile = [number for number in self.context if number not in (*self.begun_behind, *asked)]
        before = [*self.begun_behind, *meanwhile]
        seen = shown[: -len(asked)]
        is_whole = shown == [*seen, *asked] and seen == before[: len(seen)] and len(seen) >= len(self.begun_behind)
        self.require("the model sees the conversation", that=is_whole, problem=(shown, before, asked))
        size = self.size_of(shown) + (count_words(summary) if summary else 0)
        is_first = self.turn is not None and self.turn.attempt == 1 and len(asked) > 1  # later on more may have come
        self.require("a request fits the window", that=size <= WINDOW or not is_first, problem=size)

    def _check_part(self, request: Request) -> None:
        """The model is shown a part of what is summarised, whose messages may be pieces."""
        shown = [message.number for message in request.messages]
        self.require("an effect follows its append", that=self.state == "Compacted", problem=self.state)
        is_harmless = not self.is_quoted
        self.require("a summary that kills is made without the model", that=is_harmless, problem=self.resumed)
        for message in request.messages:
            is_said = message.text.strip("… ") in self.text_of(message.number)
            self.require("the model sees the words", that=is_said, problem=message)
        if not self.summarising or shown[0] == self.context[0]:  # the first part
            self.summarising = [*self.context]
        is_old = {*shown} <= {*self.summarising}
        self.require("a summary is of the oldest", that=is_old, problem=(shown, self.summarising))
