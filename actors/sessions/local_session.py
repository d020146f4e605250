"""Sessions that this process runs: each method is a command to the session's actor, or a look at the durable state."""

from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from argentos.actors.approvals import Approval, approvals_in, check_approver
from argentos.actors.core.commands import (
    Accept,
    Adopt,
    Asked,
    Changes,
    Clear,
    Compact,
    Create,
    Decide,
    Receipt,
    Regenerate,
    Retry,
    Rewind,
    Stop,
    Undo,
    Update,
)
from argentos.actors.core.models.previews import CompactionPreview, preview
from argentos.actors.core.registry import Registry
from argentos.actors.core.turn import Turn
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.info import SessionInfo
from argentos.actors.lifecycles.known_events import Lifecycle, lifecycles_of
from argentos.actors.scheduling.slots import awaiting, is_in_task
from argentos.actors.sessions.by_number import left_of, messages_of
from argentos.actors.sessions.commanding import CommandAnswer
from argentos.actors.sessions.duplicates import check_same, ended, message_in, related
from argentos.actors.sessions.forking import fork
from argentos.actors.sessions.obeying import DONE_BEFORE, Given, Obeyed, obey
from argentos.actors.sessions.places import messages_taken, place_to_undo, places_of, window_at
from argentos.actors.sessions.session import Session
from argentos.actors.sessions.text_commands import TextCommand, may_command
from argentos.actors.transcripts.attachments import detach_transcript
from argentos.actors.transcripts.records import life_of
from argentos.actors.transcripts.transcript import Transcript, transcript_of
from argentos.actors.validation import NewMessage
from argentos.concurrency.foreign_code import reading_a_store
from argentos.concurrency.threads import in_thread, in_thread_if
from argentos.errors import InputError, MailboxFullError, MessageTooLargeError, SessionNotFoundError
from argentos.llm import characters_of
from argentos.machines import START
from argentos.storage import (
    MESSAGE_TOKENS,
    Address,
    Checkpoint,
    CompactionAttempt,
    CompactionRequest,
    Message,
    Metadata,
    Role,
    SessionKey,
    Snapshot,
    Summary,
    Transitioned,
    Usage,
)

__all__ = ["LocalSession"]

_PATIENCE: Final = 5.0  # seconds to note what was spent
_MANY: Final = 1000  # messages that are copied in a millisecond
_number: Final = attrgetter("number")
_CHARACTERS_A_TOKEN: Final = 64  # more than any language needs: a longer text is not even counted


