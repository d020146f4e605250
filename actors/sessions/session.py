"""Sessions as their users see them, whichever process runs them.

A method's signature, its docstring and the checks of its arguments stand here; `LocalSession` and `RemoteSession` say
how it is done.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from anyio.lowlevel import checkpoint

from argentos.actors.core.commands import Changes
from argentos.actors.core.models.previews import CompactionPreview
from argentos.actors.core.turn import Turn
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.info import SessionInfo
from argentos.actors.sessions.approving import Approving
from argentos.actors.sessions.commanding import Commanding
from argentos.actors.sessions.going_back import GoingBack
from argentos.actors.sessions.reading import Reading
from argentos.actors.transcripts.transcript import Transcript
from argentos.actors.validation import NewMessage, as_changes, as_focus, as_keep, as_patience, as_role, new_message
from argentos.inputs import as_flag, as_id, as_time
from argentos.storage import Address, CompactionAttempt, ContentLike, Message, Role, SessionKey

__all__ = ["Session"]


class Session(Approving, Commanding, GoingBack, Reading, ABC):
    """One conversation, in this process or in the one that owns it: `Supervisor.session` gives its handle.

    Handles are cheap, do no I/O until they are asked to, and any number may stand for the same session.

    Every method may raise `SupervisorStoppedError` once the supervisor is closed, and `StoreError` if the store
    cannot be read or written. Where another process owns the directory, every method may also raise `OwnerGoneError` if
    nobody owns it any more, so that nothing was done, `StoreBusyError` if its owner does not answer, and
    `OwnerLostError` if it hung up while it was being asked.
    """

    __slots__ = ("_key",)

    def __init__(self, key: SessionKey) -> None:
        self._key = key

    @property
    def key(self) -> SessionKey:
        """The agent and the id."""
        return self._key

    @property
    def id(self) -> str:
        """The session's id."""
        return self._key.id

    async def send(
        self,
        content: ContentLike,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
        owner: str | None = None,
    ) -> Turn:
        """Accept a message of the user; when this returns, it is durable. The session is made if need be.

        Where the connection to another process is lost later, `Turn.reply` raises `OwnerLostError`: send the message
        again with its id, which `Turn.message_id` is where none was given, to follow the same turn.

        Args:
            content: a text, or content blocks: text, images, documents, and what a later version of the API has.
            message_id: unique in the session. Sending the same message again under its id, as after a lost
                connection, is answered with the first outcome, within the last 1,000 messages at least, also where the
                mailbox is full. Without one an id is made up.
            address: where the message came from; the reply carries it.
            sender: a name to show.
            patience: seconds to wait for room, where too many messages wait in the session.
            owner: the user whose session it has to be; then none is made, and another's is as if it were not.

        Raises:
            SessionNotFoundError: an owner is given, who has no such session.
            InputError: something of it cannot be stored, or a message of another text, address or side has its id.
            AttachmentTooLargeError: a picture or a document is too large, or there are too many.
            MessageTooLargeError: the context window could never hold it.
            MailboxFullError: too many messages wait in the session.
        """
        patience = await as_patience(patience)
        sent = await new_message(content, message_id, address, sender, owner)
        return Turn(await self._send(sent, patience), self._cancel)

    async def ask(
        self,
        content: ContentLike,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
        owner: str | None = None,
    ) -> Message:
        """Send a message and wait for its reply.

        Raises:
            NoReplyError, ModelError, SessionError: see `Turn.reply`; where waiting would never end nothing is sent.
            InputError, SessionNotFoundError, MessageTooLargeError, MailboxFullError: see `send`.
        """
        with self._awaiting():
            patience = await as_patience(patience)
            return await self._ask(await new_message(content, message_id, address, sender, owner), patience)

    async def say(
        self,
        content: ContentLike,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> Message:
        """Accept a message that the agent sends of its own accord; when this returns, it is durable.

        It counts as activity, and asks for no reply.

        Raises:
            InputError, MessageTooLargeError, MailboxFullError: see `send`.
        """
        return await self._append("assistant", await new_message(content, message_id, address, sender))

    async def append(
        self,
        content: ContentLike,
        *,
        role: Role = "user",
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> Message:
        """Accept a message that asks for no reply, of the user or of the agent; when this returns, it is durable.

        The model sees it in the next turn. It counts as activity. What the agent says so is owed to its channel, as
        with `say`.

        Raises:
            InputError: the role is none.
            InputError, MessageTooLargeError, MailboxFullError: see `send`.
        """
        await checkpoint()
        side = as_role(role)
        return await self._append(side, await new_message(content, message_id, address, sender))

    async def retry(self, message_id: str | None = None) -> Turn:
        """Have a turn that failed run once more, with the messages that it was to answer; the text is not sent again.

        When this returns, it is durable. A message that waits for its answer already goes on waiting.

        Args:
            message_id: of a message whose turn failed; by default the latest turn that did.

        Raises:
            SessionNotFoundError: there is no such session.
            NothingToRetryError: nothing failed, or not this message, or it has left the context.
            MailboxFullError: too many messages wait in the session.
        """
        if message_id is not None:
            await checkpoint()
            message_id = as_id(message_id, "the message id")
        return Turn(await self._retry(message_id), self._cancel)

    async def current_turn(self) -> Turn | None:
        """The turn that runs, or waits for its place or for a model to be tried again; None where there is none.

        It streams from its beginning, as it does for the one who sent its message. Where it answers several messages,
        it is that of the last one.

        Raises:
            SessionNotFoundError: there is no such session.
            SessionParkedError: it failed too often.
        """
        turn = await self._current_turn()
        return None if turn is None else Turn(turn, self._cancel)

    async def turn(self, message_id: str) -> Turn | None:
        """The turn of a message of the user, as `send` gave it, or how it ended; None where there is no such message.

        Raises:
            InputError: the id cannot be used.
            SessionNotFoundError: there is no such session.
            SessionParkedError: it failed too often.
        """
        await checkpoint()
        turn = await self._turn(as_id(message_id, "the message id"))
        return None if turn is None else Turn(turn, self._cancel)

    async def create(
        self,
        *,
        title: str | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
        system: str | None = None,
    ) -> SessionInfo:
        """Make the session by hand, as one; it stays Created until its first message.

        Args:
            title: see `update`, as for the others.
            tags: all of them, at most 64.
            owner: the id of the user whose session it is.
            system: a system prompt in the place of the agent's.

        Raises:
            InputError: something of it cannot be stored.
            CallbackError: the counter cannot count the system prompt.
            SessionExistsError: there is one already.
        """
        await checkpoint()
        return await self._create(as_changes(title, tags, owner, system))

    async def adopt(self, transcript: Transcript) -> SessionInfo:
        """Make the session of a transcript, whole or not at all; no model is asked for anything.

        The ids of session and agent are those of this handle, whatever the transcript says.

        Raises:
            SessionExistsError: there is one already.
            InputError: a message cannot be taken.
        """
        return await self._adopt(transcript)

    async def update(
        self,
        *,
        title: str | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
        system: str | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        read: int | None = None,
    ) -> SessionInfo:
        """Change what `info` and `Supervisor.list` show of the session, or its system prompt, for good.

        It is no activity. What is None stays as it is, and what is empty is removed.

        Args:
            title: a name to show.
            tags: all of them, at most 64.
            owner: the id of the user whose session it is.
            system: a system prompt in the place of the agent's, from the next turn on; at most 100,000 characters.
            pinned: for lists that show it in front of the others.
            archived: for lists that leave it out; nothing else becomes of it.
            read: the number of the last message that a person has read, from which `SessionInfo.unread` follows; 0
                for none.

        Raises:
            InputError: something of it cannot be stored.
            CallbackError: the counter cannot count the system prompt.
            SessionNotFoundError: there is no such session.
        """
        await checkpoint()
        return await self._update(as_changes(title, tags, owner, system, pinned=pinned, archived=archived, read=read))

    async def compact(self, focus: str = "", *, keep: int | None = None) -> SessionInfo:
        """Replace older messages by a summary now; returns when the conversation goes on.

        It waits for a turn that runs, also across a restart; whoever asks meanwhile waits for the same.

        Args:
            focus: what the summary should keep above all.
            keep: how many of the latest messages stay word for word, at least; None leaves that to
                `keepRecentTokens`, and to a quarter of the context.

        Raises:
            SessionNotFoundError: there is no such session.
            NothingToCompactError: a summary would gain nothing, or the compaction was stopped.
            CompactionFailedError: no summary could be made; the history is kept as it is.
            InputError: the focus has more than 800 characters, or `keep` is no number from 0.
        """
        await checkpoint()
        return await self._compact(as_focus(focus), as_keep(keep))

    async def preview_compaction(self, focus: str = "", *, keep: int | None = None) -> CompactionPreview:
        """Make the summary that `compact` would make now, and leave the session as it is.

        The model is asked as for a compaction, and costs as much.

        Raises:
            SessionNotFoundError, NothingToCompactError, CompactionFailedError, InputError: see `compact`.
        """
        await checkpoint()
        return await self._preview_compaction(as_focus(focus), as_keep(keep))

    async def compactions(self) -> tuple[CompactionAttempt, ...]:
        """The latest compactions that were tried, 50 at most, in their order, and what came of each.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._compactions()

    async def stop(self) -> SessionInfo:
        """End the turn that runs, and give up the messages that wait behind it; `Turn.cancel` ends one turn alone.

        What was said of the reply stays in the conversation: see there.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._stop()

    async def unpark(self) -> SessionInfo:
        """Let a session go on that failed too often, with what waits in it; one that is not parked is left alone.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._unpark()

    async def delete(self, *, unless_active_since: datetime | None = None, set_aside: bool = False) -> bool:
        """Remove the session; a turn that runs is ended, and whoever waits for it gets the error.

        Args:
            unless_active_since: keep the session if it is at work, or was active after this time.
            set_aside: remove also what was set aside of it as damaged, which is kept else.

        Returns:
            Whether it was deleted, rather than kept.

        Raises:
            SessionNotFoundError: there is no such session, nor, with `set_aside`, anything that was set aside of it.
        """
        await checkpoint()
        since = None if unless_active_since is None else as_time(unless_active_since, "unless_active_since")
        return await self._delete(since, set_aside=as_flag(set_aside, "set_aside"))

    # For the two kinds of it, which are given what was checked -----------------------------------------------

    def _awaiting(self) -> AbstractContextManager[object]:
        """The time in which a reply is waited for."""
        return nullcontext()

    async def _ask(self, sent: NewMessage, patience: float) -> Message:
        return await Turn(await self._send(sent, patience), self._cancel).reply()

    @abstractmethod
    async def _cancel(self, turn: Turn) -> bool: ...

    @abstractmethod
    async def _send(self, sent: NewMessage, patience: float) -> TurnProgress: ...

    @abstractmethod
    async def _append(self, role: Role, sent: NewMessage) -> Message: ...

    @abstractmethod
    async def _retry(self, message_id: str | None) -> TurnProgress: ...

    @abstractmethod
    async def _turn(self, message_id: str) -> TurnProgress | None: ...

    @abstractmethod
    async def _update(self, changes: Changes) -> SessionInfo: ...

    @abstractmethod
    async def _compact(self, focus: str, keep: int | None) -> SessionInfo: ...

    @abstractmethod
    async def _preview_compaction(self, focus: str, keep: int | None) -> CompactionPreview: ...

    @abstractmethod
    async def _compactions(self) -> tuple[CompactionAttempt, ...]: ...

    @abstractmethod
    async def _delete(self, unless_active_since: datetime | None, *, set_aside: bool) -> bool: ...

    @abstractmethod
    async def _current_turn(self) -> TurnProgress | None: ...

    @abstractmethod
    async def _create(self, changes: Changes) -> SessionInfo: ...

    @abstractmethod
    async def _adopt(self, transcript: Transcript) -> SessionInfo: ...

    @abstractmethod
    async def _stop(self) -> SessionInfo: ...

    @abstractmethod
    async def _unpark(self) -> SessionInfo: ...
