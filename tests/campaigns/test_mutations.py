"""Damage of every kind: the store goes on, no session is harmed but its own, and somebody is told."""

import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from tests.campaigns.damage import PARTS
from tests.campaigns.mutations import RESULTS, Outcome
from tests.campaigns.shares import in_shares, printed, quick_folder

MUTATIONS = 750


def table(results: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    counts = Counter((part, kind, result) for part, kind, result in results)
    yield f"{'file':<16}{'mutation':<24}" + "".join(f"{result:>9}" for result in RESULTS)
    for part, kind in sorted({(part, kind) for part, kind, _ in counts}, key=lambda row: ([*PARTS].index(row[0]), row)):
        yield f"{part:<16}{kind:<24}" + "".join(f"{counts[part, kind, result]:>9}" for result in RESULTS)


@pytest.mark.timeout(4000)
def test_whatever_is_damaged_nothing_crashes_and_no_session_is_harmed_but_its_own(scale: int) -> None:
    seed = secrets.randbits(32)
    with quick_folder() as folder:
        shares = in_shares("mutations", folder, seed, MUTATIONS * scale, seconds=3900)
    outcomes = [msgspec.json.decode(share, type=Outcome) for share in shares]
    results = [each for outcome in outcomes for each in outcome.results]
    problems = [each for outcome in outcomes for each in outcome.problems]
    sys.stdout.write("\n".join(["", *table(results), f"{len(results)} mutations from seed {seed}", *problems, ""]))
    assert problems == []
    assert {result for _, _, result in results} == set(RESULTS)
    assert {part for part, _, _ in results} == set(PARTS)


def test_a_store_that_hides_damage_is_seen() -> None:
    with quick_folder() as folder:
        share = printed("mutations", folder / "0", 0, 40, 0, 1, "hide damage", seconds=300)
    problems = msgspec.json.decode(share, type=Outcome).problems
    assert any("nobody was told" in each for each in problems)