class LocalSession(Session):
    """One conversation, in the process that runs it."""

    __slots__ = ("_given", "_registry")

    def __init__(self, registry: Registry, key: SessionKey, given: Given | None = None) -> None:
        super().__init__(key)
        self._registry = registry
        self._given = given

    # Messages ------------------------------------------------------------------------------------------------

    def _awaiting(self) -> AbstractContextManager[object]:
        return awaiting(self._registry.runtime.slots, self._key)

    async def _send(self, sent: NewMessage, patience: float) -> TurnProgress:
        sent = await self._detached(sent)
        if patience > 0:
            receipt = await self._accept_patiently(sent, patience)
        else:
            receipt = await self._accept("user", sent, awaits_reply=True)
        return await self._turn_of(receipt, sent)

    async def _ask(self, sent: NewMessage, patience: float) -> Message:
        if patience > 0 or sent.message_id is not None or is_in_task():
            return await super()._ask(sent, patience)
        sent = await self._detached(sent)
        receipt = await self._accept("user", sent, awaits_reply=True, until_reply=True)
        assert receipt.turn is not None  # noqa: S101 - the message is new
        return receipt.turn.outcome() or await Turn(receipt.turn, self._cancel).reply()

    async def _accept_patiently(self, sent: NewMessage, patience: float) -> Receipt:
        deadline = anyio.current_time() + patience
        while True:
            try:
                return await self._accept("user", sent, awaits_reply=True)
            except MailboxFullError:
                if anyio.current_time() >= deadline:
                    raise
            with anyio.CancelScope(deadline=deadline):
                await self._registry.room(self._key)

    async def _append(self, role: Role, sent: NewMessage) -> Message:
        sent = await self._detached(sent)
        receipt = await self._accept(role, sent, awaits_reply=False)
        number, snapshot = receipt.number, receipt.snapshot
        if sent.message_id is None:
            return message_in(snapshot.context, number) or await self._archived(number)
        known = message_in(snapshot.context, number)
        for message in (known,) if known else await self._related(snapshot, sent):
            if sent.message_id == message.id and message.is_from_outside:
                check_same(message, sent, role)
                return message
        raise InputError(f"the message {sent.message_id!a:.100} was sent before, and is not to be found any more")

    async def _accept(self, role: Role, sent: NewMessage, *, awaits_reply: bool, until_reply: bool = False) -> Receipt:
        runtime = self._registry.runtime_of(self._key)
        if (length := characters_of(sent.content)) > runtime.gauge.window * _CHARACTERS_A_TOKEN:
            await checkpoint()
            raise MessageTooLargeError(f"the message has {length} characters; no window of this session holds it")
        await self._registry.check_room(self._key, sent.message_id)
        command = Accept(
            runtime.clock.now(),
            message_id=sent.message_id or runtime.new_id(),
            role=role,
            content=sent.content,
            tokens=await runtime.count.content(sent.content) + MESSAGE_TOKENS,
            sender=sent.sender,
            address=sent.address,
            awaits_reply=awaits_reply,
            owner=sent.owner,
            until_reply=until_reply,
            attachments=sent.attachments,
        )
        return await self._registry.accept(self._key, command)

    async def _detached(self, sent: NewMessage) -> NewMessage:
        """The message, with its bytes beside it."""
        if isinstance(sent.content, str):
            return sent
        found = await self._registry.runtime_of(self._key).attachments.detached(self._key, sent.content)
        return sent._replace(content=found.content, attachments=found.attachments)

    # Turns -----------------------------------------------------------------------------------------------------

    async def _retry(self, message_id: str | None) -> TurnProgress:
        return await self._answered_again(Retry(self._registry.runtime.clock.now(), message_id))

    async def _regenerate(self) -> TurnProgress:
        return await self._answered_again(Regenerate(self._registry.runtime.clock.now()))

    async def _answered_again(self, command: Retry | Regenerate) -> TurnProgress:
        receipt = await self._registry.retry(self._key, command)
        assert receipt.turn is not None  # noqa: S101 - it waits for its answer
        return receipt.turn

    async def _cancel(self, turn: Turn) -> bool:
        return await self._registry.cancel(self._key, turn.number)

    async def _current_turn(self) -> TurnProgress | None:
        return await self._registry.attach(self._key, None)

    async def _turn(self, message_id: str) -> TurnProgress | None:
        turn = await self._registry.attach(self._key, message_id)
        if turn is not None:
            return turn
        snapshot = await self._registry.look(self._key)
        found = await related(self._registry.runtime.store, self._key, snapshot, message_id)
        asked = next((each for each in found if each.id == message_id and each.role == "user"), None)
        return None if asked is None else ended(self._key, asked, found)

    async def _turn_of(self, receipt: Receipt, sent: NewMessage) -> TurnProgress:
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

    async def _settled(self, receipt: Receipt, sent: NewMessage) -> TurnProgress:
        found = await self._related(receipt.snapshot, sent)
        asked = next((each for each in found if each.id == sent.message_id and each.is_from_outside), None)
        if asked is not None:
            check_same(asked, sent, "user")
        return ended(self._key, asked, found)

    # Looks at what is durable ----------------------------------------------------------------------------------

    async def _info(self) -> SessionInfo:
        return self._told(await self._registry.metadata(self._key))

    async def _preview_compaction(self, focus: str, keep: int | None) -> CompactionPreview:
        snapshot, runtime = await self._registry.look(self._key), self._registry.runtime_of(self._key)
        usages: list[Usage | None] = []
        try:
            return await preview(runtime, snapshot, CompactionRequest(focus, keep), usages.append)
        finally:
            with anyio.move_on_after(_PATIENCE, shield=True):
                for usage in usages:
                    if usage is not None and usage.cost:
                        await self._registry.charge(self._key, usage)

    async def _compactions(self) -> tuple[CompactionAttempt, ...]:
        return (await self._registry.metadata(self._key)).attempts

    async def _summary(self) -> Summary | None:
        return (await self._registry.look(self._key)).context.summary

    async def _history(self, *, full: bool) -> tuple[Message, ...]:
        snapshot = await self._registry.look(self._key)
        if full:
            with reading_a_store():
                return await self._registry.runtime.store.read(self._key, 1, snapshot.metadata.messages + 1)
        return tuple(sorted((*snapshot.context.messages, *snapshot.context.waiting), key=_number))

    async def _messages(self, start: int, stop: int) -> tuple[Message, ...]:
        snapshot = await self._registry.look(self._key)
        found = await messages_of(snapshot, start, stop)
        if found is not None:
            return found
        with reading_a_store():
            return await self._registry.runtime.store.read(self._key, start, stop)

    async def _left_context(self, start: int, stop: int) -> tuple[int, ...]:
        return await left_of(await self._registry.look(self._key), start, stop)

    async def _attachment(self, sha256: str) -> bytes:
        await self._registry.metadata(self._key)  # raises where there is no such session
        return await self._registry.runtime.attachments.read(self._key, sha256)

    async def _transitions(self) -> tuple[Transitioned, ...]:
        known = (await self._registry.look(self._key)).context.transitions
        if known and known[0].source == START:  # none has left the context
            return known
        with reading_a_store():
            return await self._registry.runtime.store.transitions(self._key)

    async def _lifecycles(self) -> tuple[Lifecycle, ...]:
        snapshot, runtime = await self._registry.look(self._key), self._registry.runtime_of(self._key)
        return await in_thread(partial(lifecycles_of, runtime, self._key, snapshot))

    async def _transcript(self) -> Transcript:
        metadata, context = await self._registry.look(self._key)
        with reading_a_store():
            messages = await self._registry.runtime.store.read(self._key, 1, metadata.messages + 1)
        messages = await self._registry.runtime.attachments.put_back(self._key, messages)
        make = partial(
            transcript_of, metadata, messages, context=(*context.messages, *context.waiting), summary=context.summary
        )
        return await in_thread_if(len(messages) > _MANY, make)

    # Other commands --------------------------------------------------------------------------------------------

    async def _create(self, changes: Changes) -> SessionInfo:
        return await self._change(Create, changes)

    async def _adopt(self, transcript: Transcript) -> SessionInfo:
        runtime = self._registry.runtime_of(self._key)
        transcript, attachments = await in_thread(partial(detach_transcript, transcript, runtime.attachments.limits))
        make = partial(life_of, self._key, transcript, runtime.count, runtime.clock.now())
        records, snapshot = await runtime.count.run(make)
        command = Adopt(runtime.clock.now(), records, snapshot, attachments)
        return self._told(await self._registry.tell(self._key, command))

    async def _update(self, changes: Changes) -> SessionInfo:
        return await self._change(Update, changes)

    async def _change(self, kind: type[Create | Update], changes: Changes) -> SessionInfo:
        runtime = self._registry.runtime_of(self._key)
        tokens = await runtime.count.tokens(changes.system) if changes.system else 0
        return self._told(await self._registry.tell(self._key, kind(runtime.clock.now(), changes, tokens)))

    async def _undo(self, name: str | None) -> SessionInfo:
        metadata = await self._registry.metadata(self._key)
        store = self._registry.runtime.store
        place = place_to_undo(metadata, await places_of(store, self._key), name)
        if place is None:
            return self._told(metadata)
        messages = await messages_taken(store, self._key, place)
        return await self._do(Undo(self._registry.runtime.clock.now(), place, messages))

    async def _checkpoints(self) -> tuple[Checkpoint, ...]:
        await self._registry.metadata(self._key)  # raises where there is no such session
        return tuple((await places_of(self._registry.runtime.store, self._key)).values())

    async def _fork(self, new_id: str, at: int | str | None) -> SessionInfo:
        runtime, key = self._registry.runtime_of(self._key), SessionKey(self._key.agent, new_id)
        snapshot = await self._registry.look(self._key)
        window = await window_at(runtime.store, self._key, snapshot, at)
        make = partial(fork, key, snapshot.metadata, window, runtime.clock.now())
        made = await in_thread_if(len(window.messages) > _MANY, make)
        command = Adopt(runtime.clock.now(), made.records, made.snapshot, links=made.links)
        return self._told(await self._registry.tell(key, command))

    async def _rewind(self, before: int) -> SessionInfo:
        return await self._do(Rewind(self._registry.runtime.clock.now(), before))

    async def _clear(self) -> SessionInfo:
        return await self._do(Clear(self._registry.runtime.clock.now()))

    async def _compact(self, focus: str, keep: int | None) -> SessionInfo:
        return await self._do(Compact(self._registry.runtime.clock.now(), focus, keep))

    async def _stop(self) -> SessionInfo:
        return await self._do(Stop(self._registry.runtime.clock.now()))

    async def _do(self, command: Asked) -> SessionInfo:
        """Have something done: of one message once, however often it is delivered."""
        if self._given is not None:
            command.message_id, command.by = self._given.message_id, self._given.by
        metadata = await self._registry.tell(self._key, command)
        if self._given is not None:
            self._given.is_repeated |= command.is_repeated
        return self._told(metadata)

    async def _approvals(self) -> tuple[Approval, ...]:
        return approvals_in(await self._registry.look(self._key))

    async def _decide(self, call_id: str, *, is_approved: bool, reason: str, by: str | None) -> SessionInfo:
        runtime = self._registry.runtime_of(self._key)
        check_approver(self._key, runtime.approvers, by)
        command = Decide(runtime.clock.now(), call_id, is_approved=is_approved, reason=reason, by=by)
        return self._told(await self._registry.tell(self._key, command))

    async def _command(
        self,
        command: TextCommand,
        by: str | None,
        *,
        message_id: str | None,
        address: Address | None,
        sender: str | None,
    ) -> CommandAnswer:
        obeyed, turn = await self._obey(command, by, message_id), None
        if obeyed.is_done and command.passes_on:
            turn = await self.send(command.rest, message_id=message_id, address=address, sender=sender)
        return CommandAnswer(command.name, obeyed.is_done, obeyed.text, address, turn)

    async def _obey(self, command: TextCommand, by: str | None, message_id: str | None) -> Obeyed:
        runtime = self._registry.runtime_of(self._key)
        if not may_command(runtime.commanders, by):
            return Obeyed(is_done=False, text=f"/{command.name} is not for everybody here, and was not done.")
        if message_id is not None and await self._was_done(command, message_id):
            return DONE_BEFORE
        # What is passed on has the id of the message itself.
        given = None if message_id is None or command.passes_on else Given(message_id, by)
        since = runtime.clock.now() - timedelta(seconds=runtime.config.resume_for)
        obeyed = await obey(LocalSession(self._registry, self._key, given), command, since)
        return DONE_BEFORE if given is not None and given.is_repeated else obeyed

    async def _was_done(self, command: TextCommand, message_id: str) -> bool:
        """Tell whether a command was done for this message, before it is given to the actor, which knows for sure."""
        with suppress(SessionNotFoundError):
            if command.passes_on:
                return await self.turn(message_id) is not None
            return message_id in (await self._registry.look(self._key)).context.archived_ids
        return False

    async def _unpark(self) -> SessionInfo:
        await checkpoint()
        self._registry.unpark(self._key)
        return await self.info()

    async def _delete(self, unless_active_since: datetime | None, *, set_aside: bool) -> bool:
        return await self._registry.delete(self._key, unless_active_since, set_aside=set_aside)

    # ------------------------------------------------------------------------------------------------------------

    def _told(self, metadata: Metadata) -> SessionInfo:
        return self._registry.info(metadata)

    async def _archived(self, number: int) -> Message:
        """A message that has left the context in the step that accepted it, as by a clear."""
        with reading_a_store():
            (message,) = await self._registry.runtime.store.read(self._key, number, number + 1)
        return message

    async def _related(self, snapshot: Snapshot, sent: NewMessage) -> tuple[Message, ...]:
        return await related(self._registry.runtime.store, self._key, snapshot, sent.message_id or "")
