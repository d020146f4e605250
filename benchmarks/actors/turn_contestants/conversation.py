"""Question and answer, and the conversations of a session, one after the other."""

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeAlias, TypeVar

__all__ = ["ANSWER", "CONVERSATION", "QUESTION", "Conversations", "Turn"]

QUESTION: Final = "A question of 240 characters, as people put them to an agent all day long. ".ljust(240, "?")
ANSWER: Final = "An answer of 240 characters, which a model might have given after a while. ".ljust(240, "!")
CONVERSATION: Final = 50  # turns

Turn: TypeAlias = Callable[[int], Awaitable[object]]
"""Has one more question of the session of this number answered, and returns when both are durable."""

_T = TypeVar("_T")


class Conversations(Generic[_T]):
    """The conversation that a session is in.

    Args:
        begin: begins the conversation of this name.
        session: the number of the session.
    """

    def __init__(self, begin: Callable[[str], _T], session: int) -> None:
        self._begin = begin
        self._session = session
        self._turns = 0
        self._current = begin(f"user-{session}-0")

    def next(self) -> _T:
        """The conversation in which the next turn is."""
        conversation, turns = divmod(self._turns, CONVERSATION)
        if self._turns and not turns:
            self._current = self._begin(f"user-{self._session}-{conversation}")
        self._turns += 1
        return self._current
