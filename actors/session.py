"""The handle of a session: what embedders hold. It does no I/O until asked to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import anyio
import anyio.to_thread
from anyio.lowlevel import checkpoint

from argentos.actors.core.commands import Accept, Adopt, Clear, Compact, Create, Receipt, Stop, Update
from argentos.actors.core.registry import Registry
from argentos.actors.core.replies import Turn, has_failed
from argentos.actors.duplicates import check_same, message_in, related
from argentos.actors.info import SessionInfo
from argentos.actors.scheduling.slots import awaiting
from argentos.actors.transcripts.records import records_of
from argentos.actors.transcripts.transcript import Transcript, transcript_of
from argentos.actors.validation import NewMessage, as_changes, as_focus, as_new_message, as_role
from argentos.concurrency.foreign_code import reading_a_store
from argentos.errors import ArgentError, InputError, MailboxFullError, MessageTooLargeError, NoReplyError
from argentos.inputs import as_flag, as_id, as_number, as_time
from argentos.llm import TokenCounter
from argentos.storage import (
    MESSAGE_TOKENS,
    Address,
    Message,
    Metadata,
    Record,
    Role,
    SessionKey,
    Snapshot,
    Summary,
    fold,
)

__all__ = ["Session"]

_MANY: Final = 1000  # messages that are copied in a millisecond
_CHARACTERS_A_TOKEN: Final = 64  # more than any language needs: a longer text is not even counted


class Session:
    """One conversation. Handles are cheap, and any number may stand for the same session.

    Every method may raise `SupervisorStoppedError` once the supervisor is closed, and `StoreError` if the store
    cannot be read or written.
    """

    __slots__ = ("_registry", "key")

    def __init__(self, registry: Registry, key: SessionKey) -> None:
        self._registry = registry
        self.key = key

    @property
    def id(self) -> str:
        """The session's id."""
        return self.key.id

    async def send(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
    ) -> Turn:
        """Accept a message of the user; when this returns, it is durable. The session is made if need be.

        Args:
            text: the message.
            message_id: unique in the session. Sending the same message again under its id, as after a lost
                connection, is answered with the first outcome, within the last 1,000 messages at least, also where the
                mailbox is full. Without one an id is made up.
            address: where the message came from; the reply carries it.
            sender: a name to show.
            patience: seconds to wait for room, where too many messages wait in the session.

        Raises:
            InputError: something of it cannot be stored, or a message of another text, address or side has its id.
            MessageTooLargeError: the context window could never hold it.
            MailboxFullError: too many messages wait in the session.
        """
        if patience != 0.0:
            await checkpoint()
            patience = as_number(patience, "the patience")
        sent = await self._new_message(text, message_id, address, sender)
        if patience > 0:
            receipt = await self._accept_patiently(sent, patience)
        else:
            receipt = await self._accept("user", sent, awaits_reply=True)
        return await self._turn_of(receipt, sent)

    async def _accept_patiently(self, sent: NewMessage, patience: float) -> Receipt:
        deadline = anyio.current_time() + patience
        while True:
            try:
                return await self._accept("user", sent, awaits_reply=True)
            except MailboxFullError:
                if anyio.current_time() >= deadline:
                    raise
            with anyio.CancelScope(deadline=deadline):
                await self._registry.room(self.key)

    async def ask(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
    ) -> Message:
        """Send a message and wait for its reply.

        Raises:
            NoReplyError, ModelError, SessionError: see `Turn.reply`; where waiting would never end nothing is sent.
            InputError, MessageTooLargeError, MailboxFullError: see `send`.
        """
        with awaiting(self._registry.runtime.slots, self.key):
            turn = await self.send(text, message_id=message_id, address=address, sender=sender, patience=patience)
            return await turn.reply()

    async def say(
        self,
        text: str,
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
        return await self._append("assistant", text, message_id, address, sender)

    async def append(
        self,
        text: str,
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
        return await self._append(as_role(role), text, message_id, address, sender)

    async def _append(
        self, role: Role, text: str, message_id: str | None, address: Address | None, sender: str | None
    ) -> Message:
        sent = await self._new_message(text, message_id, address, sender)
        receipt = await self._accept(role, sent, awaits_reply=False)
        number, snapshot = receipt.number, receipt.snapshot
        if sent.message_id is None:
            return message_in(snapshot.context, number) or await self._archived(number)
        known = message_in(snapshot.context, number)
        for message in (known,) if known else await self._related(snapshot, sent):
            if sent.message_id == message.id and not message.reply_to:
                check_same(message, sent, role)
                return message
        raise InputError(f"the message {sent.message_id!a:.100} was sent before, and is not to be found any more")

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
        receipt = await self._registry.retry(self.key, message_id)
        assert receipt.turn is not None  # noqa: S101 - it waits for its answer
        return receipt.turn

    async def current_turn(self) -> Turn | None:
        """The turn that runs, or waits for its place or for a model to be tried again; None where there is none.

        It streams from its beginning, as it does for the one who sent its message. Where it answers several messages,
        it is that of the last one.

        Raises:
            SessionNotFoundError: there is no such session.
            SessionParkedError: it failed too often.
        """
        return await self._registry.attach(self.key, None)

    async def turn(self, message_id: str) -> Turn | None:
        """The turn of a message of the user, as `send` gave it, or how it ended; None where there is no such message.

        Raises:
            InputError: the id cannot be used.
            SessionNotFoundError: there is no such session.
            SessionParkedError: it failed too often.
        """
        await checkpoint()
        message_id = as_id(message_id, "the message id")
        turn = await self._registry.attach(self.key, message_id)
        if turn is not None:
            return turn
        snapshot = await self._registry.look(self.key)
        found = await related(self._registry.runtime.store, self.key, snapshot, message_id)
        asked = next((each for each in found if each.id == message_id and each.role == "user"), None)
        return None if asked is None else self._ended(asked, found)

    async def create(self) -> SessionInfo:
        """Make the session by hand; it stays Created until its first message.

        Raises:
            SessionExistsError: there is one already.
        """
        return self._info(await self._registry.tell(self.key, Create(self._registry.runtime.clock.now())))

    async def adopt(self, transcript: Transcript) -> SessionInfo:
        """Make the session of a transcript, whole or not at all; no model is asked for anything.

        The ids of session and agent are those of this handle, whatever the transcript says.

        Raises:
            SessionExistsError: there is one already.
            InputError: a message cannot be taken.
        """
        runtime = self._registry.runtime_of(self.key)
        make = partial(_life, self.key, transcript, runtime.count, runtime.clock.now())
        records, snapshot = await runtime.count.run(make)
        return self._info(await self._registry.tell(self.key, Adopt(runtime.clock.now(), records, snapshot)))

    async def transcript(self) -> Transcript:
        """All messages that ever were, and what stands for those that left the context.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        metadata, context = await self._registry.look(self.key)
        with reading_a_store():
            messages = await self._registry.runtime.store.read(self.key, 1, metadata.messages + 1)
        make = partial(
            transcript_of,
            self.key,
            messages,
            context=(*context.messages, *context.waiting),
            summary=context.summary,
            created_at=metadata.created_at,
        )
        return make() if len(messages) <= _MANY else await anyio.to_thread.run_sync(make)

    async def info(self) -> SessionInfo:
        """State, tokens, last activity and more.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return self._info(await self._registry.metadata(self.key))

    async def summary(self) -> Summary | None:
        """The summary of the messages that the model sees no more.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return (await self._registry.look(self.key)).context.summary

    async def history(self, *, full: bool = False) -> tuple[Message, ...]:
        """The messages in order of acceptance: those in the context or, if `full`, all that ever were.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        await checkpoint()
        full = as_flag(full, "full")
        snapshot = await self._registry.look(self.key)
        if full:
            with reading_a_store():
                return await self._registry.runtime.store.read(self.key, 1, snapshot.metadata.messages + 1)
        return tuple(sorted((*snapshot.context.messages, *snapshot.context.waiting), key=lambda each: each.number))

    async def update(
        self,
        *,
        title: str | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
        system: str | None = None,
    ) -> SessionInfo:
        """Change what `info` and `Supervisor.list` show of the session, or its system prompt, for good.

        It is no activity. What is None stays as it is, and what is empty is removed.

        Args:
            title: a name to show.
            tags: all of them, at most 64.
            owner: the id of the user whose session it is.
            system: a system prompt in the place of the agent's, from the next turn on; at most 100,000 characters.

        Raises:
            InputError: something of it cannot be stored.
            CallbackError: the counter cannot count the system prompt.
            SessionNotFoundError: there is no such session.
        """
        await checkpoint()
        changes, runtime = as_changes(title, tags, owner, system), self._registry.runtime
        tokens = await runtime.count.tokens(changes.system) if changes.system else 0
        return self._info(await self._registry.tell(self.key, Update(runtime.clock.now(), changes, tokens)))

    async def clear(self) -> SessionInfo:
        """Empty the context; a turn that runs is ended. The messages stay in the archive.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return self._info(await self._registry.tell(self.key, Clear(self._registry.runtime.clock.now())))

    async def compact(self, focus: str = "") -> SessionInfo:
        """Replace older messages by a summary now; returns when the conversation goes on.

        Args:
            focus: what the summary should keep above all.

        Raises:
            SessionNotFoundError: there is no such session.
            NothingToCompactError: a summary would gain nothing, or the compaction was stopped.
            InputError: the focus has more than 800 characters.
        """
        await checkpoint()
        command = Compact(self._registry.runtime.clock.now(), as_focus(focus))
        return self._info(await self._registry.tell(self.key, command))

    async def stop(self) -> SessionInfo:
        """End the turn that runs, and give up the messages that wait behind it.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return self._info(await self._registry.tell(self.key, Stop(self._registry.runtime.clock.now())))

    async def unpark(self) -> SessionInfo:
        """Let a session go on that failed too often, with what waits in it; one that is not parked is left alone.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        await checkpoint()
        self._registry.unpark(self.key)
        return await self.info()

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
        return await self._registry.delete(self.key, since, set_aside=as_flag(set_aside, "set_aside"))

    # ---------------------------------------------------------------------------------------------------------

    def _info(self, metadata: Metadata) -> SessionInfo:
        return self._registry.info(metadata)

    async def _new_message(self, text: object, message_id: object, address: object, sender: object) -> NewMessage:
        try:
            return self._checked(as_new_message(text, message_id, address, sender))
        except ArgentError:
            await checkpoint()
            raise

    def _checked(self, sent: NewMessage) -> NewMessage:
        if not sent.text.strip():
            raise InputError("the message is empty; send some text")
        most = self._registry.runtime_of(self.key).config.max_context_tokens * _CHARACTERS_A_TOKEN
        if (length := len(sent.text)) > most:
            raise MessageTooLargeError(f"the message has {length} characters; no window of this session holds it")
        return sent

    async def _accept(self, role: Role, sent: NewMessage, *, awaits_reply: bool) -> Receipt:
        await self._registry.check_room(self.key, sent.message_id)
        runtime = self._registry.runtime_of(self.key)
        command = Accept(
            runtime.clock.now(),
            message_id=sent.message_id or runtime.new_id(),
            role=role,
            text=sent.text,
            tokens=await runtime.count.tokens(sent.text) + MESSAGE_TOKENS,
            sender=sent.sender,
            address=sent.address,
            awaits_reply=awaits_reply,
        )
        return await self._registry.accept(self.key, command)

    async def _turn_of(self, receipt: Receipt, sent: NewMessage) -> Turn:
        """The turn of a message; of one that was sent before and has been settled, how it ended."""
        if receipt.turn is None:
            return await self._settled(receipt, sent)
        if sent.message_id is not None:
            known = message_in(receipt.snapshot.context, receipt.number)
            # It may have left the context in the step that knew it, as by a clear.
            for message in await self._related(receipt.snapshot, sent) if known is None else (known,):
                if message.number == receipt.number:
                    check_same(message, sent, "user")
        return receipt.turn

    async def _settled(self, receipt: Receipt, sent: NewMessage) -> Turn:
        found = await self._related(receipt.snapshot, sent)
        asked = next((each for each in found if each.id == sent.message_id and not each.reply_to), None)
        if asked is not None:
            check_same(asked, sent, "user")
        return self._ended(asked, found)

    def _ended(self, asked: Message | None, found: Sequence[Message]) -> Turn:
        """The turn of a message, with how it ended: its reply is among those found, or there is none."""
        turn = Turn(asked.number if asked else 0, asked.id if asked else "")
        reply = next((each for each in found if turn.message_id in each.reply_to), None)
        if asked is not None and asked.failure:
            turn.fail(has_failed(self.key, asked))
        elif reply is not None:
            turn.finish(reply)
        else:
            turn.fail(NoReplyError("the message was sent before, and its turn ended without a reply", "no_reply"))
        return turn

    async def _archived(self, number: int) -> Message:
        """A message that has left the context in the step that accepted it, as by a clear."""
        with reading_a_store():
            (message,) = await self._registry.runtime.store.read(self.key, number, number + 1)
        return message

    async def _related(self, snapshot: Snapshot, sent: NewMessage) -> tuple[Message, ...]:
        return await related(self._registry.runtime.store, self.key, snapshot, sent.message_id or "")


def _life(key: SessionKey, transcript: Transcript, count: TokenCounter, now: datetime) -> tuple[list[Record], Snapshot]:
    records = records_of(transcript, count=count, now=now)
    return records, fold(key, None, records).snapshot
