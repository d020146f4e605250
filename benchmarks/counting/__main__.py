"""The command: see docs/benchmarks.md."""

from collections.abc import Iterable, Iterator
from statistics import median
from typing import Final

import click

from benchmarks.counting.sessions import REPORTS, Case, Decision, live
from benchmarks.counting.texts import COUNTERS, KINDS, read_texts

_OWN: Final = ", own"
OWN: Final = f"gemma-3{_OWN}"
"""A model that counts tokens itself, as a local one does."""

_OVERHEADS: Final = (0, 400, 2000, 20_000)


@click.command()
@click.option("--window", "windows", multiple=True, type=int, default=(20_000, 180_000), show_default=True)
@click.option("--counter", "counters", multiple=True, type=click.Choice((*COUNTERS, OWN)), default=(*COUNTERS, OWN))
@click.option("--overhead", "overheads", multiple=True, type=int, default=_OVERHEADS, show_default=True)
@click.option("--seeds", default=1, show_default=True)
def main(windows: tuple[int, ...], counters: tuple[str, ...], overheads: tuple[int, ...], seeds: int) -> None:
    """Measure how far the estimate of a context is from the truth."""
    texts = read_texts()
    click.echo(" window  counter       overhead  reports   decisions   worst under   median over   95 % over")
    for window in windows:
        for counter in counters:
            for overhead in (each for each in overheads if each < window / 2):
                for reports in REPORTS:
                    cases = cases_of(counter, overhead, window, reports, range(1, seeds + 1))
                    found = [each for case in cases for each in live(case, texts) if each.is_known]
                    click.echo(f"{window:>7}  {counter:<12}  {overhead:>8}  {reports:<8}  {_row(found)}")


def cases_of(counter: str, overhead: int, window: int, reports: str, seeds: Iterable[int]) -> Iterator[Case]:
    """Conversations in one kind of text, in two, and in all of them, begun here or imported."""
    name, is_own = counter.removesuffix(_OWN), counter == OWN
    for seed in seeds:
        for at, kind in enumerate(KINDS):
            for kinds in ((kind,), (kind, KINDS[(at + seed) % len(KINDS)])):
                yield Case(name, overhead, window, kinds, reports, seed, is_own=is_own)
        yield Case(name, overhead, window, KINDS, reports, seed, is_own=is_own)
        yield Case(name, overhead, window, KINDS[::-1], reports, seed, is_own=is_own, imported=window // 500)


def _row(found: list[Decision]) -> str:
    errors = sorted(each.error for each in found)
    high = errors[len(errors) * 95 // 100]
    return f"{len(errors):>9}   {max(0.0, -errors[0]):>10.2%}   {median(errors):>10.2%}   {high:>9.2%}"


if __name__ == "__main__":
    main()
