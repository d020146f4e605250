"""The text commands of a session, whichever process runs it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from anyio.lowlevel import checkpoint

from argentos.actors.core.turn import Turn
from argentos.actors.sessions.text_commands import TextCommand, text_command
from argentos.inputs import as_id
from argentos.storage import Address, ContentLike

__all__ = ["CommandAnswer", "Commanding"]


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """The answer to a text command.

    Attributes:
        command: its name, as `new`.
        is_done: it was obeyed.
        text: to whoever gave it, at the address of the command.
        address: that one.
        turn: of the text that was behind the command, which is the next message; None where there was none.
    """

    command: str
    is_done: bool
    text: str
    address: Address | None
    turn: Turn | None


class Commanding(ABC):
    """The part of a session in which people tell it what to do."""

    __slots__ = ()

    async def command(
        self,
        content: ContentLike,
        *,
        by: str | None = None,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> CommandAnswer | None:
        """Obey what comes in, if it is a text command; None of every other message, which is for `send`.

        A gateway asks this first of each message: nothing of the text is looked at elsewhere. The commands are `/new`
        and `/reset`, `/compact`, `/stop`, `/status`, `/undo` and `/resume`. The text behind `/new` and `/reset` is
        sent as the next message. Delivered again under its id, what was done is not done once more.

        Args:
            content: of the message.
            by: who gives the command; it has to be one of `Agent.commanders`, where the agent names any.
            message_id: see `Session.send`.
            address: see `Session.send`.
            sender: see `Session.send`.

        Raises:
            InputError, MessageTooLargeError, MailboxFullError: see `Session.send`.
        """
        await checkpoint()
        command = text_command(content)
        if command is None:
            return None
        who = None if by is None else as_id(by, "the name of who gives the command")
        known = None if message_id is None else as_id(message_id, "the message id")
        return await self._command(command, who, message_id=known, address=address, sender=sender)

    # For the two kinds of it, which are given what was checked -----------------------------------------------

    @abstractmethod
    async def _command(
        self,
        command: TextCommand,
        by: str | None,
        *,
        message_id: str | None,
        address: Address | None,
        sender: str | None,
    ) -> CommandAnswer: ...
