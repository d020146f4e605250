"""The command: see docs/benchmarks.md."""

from collections import defaultdict
from functools import partial
from statistics import mean
from typing import Final

import anyio
import click

from argentos import ArgentError, LocalModel
from benchmarks.retention.chatter import CHATTER
from benchmarks.retention.facts import KINDS, LANGUAGES
from benchmarks.retention.measure import Case, Kept, measure

_AFTER: Final = (1, 5, 20)
_LOCAL: Final = "local"


@click.command()
@click.option("--window", "windows", multiple=True, type=int, default=(3000, 20_000), show_default=True)
@click.option("--language", "languages", multiple=True, type=click.Choice(LANGUAGES), default=LANGUAGES)
@click.option("--chatter", "kinds", multiple=True, type=click.Choice(CHATTER), default=CHATTER)
@click.option("--seeds", default=2, show_default=True)
@click.option("--after", multiple=True, type=int, default=_AFTER, show_default=True, help="So many compactions.")
@click.option("--model", help=f"Writes the summaries: {_LOCAL}, or {_LOCAL}:FILE; by default they are quotes.")
def main(
    *,
    windows: tuple[int, ...],
    languages: tuple[str, ...],
    kinds: tuple[str, ...],
    seeds: int,
    after: tuple[int, ...],
    model: str | None,
) -> None:
    """Measure what an extract, or the summary of a local model, keeps of planted facts."""
    summariser = None if model is None else _local(model)
    for window in windows:
        for language in languages:
            found: dict[int, list[Kept]] = defaultdict(list)
            for kind in kinds:
                for seed in range(seeds):
                    case = Case(window, language, kind, seed)
                    for kept in anyio.run(partial(measure, case, sorted(after), summariser)):
                        found[kept.compactions].append(kept)
            for compactions, all_kept in found.items():
                click.echo(f"{window:>7} {language} after {compactions:>2}: {_row(all_kept)}")


def _local(model: str) -> LocalModel:
    name, _, path = model.partition(":")
    if name != _LOCAL:
        raise click.BadParameter(f"{model!a} is no local model; give {_LOCAL}, or {_LOCAL}:FILE", param_hint="--model")
    try:
        return LocalModel(path or None)
    except ArgentError as error:
        raise click.ClickException(str(error)) from error


def _row(all_kept: list[Kept]) -> str:
    shares: dict[str, list[bool]] = defaultdict(list)
    for kept in all_kept:
        for fact, is_left in kept.facts:
            shares[fact.kind].append(is_left)
    parts = [f"{kind[:6]} {mean(shares[kind]):.2f}" for kind in KINDS]
    total = mean(each for kind in KINDS for each in shares[kind])
    truncated = mean(kept.truncated / len(kept.facts) for kept in all_kept)
    room = mean(min(1.0, kept.summary / kept.needed) for kept in all_kept)
    return f"all {total:.2f} | {' '.join(parts)} | truncated {truncated:.2f} | room {room:.2f}"


if __name__ == "__main__":
    main()
