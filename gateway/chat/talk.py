"""A session, and where what it says is shown."""

from contextlib import suppress
from typing import Any

import click

from argentos.actors import Turn
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.sessions.session import Session
from argentos.errors import ArgentError, InputError, NoReplyError, SessionError
from argentos.gateway.chat.approving import Approver
from argentos.gateway.chat.prompt import Prompt
from argentos.gateway.output import failure, messages, print_json_line, printable
from argentos.gateway.replies import new_screen, own_address, show, wait_for
from argentos.storage import Summary

__all__ = ["Talk"]


class Talk:
    """A session as a person or a program talks to it: what is said goes there, and what comes back is shown.

    Args:
        sessions: all there are.
        session: the one that is talked to; another one may be taken later.
        prompt: where a person is asked.
        as_json: each result is an object on a line.
    """

    def __init__(self, sessions: SupervisorInterface, session: Session, prompt: Prompt, *, as_json: bool) -> None:
        self.sessions = sessions
        self.session: Session = session
        self.prompt = prompt
        self.as_json = as_json
        self.approver: Approver = Approver(prompt)
        self.has_failed: bool = False
        self._summary: Summary | None = None

    def go_on_in(self, session_id: str) -> None:
        """Talk to another session from now on.

        Raises:
            InputError: the id cannot be used.
        """
        self.session = self.sessions.session(session_id)
        self._summary = None

    async def send(self, text: str, message_id: str) -> None:
        """Send a message, and show the reply."""
        await self.show(await self.session.send(text, message_id=message_id, address=own_address()))

    async def obey(self, line: str) -> None:
        """Have a text command obeyed that people have in other channels, too.

        Raises:
            InputError: it has words behind it, and takes none.
            SessionError: it cannot be obeyed; the sentence says why.
        """
        address = own_address()
        answer = await self.session.command(line, by=address.user, address=address)
        if answer is None:
            raise InputError(f"{line.split(maxsplit=1)[0]} stands alone; a blank before it sends it as a message")
        if not answer.is_done:
            raise SessionError(answer.text)
        self.say({"command": answer.command, "text": answer.text}, answer.text)
        if answer.turn is not None:
            await self.show(answer.turn)

    async def show(self, turn: Turn) -> None:
        """Show the reply of a turn, and ask about its calls."""
        if self.as_json:
            print_json_line(await wait_for(self.session, turn))
            return
        screen = new_screen(lambda: self.prompt.ahead)
        ask = self.approver.ask if self.prompt.is_shown else None
        try:
            with self.prompt.waiting():
                reply = await show(self.session, turn, screen, ask)
        except NoReplyError as error:
            if error.outcome != "stopped":
                raise
            click.secho("(stopped)", dim=True)
            return
        if reply is None:
            click.secho("(the call waits for your word; /approvals asks again)", dim=True)

    def say(self, value: Any, sentence: str) -> None:
        """Print the result of a command: the value as JSON, or the sentence."""
        if self.as_json:
            print_json_line(value)
        elif sentence:
            click.echo(sentence)

    def tell(self, error: ArgentError) -> None:
        """Print an error; the talk goes on."""
        self.has_failed = True
        if self.as_json:
            print_json_line(failure(error))
        click.secho(f"argent: {printable(str(error))}", fg="red", err=True)

    async def note_summary(self) -> Summary | None:
        """The summary of the context, if it is another one than at the last look."""
        before = self._summary
        with suppress(ArgentError):
            self._summary = await self.session.summary()
        return self._summary if self._summary != before else None

    async def tell_summary(self) -> None:
        """Tell of a summary that is new."""
        summary = await self.note_summary()
        if summary is not None and not self.as_json:
            replaced = messages(summary.first, summary.last)
            click.secho(f"({replaced} became a summary: {summary.before} → {summary.after} tokens)", dim=True)
