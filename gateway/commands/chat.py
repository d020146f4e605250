"""`argent chat`."""

import contextlib
import io
import os
import signal
import sys
from typing import Final

import anyio
import click

from argentos.actors import Turn
from argentos.actors.interfaces import SessionInterface
from argentos.errors import ArgentError, OwnerGoneError
from argentos.gateway.output import counted, percent, printable
from argentos.gateway.owner import chosen_model, open_sessions, tell_if_offline
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Address, Summary

__all__ = ["command"]

_HELP: Final = "/info, /compact [what to keep], /clear, /quit; Ctrl-C stops a reply"


@click.command("chat")
@click.argument("session_id", metavar="[SESSION]", default="chat")
@click.option("--model", metavar="NAME", help="Of the Messages API; ANTHROPIC_MODEL or a current Claude by default.")
@command_options
@click.pass_obj
def command(settings: Settings, session_id: str, model: str | None) -> None:
    """Talk to the agent in a session, 'chat' by default; it continues where it was left.

    Where a process runs the agent's sessions already, that one answers.
    """
    anyio.run(_chat, settings, session_id, model)


async def _chat(settings: Settings, session_id: str, model_name: str | None) -> None:
    model = chosen_model(model_name)
    async with open_sessions(settings, talks=True, model=model) as sessions:
        chat = _Chat(sessions.session(session_id))
        await chat.note_summary()
        tell_if_offline(sessions, model)
        if sys.stdin.isatty():
            await _greet(chat.session)
        await _watched(chat)


async def _watched(chat: "_Chat") -> None:
    """Talk until the end, and take signals meanwhile; what ends it is raised alone, not as a group."""
    ended: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(chat.watch_signals, group.cancel_scope)
        try:
            await _converse(chat)
        except (ArgentError, OSError) as error:
            ended = error
        group.cancel_scope.cancel()
    if ended is not None:
        raise ended


async def _converse(chat: "_Chat") -> None:
    """Take line after line; an error is one line more."""
    while (line := await chat.next_line()) is not None:
        if line in {"/quit", "/exit"}:
            break
        try:
            await _take(chat.session, line)
        except OwnerGoneError:
            raise
        except ArgentError as error:
            click.secho(f"argent: {printable(str(error))}", fg="red", err=True)
        if summary := await chat.note_summary():
            click.secho(
                f"(messages {summary.first}–{summary.last} became a summary:"
                f" {summary.before} → {summary.after} tokens)",
                dim=True,
            )


class _Chat:
    """A conversation at a terminal. Ctrl-C ends the chat at its prompt, and a turn while it runs."""

    def __init__(self, session: SessionInterface) -> None:
        self.session = session
        self._summary: Summary | None = None
        self._input = _Input()
        self._prompt: anyio.CancelScope | None = None

    async def next_line(self) -> str | None:
        """Read the next line that is not empty; None at the end of the input, and after Ctrl-C."""
        line: str | None = None
        with anyio.CancelScope() as self._prompt:
            while line == "" or line is None:
                if sys.stdin.isatty():
                    click.echo("> ", nl=False)
                line = await self._input.read_line()
                if line is None:
                    break
                line = line.strip()
        self._prompt = None
        if line is None and sys.stdin.isatty():
            click.echo()
        return line

    async def note_summary(self) -> Summary | None:
        """The summary of the context, if it is another one than at the last look."""
        before = self._summary
        with contextlib.suppress(ArgentError):
            self._summary = await self.session.summary()
        return self._summary if self._summary != before else None

    async def watch_signals(self, chat: anyio.CancelScope) -> None:
        """Do what Ctrl-C means, until cancelled; SIGTERM ends the chat."""
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for each in signals:
                if each == signal.SIGTERM:
                    chat.cancel()
                elif self._prompt is not None:
                    self._prompt.cancel()
                else:
                    with contextlib.suppress(ArgentError):
                        await self.session.stop()


class _Input:
    """Standard input, read without a thread, which could not be interrupted."""

    def __init__(self) -> None:
        self._descriptor: int | None = None  # where a program that embeds this has put a stream of its own
        with contextlib.suppress(io.UnsupportedOperation):
            self._descriptor = sys.stdin.fileno()
        self._buffer = b""
        self._ended = False

    async def read_line(self) -> str | None:
        """The next line; bytes that are no text come as surrogates, which a session refuses."""
        if self._descriptor is None:
            return sys.stdin.readline() or None
        while b"\n" not in self._buffer and not self._ended:
            with contextlib.suppress(PermissionError):  # a regular file cannot be waited for, and never blocks
                await anyio.wait_readable(self._descriptor)
            data = os.read(self._descriptor, 65536)
            self._buffer += data
            self._ended = not data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "surrogateescape") if line or not self._ended or self._buffer else None


async def _greet(session: SessionInterface) -> None:
    try:
        info = await session.info()
    except ArgentError:
        click.secho(f"A new session, {printable(session.id)}. {_HELP}", dim=True)
    else:
        click.secho(f"Session {printable(session.id)} goes on: {counted(info.messages, 'message')}. {_HELP}", dim=True)


async def _take(session: SessionInterface, line: str) -> None:
    name, _, rest = line.partition(" ")
    match name:
        case "/info":
            info = await session.info()
            click.echo(
                f"{info.state}, {counted(info.messages, 'message')}, {info.tokens} tokens ({percent(info.percent)})"
            )
        case "/clear":
            await session.clear()
            click.echo("The context is empty; the messages are in the archive.")
        case "/compact":
            await session.compact(rest.strip())
        case "/help":
            click.echo(_HELP)
        case _:
            turn = await session.send(line, address=Address("cli", os.environ.get("USER") or "user"))
            await _show(turn)


async def _show(turn: Turn) -> None:
    """Print the reply as it streams."""
    attempt = 0
    async for piece in turn:
        if attempt not in {0, turn.attempt}:  # something of another one stands there
            click.echo("\n(the reply begins again)")
        attempt = turn.attempt
        click.echo(printable(piece), nl=False)
    click.echo()
