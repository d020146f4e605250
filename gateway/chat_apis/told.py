"""Turns as chat clients are told of them: text that grows, and what it has cost in the end."""

import time
from collections.abc import AsyncGenerator, Sequence
from typing import Final, NamedTuple

from argentos.actors import Session, Turn
from argentos.errors import ReplyInterruptedError
from argentos.llm import TextDelta, ToolAnswer, ToolCall, count_tokens

__all__ = ["Ended", "Speech", "Stops"]

_APART: Final = "\n\n"  # between what is said in front of calls of tools, and behind them


class Ended(NamedTuple):
    """The end of a reply.

    Attributes:
        id: of the message that is answered.
        text: all that was said in the turn, also between calls of tools.
        at: when it ended, in seconds.
        stop_reason: why it is not whole; None where it is.
        input: tokens of the request, as the model reported them, else as they are estimated.
        output: tokens of the reply, likewise.
        cache_read: the part of `input` that came from the provider's cache.
        cache_written: the part of it that was put there.
        stop_sequence: by which it was ended; None where it was not.
    """

    id: str
    text: str
    at: int
    stop_reason: str | None
    input: int
    output: int
    cache_read: int = 0
    cache_written: int = 0
    stop_sequence: str | None = None


class Stops:
    """A text that grows up to a stop sequence; what may be the beginning of one is held back.

    Args:
        sequences: not empty, any of which ends the text.

    Attributes:
        found: the one that has ended it; empty where none has.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = sequences
        self._held = ""
        self.found: str = ""

    def take(self, text: str) -> str:
        """The part of it that may be told, with what was held back."""
        text = self._held + text
        places = [(at, each) for each in self._sequences if (at := text.find(each)) >= 0]
        if places:
            at, self.found = min(places)
            self._held = ""
        else:
            at = len(text) - max((self._begun(text, each) for each in self._sequences), default=0)
            self._held = text[at:]
        return text[:at]

    def rest(self) -> str:
        """Give what was held back, once no more comes; the text is at its beginning again."""
        held, self._held = self._held, ""
        return held

    @staticmethod
    def _begun(text: str, sequence: str) -> int:
        """The characters of a sequence with which a text ends."""
        return next((n for n in range(min(len(sequence), len(text)), 0, -1) if text.endswith(sequence[:n])), 0)


class Speech:
    """A turn, as a text.

    Args:
        session: of the turn.
        turn: is told.
        most: the tokens that it may have, by our own count; where it has them, the turn is ended. None for any number.
        stops: texts in front of which it ends, and the turn with it.
    """

    def __init__(self, session: Session, turn: Turn, most: int | None = None, stops: Sequence[str] = ()) -> None:
        self._session = session
        self._turn = turn
        self._most = most
        self._stops = Stops(stops)
        self._said: list[str] = []
        self._tokens = 0
        self._is_cut = False

    @property
    def id(self) -> str:
        """The id of the message that is answered."""
        return self._turn.message_id

    async def pieces(self) -> AsyncGenerator[str]:
        """The text as it comes.

        Raises:
            ReplyInterruptedError: the model began anew, and what was told cannot be taken back.
            ModelError, SessionError: there is no reply.
        """
        async for piece in self._pieces():
            if piece is not None:
                yield piece
            elif self._said:
                raise ReplyInterruptedError(
                    "the model broke off, and begins its reply anew, which this stream cannot tell; the session will"
                    " have it"
                )

    async def whole(self) -> Ended:
        """The end of the reply, which is waited for; see `pieces`."""
        async for piece in self._pieces():
            if piece is None:
                self._said, self._tokens = [], 0
                self._stops.rest()
        return await self.end()

    async def end(self) -> Ended:
        """The end of the reply, once all was told."""
        text = "".join(self._said)
        if self._is_ended:
            info = await self._session.info()
            tokens, found = count_tokens(text), None if self._is_cut else self._stops.found
            reason, spent = "stop_sequence" if found else "max_tokens", max(0, info.tokens - tokens)
            return Ended(self.id, text, int(time.time()), reason, spent, tokens, stop_sequence=found)
        reply = await self._turn.reply()
        at, text = int(reply.at.timestamp()), text or reply.text
        if (usage := reply.usage) is not None:
            costs = (usage.input, usage.output, usage.cache_read, usage.cache_written)
            return Ended(self.id, text, at, reply.stop_reason, *costs)
        info = await self._session.info()
        return Ended(self.id, text, at, reply.stop_reason, max(0, info.tokens - reply.tokens), reply.tokens)

    async def _pieces(self) -> AsyncGenerator[str | None]:
        """The text as it comes, to its end or as much as it may have; None where it begins anew."""
        attempt, is_apart = 0, False
        async for piece in self._turn:
            if self._turn.attempt != attempt:
                attempt, is_apart = self._turn.attempt, False
                yield None
            if isinstance(piece, ToolCall | ToolAnswer):
                is_apart = True
            elif isinstance(piece, TextDelta) and piece.text:
                begin = _APART if is_apart and self._said else ""
                is_apart = False
                if text := self._fitting(self._stops.take(begin + piece.text)):
                    yield text
                if self._is_ended:
                    await self._turn.cancel()
                    return
        if text := self._fitting(self._stops.rest()):
            yield text

    @property
    def _is_ended(self) -> bool:
        return self._is_cut or bool(self._stops.found)

    def _fitting(self, text: str) -> str:
        """As much of a text as there is room for, which is said."""
        if self._most is not None:
            tokens, left = count_tokens(text), self._most - self._tokens
            if tokens > left:
                self._is_cut = True
                text = text[: len(text) * left // tokens]
            self._tokens += min(tokens, left)
        if text:
            self._said.append(text)
        return text
