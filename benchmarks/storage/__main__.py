"""The command: see docs/benchmarks.md."""

import os
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
import msgspec

from benchmarks.storage import accepts, process, stored, written
from benchmarks.storage.figures import Target, targets_table

_PARTS: Final = ("accepts", "bytes", "sessions")
_CORES: Final = 2
_PACKAGES: Final = ("argentos", "openai-agents", "langgraph-checkpoint-sqlite", "google-adk")

_Result: TypeAlias = accepts.Accepts | written.Written | stored.Stored


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
    machine = {**process.machine(), "file system": _file_system(directory), **dict(_versions())}
    click.echo("\n".join(f"{name}: {value}" for name, value in machine.items()))
    results: dict[str, _Result] = {}
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        for part in parts or _PARTS:
            results[part] = _measure(part, Path(scratch), directory, rounds=rounds, seconds=seconds, quick=quick)
            for text in results[part].tables():
                click.echo(f"\n{text}")
    targets = [target for result in results.values() for target in result.targets()]
    click.echo(f"\n{targets_table(targets)}")
    if output is not None:
        output.write_bytes(_json(machine, results, targets))


def _measure(part: str, scratch: Path, directory: Path, *, rounds: int, seconds: float, quick: bool) -> _Result:
    def progress(text: str) -> None:
        click.echo(text, err=True)

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


def _json(machine: dict[str, str], results: dict[str, _Result], targets: list[Target]) -> bytes:
    content: dict[str, Any] = {
        "machine": machine,
        **{part: result._asdict() for part, result in results.items()},
        "targets": [{**msgspec.structs.asdict(target), "verdict": target.verdict} for target in targets],
    }
    return msgspec.json.encode(content) + b"\n"


if __name__ == "__main__":
    main()
