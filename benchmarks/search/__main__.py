"""The command: see docs/benchmarks.md."""

from pathlib import Path

import click

from benchmarks.process import machine
from benchmarks.report import Report, progress
from benchmarks.search.measure import measure


@click.command()
@click.option("--quick", is_flag=True, help="Few conversations: does everything still run?")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/benchmarks"),
    show_default=True,
    help="Where to write: on a disk. Stored conversations stay there, and are used again.",
)
@click.option("--json", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write every figure there.")
def main(*, quick: bool, directory: Path, output: Path | None) -> None:
    """Measure what lists and searches of sessions cost, and what making their index costs others."""
    directory.mkdir(parents=True, exist_ok=True)
    report = Report(machine())
    report.add("search", measure(directory, quick=quick, progress=progress))
    report.end(output)


if __name__ == "__main__":
    main()
