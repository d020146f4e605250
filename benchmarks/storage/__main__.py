"""The command: see docs/benchmarks.md."""

import os
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

import click

from benchmarks.process import machine
from benchmarks.report import Report, Result, progress
from benchmarks.storage import accepts, stored, written

_PARTS: Final = ("accepts", "bytes", "sessions")
_CORES: Final = 2
_PACKAGES: Final = ("argentos", "openai-agents", "langgraph-checkpoint-sqlite", "google-adk")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(_PARTS))
@click.option("--quick", is_flag=True, help="One short round of little: does everything still run?")
@click.option("--rounds", default=5, show_default=True, help="How often each is run; medians are printed.")
@click.option("--seconds", default=2.0, show_default=True, help="How long each contestant runs in a round.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/benchmarks"),
    show_default=True,
    help="Where to write: on the disk to be measured. Stored sessions stay there, and are used again.",
)
@click.option("--json", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write every figure there.")
def main(
    parts: tuple[str, ...], *, quick: bool, rounds: int, seconds: float, directory: Path, output: Path | None
) -> None:
    """Measure what storing costs: PARTS are accepts, bytes and sessions, all of them by default."""
    if quick:
        rounds, seconds = 1, 0.3
    if sys.platform != "linux":
        raise click.ClickException("this needs Linux: it preloads a library and reads /proc")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:_CORES])
    directory.mkdir(parents=True, exist_ok=True)
    report = Report({**machine(), "file system": _file_system(directory), **dict(_versions())})
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        for part in parts or _PARTS:
            report.add(part, _measure(part, Path(scratch), directory, rounds=rounds, seconds=seconds, quick=quick))
    report.end(output)


def _measure(part: str, scratch: Path, directory: Path, *, rounds: int, seconds: float, quick: bool) -> Result:
    if part == "accepts":
        return accepts.measure(scratch, rounds=rounds, seconds=seconds, quick=quick, progress=progress)
    if part == "bytes":
        return written.measure(scratch, quick=quick, progress=progress)
    return stored.measure(directory, rounds=rounds, quick=quick, progress=progress)


def _file_system(directory: Path) -> str:
    """The type of the file system that holds the directory."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(len(point), kind) for point, kind in mounts if directory.resolve().is_relative_to(point)]
    return max(above)[1]


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            yield package, "not installed"


if __name__ == "__main__":
    main()
