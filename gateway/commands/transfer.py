"""`argent sessions export` and `argent sessions import`."""

import errno
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import click
from msgspec import Struct

from argentos.actors import Transcript
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import InputError, SessionExistsError, SessionNotFoundError
from argentos.gateway.formats import Source, head_line, read_transcripts, session_lines
from argentos.gateway.output import print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.settings import Settings, command_options

__all__ = ["export_command", "import_command"]

# Export -------------------------------------------------------------------------------------------------------


class _Exported(Struct, frozen=True):
    sessions: int
    messages: int


@click.command("export")
@click.argument("session_ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="The output file; standard output by default."
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@command_options
@click.pass_obj
def export_command(settings: Settings, session_ids: tuple[str, ...], *, output: Path | None, force: bool) -> None:
    """Write sessions with all their messages as JSON Lines: those named or, if none is, all of the agent."""
    with _target(output, force=force) as file:

        async def work(sessions: SupervisorInterface) -> _Exported:
            file.seek(0)
            file.truncate()  # an owner that ended half-way has the work done again
            return await _export(sessions, session_ids, file)

        exported = with_sessions(settings, work, read_only=True, config=settings.config_or_defaults())
    if output is None:
        return
    if settings.json:
        print_json(exported)
    else:
        told = f"{_count(exported.sessions, 'session')} with {_count(exported.messages, 'message')}"
        click.echo(f"Exported {told} to {printable(str(output))}.")


@contextmanager
def _target(output: Path | None, *, force: bool) -> Generator[IO[bytes]]:
    """A file to write to, which comes to stand at its place, or on standard output, whole or not at all.

    Raises:
        InputError: it cannot be put there, or something is there already.
    """
    if output is None:
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    with _writing(output):
        if output.exists() and not force:
            raise FileExistsError(17, "it exists already; name another, or add --force")
        if output.exists() and not output.is_file():
            raise OSError(errno.ENXIO, "it is no regular file, which alone can be replaced")
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)  # readable by its owner only
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            with _writing(output):
                file.flush()
                os.fsync(file.fileno())
        with _writing(output):
            _put(temporary, output, force=force)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def _writing(output: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from error


def _put(temporary: Path, output: Path, *, force: bool) -> None:
    if force:
        temporary.replace(output)
    else:
        output.hardlink_to(temporary)  # unlike a rename, it replaces nothing that came meanwhile
    folder = os.open(output.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def _export(sessions: SupervisorInterface, session_ids: Sequence[str], file: IO[bytes]) -> _Exported:
    ids = list(dict.fromkeys(session_ids)) or sorted(info.id for info in await sessions.list())
    file.write(head_line(len(ids)))
    messages = 0
    for each in ids:
        session = sessions.session(each)
        transcript = await session.transcript()
        for line in session_lines(transcript, await session.info()):
            file.write(line)
        messages += len(transcript.messages)
    return _Exported(len(ids), messages)


# Import -------------------------------------------------------------------------------------------------------


class _Imported(Struct, rename="camel"):
    """A session of the file; `was_there` if an earlier import had made it."""

    session: str
    messages: int
    archived: int
    has_summary: bool
    was_there: bool = False


class _Outcome(Struct, rename="camel"):
    sessions: list[_Imported]
    passed_over: dict[str, int]


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--session", metavar="ID", help="The id for the one conversation in FILE.")
@click.option("--dry-run", is_flag=True, help="Print what would be imported, and change nothing.")
@command_options
@click.pass_obj
def import_command(settings: Settings, file: Path, *, session: str | None, dry_run: bool) -> None:
    """Make sessions of the conversations in FILE; - is standard input.

    FILE is an export, a list of messages in OpenAI's style, or a transcript of Claude Code or OpenClaw. If anything in
    it cannot be taken, nothing is imported. An import that was interrupted goes on where it stopped.
    """
    with Source.open(file) as source:

        async def check(sessions: SupervisorInterface) -> _Outcome:
            return await _check(sessions, source, session)

        outcome = with_sessions(settings, check, read_only=True, makes=True)
        missing = {each.session for each in outcome.sessions if not each.was_there}

        async def adopt(sessions: SupervisorInterface) -> None:
            for found in read_transcripts(source, session):
                if found.transcript.session in missing:
                    await _adopt(sessions, found.transcript)
                    missing.discard(found.transcript.session)

        if missing and not dry_run:
            with_sessions(settings, adopt, makes=True)
    if settings.json:
        print_json(outcome)
    else:
        _print(outcome, "Would import" if dry_run else "Imported")


async def _check(sessions: SupervisorInterface, source: Source, session: str | None) -> _Outcome:
    """Read the whole file, and see what of it is there already.

    Raises:
        InputError: something in it cannot be taken.
        SessionExistsError: a session is there, with other messages.
    """
    found_in: dict[str, int] = {}
    imported: list[_Imported] = []
    passed_over: Counter[str] = Counter()
    for transcript, over, line in read_transcripts(source, session):
        first = found_in.setdefault(transcript.session, line)
        if first != line:
            raise source.error(line, f"session {transcript.session!a} stands in line {first} already")
        passed_over += over
        imported.append(
            _Imported(
                session=transcript.session,
                messages=len(transcript.messages),
                archived=sum(message.archived for message in transcript.messages),
                has_summary=transcript.summary is not None,
                was_there=await _is_there(sessions, transcript),
            )
        )
    return _Outcome(imported, dict(passed_over))


async def _is_there(sessions: SupervisorInterface, transcript: Transcript) -> bool:
    """Whether the session exists, and begins with these messages.

    Raises:
        SessionExistsError: it has others.
    """
    try:
        stored = await sessions.session(transcript.session).history(full=True)
    except SessionNotFoundError:
        return False
    told = [(message.role, message.text) for message in transcript.messages]
    if told != [(message.role, message.text) for message in stored[: len(told)]]:
        raise SessionExistsError(
            f"there is a session {transcript.session} already, with other messages: import this one under another id"
            f" with --session, or delete that one with `argent sessions delete`; nothing was imported"
        )
    return True


async def _adopt(sessions: SupervisorInterface, transcript: Transcript) -> None:
    try:
        await sessions.session(transcript.session).adopt(transcript)
    except SessionExistsError:
        if not await _is_there(sessions, transcript):  # made by the try before this one
            raise


def _print(outcome: _Outcome, done: str) -> None:
    if not outcome.sessions:
        click.echo("No conversation found.")
    for each in outcome.sessions:
        session = printable(each.session)
        if each.was_there:
            click.echo(f"Session {session} was imported before.")
            continue
        summary = f", {each.archived} of them replaced by a summary" if each.has_summary else ""
        click.echo(f"{done} session {session}: {_count(each.messages, 'message')}{summary}.")
    if outcome.passed_over:
        what = ", ".join(f"{name} ({number})" for name, number in sorted(outcome.passed_over.items()))
        click.echo(f"Passed over: {what}.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
