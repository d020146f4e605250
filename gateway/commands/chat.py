"""`argent chat`."""

import re
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from shlex import quote
from typing import Any, Final

import anyio
import click

from argentos.actors import Turn
from argentos.actors.sessions.session import Session
from argentos.errors import ArgentError, InputError, NoReplyError, OwnerGoneError, SessionError
from argentos.gateway.line_editor import LineEditor, has_line_editor
from argentos.gateway.line_input import LineInput, whole_pastes
from argentos.gateway.output import age, counted, failure, messages, percent, print_json_line, printable, tokens
from argentos.gateway.owner import chosen_model, open_sessions, tell_if_offline
from argentos.gateway.replies import beside, own_address, print_mark, stream, wait_for
from argentos.gateway.settings import Settings, command_options, model_option
from argentos.storage import Message, Summary

__all__ = ["command"]

_HELP: Final = "/info, /compact [what to keep], /new, /resume, /undo, /clear, /quit; Ctrl-C stops, Ctrl-D leaves"
_TERMINAL_LINE: Final = 1024 if sys.platform == "darwin" else 4095  # bytes that a terminal takes at once
_MARKS: Final = 12  # bytes around what was pasted
_COMMAND: Final = re.compile(r"/[a-z]+\Z")


@click.command("chat")
@click.argument("session_id", metavar="[SESSION]", default="chat")
@model_option
@command_options
@click.pass_obj
def command(settings: Settings, session_id: str, model: str | None) -> int:
    """Talk to the agent in a session, 'chat' by default; it continues where it was left.

    Where a process runs the agent's sessions already, that one answers. Through a pipe each line is a message, and the
    status is 1 if one of them had no reply; with --json each reply is an object on a line of its own.
    """
    return anyio.run(_chat, settings, session_id, model)


async def _chat(settings: Settings, session_id: str, model_name: str | None) -> int:
    model = chosen_model(model_name)
    async with open_sessions(settings, talks=True, model=model) as sessions:
        chat = _Chat(sessions.session(session_id), as_json=settings.json)
        await chat.note_summary()
        tell_if_offline(sessions, model)
        with anyio.CancelScope() as whole, whole_pastes():
            await beside(chat.run, lambda: chat.watch_signals(whole))
    return 1 if chat.has_failed and not sys.stdin.isatty() else 0


