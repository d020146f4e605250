"""The command: see docs/benchmarks.md."""

from collections import defaultdict
from functools import partial
from statistics import mean
from typing import Final

import anyio
import click

from benchmarks.retention.chatter import CHATTER
from benchmarks.retention.facts import KINDS, LANGUAGES
from benchmarks.retention.measure import Case, Kept, measure

_AFTER: Final = (1, 5, 20)


@click.command()
@click.option("--window", "windows", multiple=True, type=int, default=(3000, 20_000), show_default=True)
@click.option("--language", "languages", multiple=True, type=click.Choice(LANGUAGES), default=LANGUAGES)
@click.option("--chatter", "kinds", multiple=True, type=click.Choice(CHATTER), default=CHATTER)
@click.option("--seeds", default=2, show_default=True)
def main(windows: tuple[int, ...], languages: tuple[str, ...], kinds: tuple[str, ...], seeds: int) -> None:
    """Measure what an extract keeps of planted facts after 1, 5 and 20 compactions."""
    for window in windows:
        for language in languages:
            found: dict[int, list[Kept]] = defaultdict(list)
            for kind in kinds:
                for seed in range(seeds):
                    for kept in anyio.run(partial(measure, Case(window, language, kind, seed), _AFTER)):
                        found[kept.compactions].append(kept)
            for compactions, all_kept in found.items():
                click.echo(f"{window:>7} {language} after {compactions:>2}: {_row(all_kept)}")


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
