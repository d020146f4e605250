"""`argent doctor`."""

import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import click
from msgspec import Struct

from argentos.actors import Supervisor
from argentos.actors.pairing.file import NAME, read_book
from argentos.errors import ArgentError, ConfigError, OwnerGoneError, StoreError
from argentos.gateway.output import counted, print_json, printable
from argentos.gateway.printing.progress import progress
from argentos.gateway.settings import Settings, command_options
from argentos.inputs import as_id
from argentos.storage import SessionKey
from argentos.storage.repair import copies
from argentos.storage.repair.doctor import Finding, check, repair
from argentos.storage.repair.findings import sentence_of

__all__ = ["command"]

_PATIENCE: Final = 3.0  # seconds, for an owner to answer a request that costs nothing
_TELLING: Final = [
    logging.getLogger(f"argentos.storage.{name}")
    for name in ("files.session_files", "files.index", "file_store.edits", "file_store.writer")
]  # what is found here


class _PrintedFinding(Struct, frozen=True, rename="camel"):
    """A finding, for programs."""

    path: str
    what: str
    harmless: bool
    remedy: str


class _Report(Struct, frozen=True, rename="camel"):
    mended: list[_PrintedFinding]
    findings: list[_PrintedFinding]


@click.command("doctor")
@click.option("--repair", "repairs", is_flag=True, help="Repair what can be repaired.")
@click.option("--restore", metavar="ID", help="Restore a session from a copy that was set aside.")
@click.option("--copy", default="", metavar="NAME", help="With --restore: the copy to take; the newest by default.")
@click.option("--replace", "replaces", is_flag=True, help="With --restore: set aside the session that is there now.")
@command_options
@click.pass_obj
def command(settings: Settings, *, repairs: bool, restore: str | None, copy: str, replaces: bool) -> int:
    """Check everything in the state directory, and mend it where --repair says so.

    Without it nothing is changed. With --restore, a session that was set aside is brought back. The directory must not
    be in use for either. The status is 1 while something is wrong that harms a session.
    """
    settings.check_state_dir()
    if not settings.state_dir.is_dir():
        raise StoreError(f"there is no state directory {settings.state_dir}; name another with --state-dir")
    if restore is not None:
        if repairs:
            raise click.UsageError("--repair and --restore are two things; do one after the other")
        _restore(settings, restore, copy, replaces=replaces)
        return 0
    if copy or replaces:
        raise click.UsageError("--copy and --replace go with --restore ID")
    try:
        with _quiet(), progress(settings, "Checking"):
            mended = anyio.run(repair, settings.state_dir) if repairs else []
            findings = check(settings.state_dir)
            if not any(finding.path.name == "lock" and not finding.is_harmless for finding in findings):
                findings = [*_trouble_with_owner(settings), *findings]
            findings = [*_wrong_settings(settings), *_wrong_pairings(settings), *findings]
    except OSError as error:
        raise StoreError(f"{error.filename or settings.state_dir} cannot be checked: {error.strerror}") from error
    if settings.json:
        print_json(_Report([_printed(each) for each in mended], [_printed(each) for each in findings]))
    else:
        _print(settings, mended, findings)
    return 1 if any(not finding.is_harmless for finding in findings) else 0


def _wrong_settings(settings: Settings) -> list[Finding]:
    try:
        settings.config()
        settings.routing()
    except ConfigError as error:
        return [
            Finding(
                settings.state_dir / "argent.json",
                f"{error} (until it is mended, only doctor, backup and export work)",
            )
        ]
    return []


def _wrong_pairings(settings: Settings) -> list[Finding]:
    path = settings.state_dir / NAME
    try:
        read_book(path)
    except StoreError as error:
        return [Finding(path, f"{sentence_of(error)} (until then nobody is answered who writes to an account)")]
    return []


def _restore(settings: Settings, session_id: str, copy: str, *, replaces: bool) -> None:
    key = SessionKey(settings.agent, as_id(session_id, "the session id"))
    work = partial(copies.restore, settings.state_dir, key, copy=copy, replaces=replaces)
    try:
        with _quiet():
            restored = anyio.run(work)
    except OSError as error:
        raise StoreError(f"{error.filename or settings.state_dir} cannot be used: {error.strerror}") from error
    if settings.json:
        replaced = printable(str(restored.replaced)) if restored.replaced else None
        print_json({"restored": session_id, "copy": str(restored.copy), "replaced": replaced})
        return
    click.echo(
        printable(f"Session {session_id} is back, with {counted(restored.messages, 'message')}, from {restored.copy}.")
    )
    if restored.replaced:
        click.echo(printable(f"The session that was there is set aside in {restored.replaced}."))


def _trouble_with_owner(settings: Settings) -> list[Finding]:
    """A finding if the process that owns the directory does not answer, or opened another directory."""
    directory = settings.state_dir
    try:
        owned = anyio.run(_owned_directory, directory)
    except OwnerGoneError:
        return []
    except ArgentError as error:
        return [Finding(directory / "lock", str(error))]
    with suppress(OSError):
        if not owned or Path(owned).samefile(directory):
            return []
    what = (
        f"the process that owns it opened it as {owned}, and it was moved since: nothing that is sent to that process"
        f" is accepted any more; end it, and put this directory back as {owned}"
    )
    return [Finding(directory / "lock", what)]


async def _owned_directory(directory: Path) -> str:
    async with Supervisor.connect(directory, patience=_PATIENCE) as owner:
        return (await owner.ping()).directory


@contextmanager
def _quiet() -> Generator[None]:
    """Keep findings out of the log, for they are printed."""
    for each in _TELLING:
        each.addFilter(_is_error)
    try:
        yield
    finally:
        for each in _TELLING:
            each.removeFilter(_is_error)


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def _printed(finding: Finding) -> _PrintedFinding:
    return _PrintedFinding(printable(str(finding.path)), printable(finding.what), finding.is_harmless, finding.remedy)


def _print(settings: Settings, mended: list[Finding], findings: list[Finding]) -> None:
    for finding in mended:
        click.echo(f"mended    {_line(settings, finding)}")
    for finding in findings:
        kind = "note" if finding.is_harmless else "problem"
        click.echo(f"{kind:8}  {_line(settings, finding)}")
    if any(finding.remedy for finding in findings):
        click.echo(
            "\n`argent doctor --repair` does what the arrows point to; nothing else may use the directory meanwhile."
        )
    if not findings:
        click.echo(f"Nothing is wrong in {settings.state_dir}.")


def _line(settings: Settings, finding: Finding) -> str:
    path = finding.path.relative_to(settings.state_dir) if finding.path != settings.state_dir else finding.path
    remedy = f" → {finding.remedy}" if finding.remedy else ""
    return printable(f"{path}: {finding.what}{remedy}")