class _Chat:
    """A conversation at a terminal or through a pipe. Ctrl-C ends the chat at its prompt, and a turn while it runs.

    Where there is a line editor, Ctrl-C at the prompt first drops what was typed.
    """

    def __init__(self, session: Session, *, as_json: bool) -> None:
        self._session = session
        self._as_json = as_json
        self._summary: Summary | None = None
        self._has_prompt = sys.stdin.isatty() and not as_json
        self._editor = LineEditor() if self._has_prompt and has_line_editor() else None
        self._input = LineInput()
        self._prompt: anyio.CancelScope | None = None
        self.has_failed = False

    async def run(self) -> None:
        """Take line after line; an error is one line more."""
        if self._has_prompt:
            await self._greet()
        while (line := await self._next_line()) is not None:
            if line.strip() in {"/quit", "/exit"}:
                break
            try:
                await self._take(line)
            except OwnerGoneError:
                raise
            except ArgentError as error:
                self._tell(error)
            await self._tell_summary()

    async def note_summary(self) -> Summary | None:
        """The summary of the context, if it is another one than at the last look."""
        before = self._summary
        with suppress(ArgentError):
            self._summary = await self._session.summary()
        return self._summary if self._summary != before else None

    async def watch_signals(self, whole: anyio.CancelScope) -> None:
        """Handle Ctrl-C until cancelled; SIGTERM ends the chat."""
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for each in signals:
                if each == signal.SIGTERM:
                    whole.cancel()
                elif self._prompt is not None:
                    self._prompt.cancel()
                else:
                    with suppress(ArgentError):
                        await self._session.stop()

    async def _next_line(self) -> str | None:
        """Read the next line that is not empty; None at the end of the input, and after Ctrl-C."""
        line: str | None = ""
        with anyio.CancelScope() as self._prompt:
            while line is not None and not line.strip():
                line = await self._read_line()
        if self._prompt.cancelled_caught:
            line = None
        self._prompt = None
        if line is None and self._has_prompt and self._editor is None:
            click.echo()
        return line

    async def _read_line(self) -> str | None:
        if self._editor is not None:
            return await self._editor.read_line()
        if self._has_prompt:
            click.echo("> ", nl=False)
        return await self._input.read_line()

    async def _take(self, line: str) -> None:
        name, _, rest = line.rstrip().partition(" ")
        match name:
            case "/info":
                info = await self._session.info()
                count = counted(info.messages, "message")
                self._say(info, f"{info.state}, {count}, {tokens(info)} ({percent(info.percent)})")
            case "/clear":
                self._say(await self._session.clear(), "The context is empty; the messages are in the archive.")
            case "/compact":
                self._say(await self._session.compact(rest.strip()), "")
            case "/new" | "/reset" | "/stop" | "/status" | "/undo" | "/resume":
                await self._obey(line)
            case "/help":
                self._say({"help": _HELP}, _HELP)
            case _ if _COMMAND.match(name):
                raise InputError(
                    f"there is no command {name}; /help lists them, and a blank before it sends it as a message"
                )
            case _:
                if self._has_prompt and self._editor is None:
                    self._check_whole(line)
                await self._show(await self._session.send(line.strip(), address=own_address()))

    async def _obey(self, line: str) -> None:
        """Have a text command obeyed that people have in other channels, too."""
        address = own_address()
        answer = await self._session.command(line, by=address.user, address=address)
        if answer is None:
            raise InputError(f"{line.split(maxsplit=1)[0]} stands alone; a blank before it sends it as a message")
        if not answer.is_done:
            raise SessionError(answer.text)
        told = {"command": answer.command, "text": answer.text}
        self._say(told, answer.text)
        if answer.turn is not None:
            await self._show(answer.turn)

    def _check_whole(self, line: str) -> None:
        """Refuse a line that the terminal has cut: it keeps the beginning of a longer one, and says nothing."""
        longest = max(len(each.encode(errors="surrogateescape")) for each in line.split("\n"))
        if longest >= _TERMINAL_LINE - _MARKS:
            raise InputError(
                f"the terminal cut this line after {_TERMINAL_LINE} bytes, so it was not sent;"
                f" send a long text with `argent send {quote(self._session.id)} < FILE`"
            )

    def _say(self, value: Any, sentence: str) -> None:
        """Print the result of a command: the value as JSON, or the sentence."""
        if self._as_json:
            print_json_line(value)
        elif sentence:
            click.echo(sentence)

    def _tell(self, error: ArgentError) -> None:
        self.has_failed = True
        if self._as_json:
            print_json_line(failure(error))
        click.secho(f"argent: {printable(str(error))}", fg="red", err=True)

    async def _show(self, turn: Turn) -> None:
        if self._as_json:
            print_json_line(await wait_for(self._session, turn))
            return
        try:
            await stream(self._session, turn)
        except NoReplyError as error:
            if error.outcome != "stopped":
                raise
            click.secho("(stopped)", dim=True)

    async def _tell_summary(self) -> None:
        summary = await self.note_summary()
        if summary is not None and not self._as_json:
            click.secho(
                f"({messages(summary.first, summary.last)} became a summary:"
                f" {summary.before} → {summary.after} tokens)",
                dim=True,
            )

    # The beginning ------------------------------------------------------------------------------------------

    async def _greet(self) -> None:
        """Print the session's name and its last reply; a question without an answer is answered first."""
        name = printable(self._session.id)
        try:
            info = await self._session.info()
            found = await self._session.history()
        except ArgentError:
            click.secho(f"A new session, {name}. {_HELP}", dim=True)
            return
        if self._editor is not None:
            self._editor.remember(each.text for each in found if each.role == "user" and each.sender is None)
        click.secho(f"Session {name} goes on: {counted(info.messages, 'message')}. {_HELP}", dim=True)
        question = _unanswered(found) if info.waiting else None
        if question is None:
            _print_last_reply(found)
        else:
            await self._recover(question)

    async def _recover(self, question: Message) -> None:
        """Show the reply to what was asked before the last chat ended: sent again under its id, it is answered once."""
        click.secho(f"Not answered yet: {printable(question.text)}", dim=True)
        try:
            await self._show(await self._session.send(question.text, message_id=question.id, address=question.address))
        except ArgentError as error:
            self._tell(error)


def _unanswered(found: tuple[Message, ...]) -> Message | None:
    """The latest message typed in a chat that has no reply."""
    answered = {each for message in found for each in message.reply_to}
    asked = [each for each in found if each.role == "user" and each.id not in answered]
    return asked[-1] if asked and asked[-1].sender is None else None


def _print_last_reply(found: tuple[Message, ...]) -> None:
    if found and found[-1].role == "assistant":
        click.secho(f"The last reply, {age(found[-1].at, datetime.now(UTC))}:", dim=True)
        click.echo(printable(found[-1].text))
        print_mark(found[-1])
