"""`argent sessions import`."""

import glob
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import click
from anyio.lowlevel import checkpoint
from msgspec import Struct

from argentos.actors import Transcript
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import InputError, SessionExistsError, SessionNotFoundError
from argentos.gateway.formats import LeftOut, Losses, ReadTranscript, Source, grouped, members_of, read_transcripts
from argentos.gateway.output import counted, one_line, print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.printing.progress import Bar, progress
from argentos.gateway.settings import Settings, command_options

__all__ = ["import_command"]

_INPUT: Final = Path("-")


class _Imported(Struct, rename="camel"):
    """A session of a file; `was_there` if an earlier import had made it."""

    session: str
    file: str
    messages: int
    archived: int
    has_summary: bool
    was_there: bool = False


class _LeftOut(Struct, omit_defaults=True):
    """A thing that is not imported; see `argentos.gateway.formats.LeftOut`."""

    file: str
    line: int
    reason: str
    place: str = ""


class _Refused(Struct, omit_defaults=True):
    """A file or, where it is named, a session of it that cannot be imported."""

    file: str
    reason: str
    session: str = ""


class _Outcome(Struct, rename="camel"):
    sessions: list[_Imported]
    left_out: list[_LeftOut]
    refused: list[_Refused]


class _Place(NamedTuple):
    """The place at which a session stands."""

    file: str
    line: int


class _Files:
    """The files of an import, each opened when its turn comes; standard input is kept, for it comes but once."""

    def __init__(self, paths: Sequence[Path], stack: ExitStack) -> None:
        self._paths = paths
        self._input = stack.enter_context(Source.open(_INPUT)) if _INPUT in paths else None

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Path]:
        return iter(self._paths)

    @contextmanager
    def opened(self, path: Path) -> Generator[Source]:
        if path == _INPUT and self._input is not None:
            yield self._input
            return
        with Source.open(path) as source:
            yield source


