"""What a command prints of what it measures, and writes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec

from benchmarks.figures import Target, targets_table

__all__ = ["Report", "Result", "progress"]


class Result(Protocol):
    """What one part of a command has measured."""

    def tables(self) -> Iterable[str]:
        """For people, in Markdown."""
        ...

    def targets(self) -> Iterable[Target]:
        """What was promised of it."""
        ...

    def _asdict(self) -> dict[str, Any]:
        """Every figure."""
        ...


class Report:
    """Prints each result as soon as it is there, the targets at the end, and writes all figures to a file.

    Args:
        machine: where and on what it is measured.
    """

    def __init__(self, machine: Mapping[str, str]) -> None:
        self._machine = machine
        self._results: dict[str, Result] = {}
        click.echo("\n".join(f"{name}: {value}" for name, value in machine.items()))

    def add(self, part: str, result: Result) -> None:
        """A part has been measured."""
        self._results[part] = result
        for text in result.tables():
            click.echo(f"\n{text}")

    def end(self, output: Path | None) -> None:
        """All has been; `output` gets the figures as JSON."""
        targets = [target for result in self._results.values() for target in result.targets()]
        click.echo(f"\n{targets_table(targets)}")
        if output is not None:
            output.write_bytes(self._json(targets))

    def _json(self, targets: Iterable[Target]) -> bytes:
        content: dict[str, Any] = {
            "machine": self._machine,
            **{part: result._asdict() for part, result in self._results.items()},  # pyright: ignore[reportPrivateUsage] - public of a NamedTuple
            "targets": [{**msgspec.structs.asdict(target), "verdict": target.verdict} for target in targets],
        }
        return msgspec.json.encode(content) + b"\n"


def progress(text: str) -> None:
    """Tell what is being done, beside the report."""
    click.echo(text, err=True)
