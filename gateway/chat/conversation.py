"""A chat: line after line, from the greeting to the end."""

import signal
import sys
from datetime import UTC, datetime
from shlex import quote
from typing import Final, NamedTuple
from uuid import uuid4

import anyio
import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import ArgentError, InputError, OwnerGoneError, OwnerLostError, SupervisorStoppedError
from argentos.gateway.chat.commands import COMMANDS, Leaving, chosen
from argentos.gateway.chat.prompt import Prompt
from argentos.gateway.chat.talk import Talk
from argentos.gateway.output import age, cell, count, counted, printable
from argentos.gateway.replies import beside, print_reply
from argentos.storage import Message

__all__ = ["Conversation"]

_TERMINAL_LINE: Final = 1024 if sys.platform == "darwin" else 4095  # bytes that a terminal takes at once
_MARKS: Final = 12  # bytes around what was pasted
_HINT: Final = "/help lists the commands; Ctrl-C stops a reply, Ctrl-D leaves."
_NO_EDITOR: Final = " The extra `chat` of argentos brings an editor of lines: history and completion."


class _Line(NamedTuple):
    """A line that was typed, and the id of the message that it is: sent again, it is answered once."""

    text: str
    message_id: str


class Conversation:
    """A chat in a session, and after `/session` in another one.

    Ctrl-C ends a turn while it runs. At the prompt it is the editor's or, where there is none, ends the chat.

    Args:
        session_id: of the one to talk to.
        as_json: each result is an object on a line.
    """

    def __init__(self, session_id: str, *, as_json: bool) -> None:
        self._id = session_id
        self._as_json = as_json
        self._below = ""
        commands = {name: each.help for name, each in COMMANDS.items()}
        self._prompt = Prompt(is_shown=sys.stdin.isatty() and not as_json, commands=commands, below=lambda: self._below)
        self._reading: anyio.CancelScope | None = None
        self._is_stopping = False
        self._line: _Line | None = None  # that is being taken
        self.has_failed: bool = False

    async def hold(self, sessions: SupervisorInterface) -> bool:
        """Take line after line, until the end of the input or a signal; an error is one line more.

        Returns:
            Whether that is the end; else the process that ran the sessions has gone, and they are to be opened anew.
        """
        self._talk = Talk(sessions, sessions.session(self._id), self._prompt, as_json=self._as_json)
        await self._talk.note_summary()
        with self._prompt.open(), anyio.CancelScope() as whole:
            try:
                await beside(self._take_all, lambda: self._watch_signals(whole))
            except (OwnerGoneError, OwnerLostError, SupervisorStoppedError):
                click.secho("(the process that ran the sessions has gone; the line is sent again)", dim=True, err=True)
                return False
            finally:
                self._id = self._talk.session.id
                self.has_failed |= self._talk.has_failed
        return True

    async def _take_all(self) -> None:
        if self._line is None and self._prompt.is_shown:
            await self._greet()
        while line := await self._read_on():
            before = self._talk.session
            try:
                await self._take(line)
            except Leaving:
                break
            except (OwnerGoneError, OwnerLostError, SupervisorStoppedError):
                raise
            except ArgentError as error:
                self._talk.tell(error)
            self._line = None
            if self._talk.session is not before and self._prompt.is_shown:
                await self._greet()
            await self._talk.tell_summary()

    async def _read_on(self) -> "_Line | None":
        """The line to take: one that was not taken for sure, or the next; None at the end."""
        if self._line is None and (text := await self._next_line()) is not None:
            self._line = _Line(text, uuid4().hex)
        return self._line

    async def _take(self, line: "_Line") -> None:
        if found := chosen(line.text):
            command, rest = found
            await command.run(self._talk, line.text, rest)
            return
        if self._prompt.is_shown and not self._prompt.is_edited:
            self._check_whole(line.text)
        await self._talk.send(line.text.strip(), line.message_id)

    async def _watch_signals(self, whole: anyio.CancelScope) -> None:
        """Handle Ctrl-C until cancelled; SIGTERM, and a second Ctrl-C while a turn is being stopped, end the chat."""
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with anyio.create_task_group() as group:
                async for each in signals:
                    if each == signal.SIGTERM or self._is_stopping:
                        whole.cancel()
                    elif self._reading is not None:
                        self._reading.cancel()
                    elif not self._talk.approver.leave():
                        group.start_soon(self._stop)

    async def _stop(self) -> None:
        self._is_stopping = True
        try:
            await self._talk.session.stop()
        except ArgentError as error:
            self._talk.tell(error)
        finally:
            self._is_stopping = False

    async def _next_line(self) -> str | None:
        """Read the next line that is not empty; None at the end of the input, and after Ctrl-C."""
        line: str | None = ""
        await self._look()
        with anyio.CancelScope() as self._reading:
            while line is not None and not line.strip():
                line = await self._prompt.read_line()
        if self._reading.cancelled_caught:
            line = None
        self._reading = None
        if line is None:
            self._prompt.end_line()
        return line

    async def _look(self) -> None:
        """Note what stands below the prompt."""
        name = cell(self._talk.session.id)
        self._below = f"{name}: a new session"
        if not self._prompt.is_edited:
            return
        try:
            info = await self._talk.session.info()
        except ArgentError:
            return
        title = f" “{cell(info.title)}”" if info.title else ""
        self._below = (
            f"{name}{title}: {info.state}, {counted(info.messages, 'message')},"
            f" {info.percent:.0f}% of {count(info.window)} tokens"
        )

    def _check_whole(self, line: str) -> None:
        """Refuse a line that the terminal has cut: it keeps the beginning of a longer one, and says nothing."""
        longest = max(len(each.encode(errors="surrogateescape")) for each in line.split("\n"))
        if longest >= _TERMINAL_LINE - _MARKS:
            raise InputError(
                f"the terminal cut this line after {_TERMINAL_LINE} bytes, so it was not sent;"
                f" send a long text with `argent send {quote(self._talk.session.id)} < FILE`,"
                " or install argentos[chat] for an editor of lines"
            )

    # The beginning ------------------------------------------------------------------------------------------

    async def _greet(self) -> None:
        """Print the session's name and its last reply; a question without an answer is answered first."""
        name, session = cell(self._talk.session.id), self._talk.session
        hint = _HINT if self._prompt.is_edited else f"{_HINT}{_NO_EDITOR}"
        try:
            info = await session.info()
            found = await session.history()
        except ArgentError:
            click.secho(f"A new session, {name}. {hint}", dim=True)
            return
        self._prompt.remember(each.text for each in found if each.role == "user" and each.sender is None)
        click.secho(f"Session {name} goes on: {counted(info.messages, 'message')}. {hint}", dim=True)
        question = _unanswered(found) if info.waiting else None
        if question is None:
            _print_last_reply(found)
        else:
            await self._recover(question)

    async def _recover(self, question: Message) -> None:
        """Show the reply to what was asked before the last chat ended: sent again under its id, it is answered once."""
        click.secho(f"Not answered yet: {printable(question.text)}", dim=True)
        session = self._talk.session
        try:
            turn = await session.send(question.text, message_id=question.id, address=question.address)
            await self._talk.show(turn)
        except ArgentError as error:
            self._talk.tell(error)


def _unanswered(found: tuple[Message, ...]) -> Message | None:
    """The latest message typed in a chat that has no reply."""
    answered = {each for message in found for each in message.reply_to}
    asked = [each for each in found if each.role == "user" and each.id not in answered]
    return asked[-1] if asked and asked[-1].sender is None else None


def _print_last_reply(found: tuple[Message, ...]) -> None:
    if found and found[-1].role == "assistant":
        click.secho(f"The last reply, {age(found[-1].at, datetime.now(UTC))}:", dim=True)
        print_reply(found[-1])
