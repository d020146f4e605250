"""Going back in a session, and off to another: the part of `Session` that changes what was said before."""

from abc import ABC, abstractmethod
from typing import Final

from anyio.lowlevel import checkpoint

from argentos.actors.core.turn import Turn
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.info import SessionInfo
from argentos.inputs import as_id, as_whole_number
from argentos.storage import Checkpoint

__all__ = ["GoingBack"]

_MOST: Final = 2**53  # messages


class GoingBack(ABC):
    """Takes messages out of the context, and back into it; none is ever lost.

    Whatever takes messages out makes a checkpoint: a compaction, a clear, a rewind, and a reply that is made once more.
    """

    __slots__ = ()

    async def clear(self) -> SessionInfo:
        """Empty the context; a turn that runs is ended. The messages stay in the archive.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._clear()

    async def undo(self, name: str | None = None) -> SessionInfo:
        """Take the latest checkpoint back: what left the context there is in it again, in front of what is newer.

        Done again it takes back the checkpoint before that one, unless it names the same one. A turn that runs goes on.
        What failed there can be tried again; a reply that was withheld is owed again. A context that is full then is
        compacted with the next message.

        Args:
            name: of the checkpoint, as in `checkpoints`, which has to be the latest; one that was taken back before is
                left alone. By default the latest that was not.

        Raises:
            UndoRefusedError: there is none, a later one comes first, the window has no room for its messages any more,
                or a compaction runs.
            CheckpointNotFoundError: there is none of this name.
            SessionNotFoundError: there is no such session.
        """
        await checkpoint()
        return await self._undo(None if name is None else as_id(name, "the name of the checkpoint"))

    async def checkpoints(self) -> tuple[Checkpoint, ...]:
        """All checkpoints, the oldest first; also those that were taken back.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._checkpoints()

    async def fork(self, new_id: str, *, at: int | str | None = None) -> SessionInfo:
        """Make another session that begins with the context of this one, which is left as it is.

        The messages keep their numbers, and the archive stays here. Title, tags, owner, system prompt and what is known
        of the model's tokens go along.

        Args:
            new_id: of the other session, of the same agent.
            at: the number of the last message to take along, or the name of a checkpoint; in a loop of tool calls, what
                is in front of that. By default now, without what has no answer yet.

        Raises:
            SessionExistsError: there is a session of this id already.
            CheckpointNotFoundError, MessageNotFoundError: there is no such checkpoint, or no such message.
            SessionNotFoundError: there is no such session.
            InputError: the id cannot be used.
        """
        await checkpoint()
        other = as_id(new_id, "the id of the new session")
        if isinstance(at, str):
            return await self._fork(other, as_id(at, "the name of the checkpoint"))
        return await self._fork(other, None if at is None else _as_number(at))

    async def regenerate(self) -> Turn:
        """Send the latest reply to the archive, with its calls of tools, and have another one made.

        It answers the same messages, and goes to their address; an old one that is still owed to a channel is
        withheld. When this returns, it is durable.

        Raises:
            NothingToRegenerateError: there is no reply, what it answers has left the context, or a turn is open.
            SessionNotFoundError: there is no such session.
        """
        return Turn(await self._regenerate(), self._cancel)

    async def rewind(self, *, before: int) -> SessionInfo:
        """Send a message to the archive, with all that is behind it; in a loop of tool calls, from its first step on.

        A turn that runs is ended, and messages that wait are given up, as by `stop`; a call that waits for a person's
        word is not run.

        Args:
            before: the number of the message.

        Raises:
            MessageNotFoundError: the context has no message of this number.
            SessionNotFoundError: there is no such session.
        """
        await checkpoint()
        return await self._rewind(_as_number(before))

    # For the two kinds of session, which are given what was checked ----------------------------------------------

    @abstractmethod
    async def _cancel(self, turn: Turn) -> bool: ...

    @abstractmethod
    async def _clear(self) -> SessionInfo: ...

    @abstractmethod
    async def _undo(self, name: str | None) -> SessionInfo: ...

    @abstractmethod
    async def _checkpoints(self) -> tuple[Checkpoint, ...]: ...

    @abstractmethod
    async def _fork(self, new_id: str, at: int | str | None) -> SessionInfo: ...

    @abstractmethod
    async def _regenerate(self) -> TurnProgress: ...

    @abstractmethod
    async def _rewind(self, before: int) -> SessionInfo: ...


def _as_number(value: object) -> int:
    return as_whole_number(value, "the number of the message", 1, _MOST)
