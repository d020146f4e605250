"""`argent sessions export`."""

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import click
from msgspec import Struct

from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import InputError
from argentos.gateway.exporting import open_export
from argentos.gateway.formats import (
    AnthropicForm,
    Form,
    LeftOut,
    Losses,
    OpenAIForm,
    OwnForm,
    grouped,
    head_line,
)
from argentos.gateway.output import counted, one_line, print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION
from argentos.gateway.printing.progress import Bar, progress
from argentos.gateway.settings import Settings, command_options

__all__ = ["export_command"]


class _Exported(Struct, frozen=True, rename="camel"):
    """The numbers of what was written, and what the format has no place for, by message."""

    sessions: int
    messages: int
    left_out: list[LeftOut]


_REQUESTS: Final[dict[str, Callable[[Losses], Form]]] = {"anthropic": AnthropicForm, "openai": OpenAIForm}
_OWN: Final = "argentos"


@click.command("export")
@click.argument("session_ids", metavar="[ID]...", nargs=-1, type=SESSION)
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="The output file; standard output by default."
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option(
    "--format",
    "form",
    type=click.Choice([_OWN, *_REQUESTS]),
    default=_OWN,
    help="argentos, which has all there is, or messages as the API of anthropic or openai takes them.",
)
@command_options
@click.pass_obj
def export_command(
    settings: Settings, session_ids: tuple[str, ...], *, output: Path | None, force: bool, form: str
) -> None:
    """Write sessions with all their messages as JSON Lines: those named or, if none is, all of the agent."""
    with _target(output, force=force) as file:

        async def work(sessions: SupervisorInterface) -> _Exported:
            file.seek(0)
            file.truncate()  # an owner that ended half-way has the work done again
            with progress(settings, "Exporting") as bar:
                return await _export(sessions, session_ids, file, form, bar)

        exported = with_sessions(settings, work, read_only=True, config=settings.config_or_defaults())
    if output is not None and settings.json:
        print_json(exported)
        return
    if output is not None:
        told = f"{counted(exported.sessions, 'session')} with {counted(exported.messages, 'message')}"
        click.echo(f"Exported {told} to {printable(str(output))}.")
    if exported.left_out:
        click.echo("Left out:", err=output is None)
    for sentence in grouped(exported.left_out, "message"):
        click.echo(f"  {printable(one_line(sentence))}", err=output is None)


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


async def _export(
    sessions: SupervisorInterface, session_ids: Sequence[str], file: IO[bytes], form: str, bar: Bar
) -> _Exported:
    ids = list(dict.fromkeys(session_ids)) or sorted(info.id for info in await sessions.list())
    bar.expect(len(ids))
    losses, messages = Losses(), 0
    writer = OwnForm() if form == _OWN else _REQUESTS[form](losses)
    if form == _OWN:
        file.write(head_line(len(ids)))
    for each in ids:
        export = await open_export(sessions.session(each))
        async with aclosing(export.chunks(writer)) as chunks:
            async for chunk in chunks:
                file.write(chunk)
        messages += export.messages
        bar.advance()
    return _Exported(len(ids), messages, list(losses))
