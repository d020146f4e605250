"""Those who wait for replies: a `Turn` for each message without one."""

from collections.abc import Iterable, Iterator

from argentos.actors.core.retries import has_failed
from argentos.actors.core.turn import Turn
from argentos.actors.scheduling.slots import CurrentTask
from argentos.errors import ArgentError, NoReplyError
from argentos.storage import Message, Snapshot

__all__ = ["PendingTurns"]


class PendingTurns:
    """The turns of a session that somebody may be listening to, by the numbers of their messages."""

    __slots__ = ("_session", "_turns")

    def __init__(self, session: CurrentTask) -> None:
        self._session = session
        self._turns: dict[int, Turn] = {}

    def expect(self, number: int, message_id: str) -> Turn:
        """The turn for a message, the same for whoever asks."""
        turn = self._turns.get(number)
        if turn is None:
            turn = self._turns[number] = Turn(number, message_id, self._session)
        turn.message_id = turn.message_id or message_id
        return turn

    @property
    def are_from_tasks(self) -> bool:
        """A turn of another session may wait for one of these."""
        return any(turn.is_from_task for turn in self._turns.values())

    def may_be_from_tasks(self, numbers: Iterable[int]) -> bool:
        """A turn of another session may wait for the reply to these messages."""
        return any(turn.is_from_task for turn in self._of(numbers))

    def catch_up(self, snapshot: Snapshot) -> None:
        """Answer those whose turn has ended unheard, as when the actor failed just then."""
        metadata, context = snapshot
        open_ = {*metadata.waiting, *(metadata.turn.messages if metadata.turn else ())}
        for turn in [turn for number, turn in self._turns.items() if number not in open_]:
            reply = next((each for each in context.messages if turn.message_id in each.reply_to), None)
            failed = next((each for each in context.messages if each.number == turn.number and each.failure), None)
            if reply is not None:
                self.finish((turn.number,), reply)
            elif failed is not None:
                self.fail((turn.number,), has_failed(metadata.key, failed))
            else:
                self.fail((turn.number,), NoReplyError("the turn ended without a reply", "no_reply"))

    def begin(self, numbers: Iterable[int], attempt: int) -> None:
        """The model is being asked to answer these messages; whoever listens later hears it from the beginning."""
        for number in numbers:
            self.expect(number, "").begin(attempt)

    def push(self, numbers: Iterable[int], text: str) -> None:
        """A piece of the reply to these messages has come."""
        for turn in self._of(numbers):
            turn.push(text)

    def finish(self, numbers: Iterable[int], reply: Message) -> None:
        """The reply to these messages is durable."""
        for turn in self._of(numbers):
            turn.finish(reply)
            self._forget(turn)

    def fail(self, numbers: Iterable[int], error: ArgentError) -> None:
        """There will be no reply to these messages."""
        for turn in self._of(numbers):
            turn.fail(error)
            self._forget(turn)

    def close(self, error: ArgentError) -> None:
        """There will be no reply to any message for now."""
        self.fail(tuple(self._turns), error)

    def _forget(self, turn: Turn) -> None:
        del self._turns[turn.number]
        if not self._turns:
            self._turns = {}  # the old one keeps the room that it once needed, as long as the session lives

    def _of(self, numbers: Iterable[int]) -> Iterator[Turn]:
        for number in numbers:
            turn = self._turns.get(number)
            if turn is not None:
                yield turn
