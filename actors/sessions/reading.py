"""Reading a session as it stands, which takes no step of it: the part of `Session` that asks for nothing to be done."""

from abc import ABC, abstractmethod
from typing import Final

from anyio.lowlevel import checkpoint

from argentos.actors.info import SessionInfo
from argentos.actors.lifecycles.known_events import Lifecycle
from argentos.actors.transcripts.transcript import Transcript
from argentos.inputs import as_flag, as_whole_number
from argentos.storage import Message, Summary, Transitioned, as_sha256

__all__ = ["Reading"]

_MOST_MESSAGES: Final = 2**53


class Reading(ABC):
    """Looks at what is durable of a session."""

    __slots__ = ()

    async def transcript(self) -> Transcript:
        """All messages that ever were, and what stands for those that left the context.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._transcript()

    async def info(self) -> SessionInfo:
        """State, tokens, last activity and more.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._info()

    async def summary(self) -> Summary | None:
        """The summary of the messages that the model sees no more.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._summary()

    async def history(self, *, full: bool = False) -> tuple[Message, ...]:
        """The messages in order of acceptance: those in the context or, if `full`, all that ever were.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        await checkpoint()
        return await self._history(full=as_flag(full, "full"))

    async def messages(self, start: int = 1, stop: int | None = None) -> tuple[Message, ...]:
        """The messages of these numbers, in order, wherever they are: in the context, or in the archive.

        Args:
            start: the first number.
            stop: the number behind the last one; by default all that follow.

        Raises:
            SessionNotFoundError: there is no such session.
            InputError: one of them is no number from 1.
        """
        await checkpoint()
        return await self._messages(*_as_numbers(start, stop))

    async def left_context(self, start: int = 1, stop: int | None = None) -> tuple[int, ...]:
        """The numbers of those messages that have left the context, in order.

        Args:
            start: the first number.
            stop: the number behind the last one; by default all that follow.

        Raises:
            SessionNotFoundError: there is no such session.
            InputError: one of them is no number from 1.
        """
        await checkpoint()
        return await self._left_context(*_as_numbers(start, stop))

    async def attachment(self, sha256: str) -> bytes:
        """The bytes of a picture or a document to which the source of a block refers by their hash.

        Raises:
            SessionNotFoundError: there is no such session.
            AttachmentNotFoundError: the session has none of this hash, or they are gone.
            StoreDamagedError: they are not what was once kept.
            InputError: that is no hash.
        """
        await checkpoint()
        return await self._attachment(as_sha256(sha256))

    async def transitions(self) -> tuple[Transitioned, ...]:
        """The edges of the diagram that the session took, each with its time, in order, from `[*]` on.

        A timer that came due while the session was not in memory is told once the session goes on, at its own time.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._transitions()

    async def lifecycles(self) -> tuple[Lifecycle, ...]:
        """The machines of the session, its own and that of its turn: their states, and what each event would do now.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._lifecycles()

    # For the two kinds of session, which are given what was checked ----------------------------------------------

    @abstractmethod
    async def _transcript(self) -> Transcript: ...

    @abstractmethod
    async def _info(self) -> SessionInfo: ...

    @abstractmethod
    async def _summary(self) -> Summary | None: ...

    @abstractmethod
    async def _history(self, *, full: bool) -> tuple[Message, ...]: ...

    @abstractmethod
    async def _messages(self, start: int, stop: int) -> tuple[Message, ...]: ...

    @abstractmethod
    async def _left_context(self, start: int, stop: int) -> tuple[int, ...]: ...

    @abstractmethod
    async def _attachment(self, sha256: str) -> bytes: ...

    @abstractmethod
    async def _lifecycles(self) -> tuple[Lifecycle, ...]: ...

    @abstractmethod
    async def _transitions(self) -> tuple[Transitioned, ...]: ...


def _as_numbers(start: int, stop: int | None) -> tuple[int, int]:
    first = as_whole_number(start, "the first number", 1, _MOST_MESSAGES)
    behind = "the number behind the last"
    return first, _MOST_MESSAGES if stop is None else as_whole_number(stop, behind, 1, _MOST_MESSAGES)
