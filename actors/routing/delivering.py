"""Delivering messages by their addresses: the part of a supervisor that routes, in this process or in the owner's."""

from abc import ABC, abstractmethod

from anyio.lowlevel import checkpoint

from argentos.actors.core.turn import Turn
from argentos.actors.routing.route import Route
from argentos.actors.routing.senders import Sender
from argentos.actors.routing.session_ids import joined_id, quoted
from argentos.actors.sessions.commanding import CommandAnswer
from argentos.actors.sessions.session import Session
from argentos.actors.sessions.text_commands import text_command
from argentos.actors.validation import as_address
from argentos.errors import SenderNotAdmittedError
from argentos.inputs import as_id
from argentos.storage import Address, ContentLike

__all__ = ["Delivering", "id_in_session"]


class Delivering(ABC):
    """Routes messages to the sessions that they belong to."""

    async def deliver(
        self,
        address: Address,
        content: ContentLike,
        *,
        message_id: str | None = None,
        sender: str | None = None,
        patience: float = 0.0,
    ) -> Turn:
        """Accept a message for the session that its address leads to; when this returns, it is durable.

        The reply carries the address, whatever comes from elsewhere meanwhile, and whoever is linked with whom then.

        Args:
            address: where the message came from; see `route`.
            content: see `Session.send`.
            message_id: of the platform, which need be unique only in the chat that the message came from: the id in
                the session, `Turn.message_id`, tells also where that was. Sending it again is answered as by
                `Session.send`.
            sender: a name to show.
            patience: seconds to wait for room, where too many messages wait in the session.

        Raises:
            SenderNotAdmittedError: the account does not answer the sender; nothing was accepted. The sender may get a
                code, see `PairingDesk.request`.
            InputError: something of it cannot be stored, or a route names an agent that does not run here.
            AttachmentTooLargeError, MessageTooLargeError, MailboxFullError: see `Session.send`.
        """
        session, known_as = await self._admitted(address, message_id)
        return await session.send(content, message_id=known_as, address=address, sender=sender, patience=patience)

    async def command(
        self,
        address: Address,
        content: ContentLike,
        *,
        message_id: str | None = None,
        sender: str | None = None,
    ) -> CommandAnswer | None:
        """Obey what comes from an address, if it is a text command; None of every other message, which is to `deliver`.

        It is given by the sender, as `telegram:123`, who has to be one of `Agent.commanders` where the agent names any.

        Args:
            address: where the message came from; see `route`.
            content: see `Session.command`.
            message_id: see `deliver`; given again under it, what was done is not done once more.
            sender: a name to show.

        Raises:
            SenderNotAdmittedError, InputError, MessageTooLargeError, MailboxFullError: see `deliver`.
        """
        await checkpoint()
        if text_command(content) is None:
            return None
        session, known_as = await self._admitted(address, message_id)
        by = str(Sender.of(address))
        return await session.command(content, by=by, message_id=known_as, address=address, sender=sender)

    async def _admitted(self, address: Address, message_id: str | None) -> tuple[Session, str | None]:
        """The session of what comes from an address, and the id of the message in it."""
        found = await self.route(address)
        if not found.is_answered:
            raise SenderNotAdmittedError(f"{Sender.of(address)} is not let in; see `argent pairing`")
        known_as = None if message_id is None else id_in_session(address, as_id(message_id, "the message id"))
        return self.session(found.session_id, agent=found.agent), known_as

    async def route(self, address: Address) -> Route:
        """The agent that answers what comes from an address, the session that it belongs to, and why.

        Raises:
            InputError: it is no address.
        """
        await checkpoint()
        return await self._route(as_address(address))

    @abstractmethod
    def session(self, session_id: str, *, agent: str | None = None) -> Session:
        """See `SupervisorInterface.session`."""
        ...

    # For the two kinds of supervisors, which are given what was checked -----------------------------------------

    @abstractmethod
    async def _route(self, address: Address) -> Route: ...


def id_in_session(address: Address, message_id: str) -> str:
    """The id in its session of a message of a platform: no message from another chat has it."""
    chat = address.channel_id or address.user
    return joined_id(Sender.of(address).place, quoted(chat), quoted(message_id))
