"""What was sent and what was acknowledged, kept outside of the process that is killed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Final, NamedTuple

from argentos import Message
from tests.campaigns.doomed import STAGES, Doomed
from tests.campaigns.life import SESSIONS, address_of, answer_to, message_id, session_id, text_of

DOOMED: Final = SESSIONS
_WORD: Final = Struct("<HII")


class Word(NamedTuple):
    """An acknowledgement on its way from a child: what was accepted, and under which number.

    Where the session is `DOOMED`, instead the number of one of those, and what was done with it.
    """

    session: int
    message: int
    number: int

    def pack(self) -> bytes:
        return _WORD.pack(*self)


class Ledger:
    """Attributes:
    acknowledged: for each session the numbers of its acknowledged messages, by message.
    started: for each session the last message that was ever begun to be sent.
    doomed: the sessions that are made to be deleted.
    """

    def __init__(self) -> None:
        self.acknowledged: list[dict[int, int]] = [{} for _ in range(SESSIONS)]
        self.started = [0] * SESSIONS
        self.doomed = Doomed()

    def take(self, words: bytes, started: Sequence[int]) -> Iterator[str]:
        """Note what a child has said; a sentence for each contradiction."""
        self.started = [max(pair) for pair in zip(self.started, started, strict=True)]
        for index, message, number in map(Word._make, _WORD.iter_unpack(words)):
            if index == DOOMED:
                self.doomed.acknowledged[STAGES[number]] = message
                continue
            before = self.acknowledged[index].setdefault(message, number)
            if before != number:
                yield f"{message_id(index, message)} was acknowledged as number {before}, and again as {number}"

    @property
    def count(self) -> int:
        """How many messages were acknowledged."""
        return sum(map(len, self.acknowledged))

    def unacknowledged(self, index: int) -> list[int]:
        return [each for each in range(1, self.started[index] + 1) if each not in self.acknowledged[index]]

    def problems(self, index: int, history: Sequence[Message], *, all_answered: bool = False) -> Iterator[str]:
        """A sentence for whatever is wrong in the full history of a session."""
        where = session_id(index)
        if [each.number for each in history] != list(range(1, len(history) + 1)):
            yield f"{where}: the numbers have a gap: {[each.number for each in history]}"
        said = [each for each in history if each.role == "user"]
        yield from self._lost(index, {each.id: each for each in said})
        for each, times in Counter(each.id for each in said).items():
            if times > 1:
                yield f"{where}: {each} is there {times} times"
        yield from self._misanswered(index, history, all_answered=all_answered)

    def _lost(self, index: int, said: dict[str, Message]) -> Iterator[str]:
        for message, number in self.acknowledged[index].items():
            kept = said.get(message_id(index, message))
            if kept is None:
                yield f"{message_id(index, message)} was acknowledged as number {number}, and is lost"
            elif kept.number != number:
                yield f"{kept.id} was acknowledged as number {number}, and is number {kept.number}"
        sent = {
            message_id(index, each): (text_of(index, each), address_of(index, each))
            for each in range(1, self.started[index] + 1)
        }
        for each in said.values():
            if (each.text, each.address) != sent.get(each.id):
                yield f"{each.id} was never sent with the text {each.text!r} and the address {each.address}"

    def _misanswered(self, index: int, history: Sequence[Message], *, all_answered: bool) -> Iterator[str]:
        replies = [each for each in history if each.role == "assistant"]
        answered = Counter(each for reply in replies for each in reply.reply_to)
        for each in history:
            if each.role == "user" and not int(all_answered) <= answered[each.id] <= 1:
                yield f"{session_id(index)}: {each.id} has {answered[each.id]} replies"
        for reply in replies:
            if reply.text != answer_to(reply.reply_to[-1]):
                yield f"{session_id(index)}: the reply {reply.id} reads {reply.text!r}"

    def owed(self, index: int, history: Sequence[Message]) -> list[Message]:
        """The replies in a history that go to an address: where the last of the messages came from that they answer."""
        started = range(1, self.started[index] + 1)
        addressed = {message_id(index, each) for each in started if address_of(index, each)}
        return [each for each in history if each.role == "assistant" and each.reply_to[-1] in addressed]
