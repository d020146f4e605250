"""`argent doctor`."""

import logging
from typing import Final

import anyio
import click
from msgspec import Struct

from argentos.errors import StoreError
from argentos.gateway.output import print_json, printable
from argentos.gateway.settings import Settings, command_options
from argentos.storage.doctor import Finding, check, repair

__all__ = ["command"]

_TELLING: Final = [logging.getLogger(f"argentos.storage.{name}") for name in ("layout", "index")]  # what is found here


class _Told(Struct, frozen=True, rename="camel"):
    """A finding, for programs."""

    path: str
    what: str
    harmless: bool
    remedy: str


class _Report(Struct, frozen=True, rename="camel"):
    mended: list[_Told]
    findings: list[_Told]


@click.command("doctor")
@click.option("--repair", "repairs", is_flag=True, help="Mend what can be mended.")
@command_options
@click.pass_obj
def command(settings: Settings, *, repairs: bool) -> int:
    """Check everything in the state directory, and change nothing.

    With --repair, mend what can be mended; the directory must not be in use then. The status is 1 while something is
    wrong that harms a session.
    """
    settings.config()
    if not settings.state_dir.is_dir():
        raise StoreError(f"there is no state directory {settings.state_dir}; name another with --state-dir")
    try:
        for quiet in _TELLING:
            quiet.addFilter(_is_error)
        mended = anyio.run(repair, settings.state_dir) if repairs else []
        findings = check(settings.state_dir)
    except OSError as error:
        raise StoreError(f"{error.filename or settings.state_dir} cannot be checked: {error.strerror}") from error
    finally:
        for quiet in _TELLING:
            quiet.removeFilter(_is_error)
    if settings.json:
        print_json(_Report([_told(each) for each in mended], [_told(each) for each in findings]))
    else:
        _print(settings, mended, findings)
    return 1 if any(not finding.is_harmless for finding in findings) else 0


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def _told(finding: Finding) -> _Told:
    return _Told(printable(str(finding.path)), printable(finding.what), finding.is_harmless, finding.remedy)


def _print(settings: Settings, mended: list[Finding], findings: list[Finding]) -> None:
    for finding in mended:
        click.echo(f"mended    {_line(settings, finding)}")
    for finding in findings:
        kind = "note" if finding.is_harmless else "problem"
        click.echo(f"{kind:8}  {_line(settings, finding)}")
    if any(finding.remedy for finding in findings):
        click.echo(
            "\n`argent doctor --repair` does what stands behind the arrows, while nothing else uses the directory."
        )
    if not findings:
        click.echo(f"Nothing is wrong in {settings.state_dir}.")


def _line(settings: Settings, finding: Finding) -> str:
    path = finding.path.relative_to(settings.state_dir) if finding.path != settings.state_dir else finding.path
    remedy = f" → {finding.remedy}" if finding.remedy else ""
    return printable(f"{path}: {finding.what}{remedy}")
