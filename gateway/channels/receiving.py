"""Receiving: what a channel brings is taken into the sessions, once, and may then be acknowledged to its platform."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from argentos.actors import CommandAnswer, Route, Supervisor, Turn
from argentos.actors.routing.delivering import id_in_session
from argentos.errors import (
    ArgentError,
    AttachmentTooLargeError,
    InputError,
    MailboxFullError,
    MessageTooLargeError,
    SenderNotAdmittedError,
    SessionNotFoundError,
    SessionParkedError,
    StaleWriteError,
    StoreBusyError,
    StoreFailedError,
    StoreFullError,
    SupervisorStoppedError,
)
from argentos.gateway.channels.account import Account
from argentos.gateway.channels.approvals import obey
from argentos.gateway.channels.channel import Click, ClickAnswer, Inbox, Incoming
from argentos.gateway.channels.outgoing.ledger import Late, Ledger, key_of
from argentos.gateway.channels.outgoing.streaming import Streams

__all__ = ["Receiver"]

_log: Final = logging.getLogger(__name__)
_LATE: Final = timedelta(minutes=2)  # between sending and receiving, by the platform's clock and ours
_PATIENCE: Final = 5.0  # seconds for room in a session

_NOT_NOW: Final = (SupervisorStoppedError, StoreBusyError, StoreFailedError, StoreFullError, StaleWriteError)
"""Nothing was taken, whichever message it is; the platform keeps it."""

_SAID: Final = (MessageTooLargeError, AttachmentTooLargeError, MailboxFullError)
"""The sender can mend it."""


class Receiver(Inbox):
    """The taker of what one account receives.

    Args:
        supervisor: of the sessions.
        account: of ours.
        streams: show the replies while they are made.
        ledger: notes what came late.
        now: the time.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        account: Account,
        streams: Streams,
        ledger: Ledger,
        now: Callable[[], datetime],
    ) -> None:
        self._supervisor = supervisor
        self._account = account
        self._streams = streams
        self._ledger = ledger
        self._now = now

    async def take(self, incoming: Incoming) -> None:
        """See `Inbox.take`."""
        found = await self._supervisor.route(incoming.address)
        if not (found.is_direct or incoming.is_addressed or self._account.connection.answers == "always"):
            return
        try:
            answer = await self._supervisor.command(
                incoming.address, incoming.content, message_id=incoming.message_id, sender=incoming.sender
            )
            turn = await self._deliver(incoming, found) if answer is None else await self._answered(incoming, answer)
        except _NOT_NOW:
            raise
        except SenderNotAdmittedError:
            await self._give_code(incoming)
            return
        except ArgentError as error:
            await self._refuse(incoming, error)
            return
        self._account.note_received()
        if turn is not None:
            key = key_of(found.agent, found.session_id, turn.message_id)
            self._streams.begin(self._account, incoming.address, key, turn)

    async def click(self, click: Click) -> ClickAnswer:
        """See `Inbox.click`."""
        return await obey(self._supervisor, click)

    async def _deliver(self, incoming: Incoming, found: Route) -> Turn:
        if found.is_answered and self._now() - incoming.sent_at >= _LATE:
            await self._note_late(incoming, found)
        return await self._supervisor.deliver(
            incoming.address,
            incoming.content,
            message_id=incoming.message_id,
            sender=incoming.sender,
            patience=_PATIENCE,
        )

    async def _note_late(self, incoming: Incoming, found: Route) -> None:
        """Have the answer say what it is an answer to, where the message waited while nobody received it."""
        message_id = id_in_session(incoming.address, incoming.message_id)
        with suppress(SessionNotFoundError, SessionParkedError):
            if await self._supervisor.session(found.session_id, agent=found.agent).turn(message_id) is not None:
                return  # it was taken in time, and the platform gives it again
        await self._ledger.write(Late(key=key_of(found.agent, found.session_id, message_id), at=incoming.sent_at))

    async def _answered(self, incoming: Incoming, answer: CommandAnswer) -> Turn | None:
        if answer.text:
            await self._account.tell(incoming.address, answer.text, self._key("did", incoming))
        return answer.turn

    async def _give_code(self, incoming: Incoming) -> None:
        code = await self._supervisor.pairing.request(
            incoming.address, sent_at=incoming.sent_at, name=incoming.sender or ""
        )
        if code is not None:
            await self._account.tell(incoming.address, code.text, self._key("code", incoming))

    async def _refuse(self, incoming: Incoming, error: ArgentError) -> None:
        _log.warning("a message to %s changes nothing: %s", self._account.status.place, error)
        if isinstance(error, _SAID):
            await self._account.tell(incoming.address, f"I cannot take this: {error}.", self._key("no", incoming))
        elif not isinstance(error, InputError):  # such as where another message has its id, which was taken
            sentence = "Something is wrong here, so that this was not taken. Send it again later."
            await self._account.tell(incoming.address, sentence, self._key("no", incoming))

    @staticmethod
    def _key(kind: str, incoming: Incoming) -> str:
        return f"{kind}-{incoming.message_id}"[-25:]