@click.command("import")
@click.argument("files", metavar="FILE...", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--session", metavar="ID", help="The id for the one conversation in FILE.")
@click.option("--dry-run", is_flag=True, help="Print what would be imported, and change nothing.")
@command_options
@click.pass_context
def import_command(context: click.Context, files: tuple[Path, ...], *, session: str | None, dry_run: bool) -> None:
    """Make sessions from conversations in files; - is standard input, and a pattern as *.jsonl all that match it.

    FILE is an export, sessions of Claude Code, OpenClaw (lines or SQLite), pi or Codex, the export of ChatGPT or of
    Claude, or messages of the APIs of OpenAI or Anthropic, also packed by gzip or zip. A line that cannot be taken
    costs itself; all that is left out is listed by line and reason. An import that was interrupted goes on where it
    stopped. The status is 1 if a file or a session was refused.
    """
    settings: Settings = context.obj
    with ExitStack() as stack:
        paths, others = _unpacked(_expanded(files))
        sources = _Files(paths, stack)

        async def check(sessions: SupervisorInterface) -> tuple[_Outcome, dict[str, _Place]]:
            checking = _Checking(sessions, session)
            with progress(settings, "Reading") as bar:
                for path in sources:
                    await checking.add(sources, path, bar)
            checking.outcome.left_out[:0] = _others(others, checking.taken)
            return checking.outcome, checking.missing

        outcome, missing = with_sessions(settings, check, read_only=True, makes=True)

        async def adopt(sessions: SupervisorInterface) -> None:
            with progress(settings, "Importing", len(missing)) as bar:
                for path in sources:
                    if any(place.file == _name(path) for place in missing.values()):
                        with sources.opened(path) as source:
                            found = read_transcripts(source, Losses(), session)
                            await _adopt_all(sessions, path, found, missing, bar)

        if missing and not dry_run:
            with_sessions(settings, adopt, makes=True)
    if settings.json:
        print_json(outcome)
    else:
        _print(outcome, "Would import" if dry_run else "Imported")
    if outcome.refused:
        context.exit(1)


def _expanded(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, each once; a pattern that the shell has left is what it matches.

    Raises:
        InputError: a pattern matches nothing, or a path is that of a folder.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            raise InputError(f"{path} is a folder; name the files in it, as '{path}/*.jsonl'")
        if path == _INPUT or path.exists() or not glob.has_magic(str(path)):
            found[path] = None
            continue
        matches = sorted(each for each in map(Path, glob.glob(str(path), recursive=True)) if each.is_file())  # noqa: PTH207 - pathlib's own has no absolute patterns
        if not matches:
            raise InputError(f"no file matches {path}")
        found.update(dict.fromkeys(matches))
    return list(found)


def _name(path: Path) -> str:
    """The path as a text that can be written, whatever bytes it has."""
    return str(path).encode(errors="replace").decode()


def _unpacked(paths: Sequence[Path]) -> tuple[list[Path], dict[Path, list[str]]]:
    """The files, those in archives included, and the names of what else is in these."""
    found: list[Path] = []
    others: dict[Path, list[str]] = {}
    for path in paths:
        members, others[path] = members_of(path)
        found += members
    return found, others


def _others(others: Mapping[Path, Sequence[str]], taken: Collection[str]) -> Iterator[_LeftOut]:
    """The files in archives that no conversation has for a picture or a document."""
    for path, names in others.items():
        if left := [each for each in names if each not in taken]:
            yield _LeftOut(_name(path), 0, f"files without conversations: {', '.join(left)}")


class _Checking:
    """Reads the files, and sees what of them is there already."""

    def __init__(self, sessions: SupervisorInterface, session: str | None) -> None:
        self.outcome = _Outcome([], [], [])
        self.missing: dict[str, _Place] = {}  # the sessions that are to be made
        self.taken: set[str] = set()  # names of pictures and documents in archives
        self._sessions = sessions
        self._session = session
        self._found: dict[str, tuple[_Place, int]] = {}  # and what is said there

    async def add(self, files: _Files, path: Path, bar: Bar) -> None:
        """Read a file.

        Raises:
            InputError: it cannot be taken, and is the only one; of several it costs itself.
            SessionExistsError: its only session is there, with other messages.
        """
        losses = Losses()
        before = len(self.outcome.sessions)
        try:
            with files.opened(path) as source:
                for found in read_transcripts(source, losses, self._session):
                    await checkpoint()
                    bar.reach(0, f"Reading conversation {len(self._found) + 1}")
                    await self._add(_Place(_name(path), found.line), found, losses)
                self.taken |= source.companions.taken
        except InputError as error:
            if len(files) == 1 and len(self.outcome.sessions) == before:
                raise
            self.outcome.refused.append(_Refused(_name(path), one_line(str(error))))
        self.outcome.left_out += [_LeftOut(_name(path), each.line, each.reason, each.place) for each in losses]

    async def _add(self, place: _Place, found: ReadTranscript, losses: Losses) -> None:
        transcript = found.transcript
        known, said = self._found.get(transcript.session), hash(_told(transcript))
        if known is not None:
            where = f"{known[0].file}:{known[0].line}"
            if known[1] == said:
                losses.add(place.line, f"a copy of session {transcript.session!a:.80} of {where}")
            else:
                self._refuse(place, transcript, f"{where} has a session of this id already, with other messages")
            return
        self._found[transcript.session] = place, said
        try:
            was_there = await _is_there(self._sessions, transcript)
        except SessionExistsError as error:
            self._refuse(place, transcript, str(error))
            return
        if not was_there:
            self.missing[transcript.session] = place
        self.outcome.sessions.append(
            _Imported(
                session=transcript.session,
                file=place.file,
                messages=len(transcript.messages),
                archived=sum(message.archived for message in transcript.messages),
                has_summary=transcript.summary is not None,
                was_there=was_there,
            )
        )

    def _refuse(self, place: _Place, transcript: Transcript, reason: str) -> None:
        self.outcome.refused.append(_Refused(place.file, reason, transcript.session))


def _told(transcript: Transcript) -> tuple[tuple[str, str], ...]:
    return tuple((message.role, message.text) for message in transcript.messages)


async def _is_there(sessions: SupervisorInterface, transcript: Transcript) -> bool:
    """Tell whether the session exists, and begins with these messages.

    Raises:
        SessionExistsError: it has others.
    """
    try:
        stored = await sessions.session(transcript.session).history(full=True)
    except SessionNotFoundError:
        return False
    told = _told(transcript)
    if told != tuple((message.role, message.text) for message in stored[: len(told)]):
        raise SessionExistsError(
            f"there is a session {transcript.session} already, with other messages: import this one under another id"
            f" with --session, or delete that one with `argent sessions delete`"
        )
    return True


async def _adopt_all(
    sessions: SupervisorInterface, path: Path, found: Iterator[ReadTranscript], missing: dict[str, _Place], bar: Bar
) -> None:
    for transcript, line in found:
        if missing.get(transcript.session) == _Place(_name(path), line):
            await _adopt(sessions, transcript)
            del missing[transcript.session]
            bar.advance()


async def _adopt(sessions: SupervisorInterface, transcript: Transcript) -> None:
    try:
        await sessions.session(transcript.session).adopt(transcript)
    except SessionExistsError:
        if not await _is_there(sessions, transcript):  # made by the try before this one
            raise


def _print(outcome: _Outcome, done: str) -> None:
    if not outcome.sessions and not outcome.refused:
        click.echo("No conversation found.")
    for each in outcome.sessions:
        session = printable(each.session)
        if each.was_there:
            click.echo(f"Session {session} was imported before.")
            continue
        summary = f", {each.archived} of them replaced by a summary" if each.has_summary else ""
        click.echo(f"{done} session {session}: {counted(each.messages, 'message')}{summary}.")
    for file in dict.fromkeys(each.file for each in outcome.left_out):
        click.echo(f"Left out of {printable(file)}:")
        left_out = (LeftOut(each.line, each.reason, each.place) for each in outcome.left_out if each.file == file)
        for sentence in grouped(left_out):
            click.echo(f"  {printable(one_line(sentence))}")
    for refused in outcome.refused:
        what = f"session {refused.session} of {refused.file}" if refused.session else refused.file
        told = (
            refused.reason
            if not refused.session and refused.reason.startswith(refused.file)
            else f"{what}: {refused.reason}"
        )
        click.echo(f"argent: {printable(one_line(told))}", err=True)
