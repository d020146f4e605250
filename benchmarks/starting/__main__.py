"""The command: see docs/benchmarks.md."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import click

_ARGENT: Final = str(Path(sys.executable).with_name("argent"))


class _Start(NamedTuple):
    """A program, and the most that it may take, in times of `python -c pass`; None where it may take what it likes."""

    name: str
    command: Sequence[str]
    most: float | None = None


def _starts(empty: Path, used: Path) -> tuple[_Start, ...]:
    listing = ("sessions", "list")
    return (
        _Start("python -c pass", (sys.executable, "-c", "pass")),
        _Start("argent --help", (_ARGENT, "--help"), 6),
        _Start("argent --version", (_ARGENT, "--version"), 6),
        _Start("argent sessions list, an empty directory", (_ARGENT, "--state-dir", str(empty), *listing), 9),
        _Start("argent sessions list, one session", (_ARGENT, "--state-dir", str(used), *listing)),
        _Start("python -c 'import click'", (sys.executable, "-c", "import click")),
        _Start("python -c 'import asyncio'", (sys.executable, "-c", "import asyncio")),
        _Start(
            "python -c 'from argentos import Supervisor, FileStore'",
            (sys.executable, "-c", "from argentos import Supervisor, FileStore"),
        ),
    )


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=21, show_default=True, help="How often each is started.")
@click.option("--check", is_flag=True, help="Fail where one takes longer than it may.")
def main(rounds: int, *, check: bool) -> None:
    """Start each program again and again, in turn, and print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        empty, used = Path(folder) / "empty", Path(folder) / "used"
        empty.mkdir(mode=0o700)
        subprocess.run([_ARGENT, "--state-dir", str(used), "sessions", "new", "ada"], check=True, capture_output=True)  # noqa: S603 - ours
        starts = _starts(empty, used)
        seconds: dict[str, list[float]] = {each.name: [] for each in starts}
        for _ in range(rounds + 1):  # the first one is for the caches
            for start in starts:
                seconds[start.name].append(_time(start.command))
    medians = {name: median(times[1:]) for name, times in seconds.items()}
    bare = medians[starts[0].name]
    click.echo("    ms   times  at most  what")
    for start in starts:
        times = medians[start.name] / bare
        most = f"{start.most:g} ×" if start.most else ""
        click.echo(f"{medians[start.name] * 1000:>6.1f}  {times:>4.1f} ×  {most:>7}  {start.name}")
    slow = [each.name for each in starts if each.most and medians[each.name] > each.most * bare]
    if check and slow:
        raise click.ClickException(f"too slow: {', '.join(slow)}")


def _time(command: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
