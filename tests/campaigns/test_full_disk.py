"""A disk that is full, whatever room is left: refused loudly, nothing lost, and it works again when there is room."""

import secrets
import sys
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from tests.campaigns.full_disk import Outcome
from tests.campaigns.scarcity import can_mount
from tests.campaigns.shares import in_shares, printed, quick_folder

RESULTS = ("refused", "put off", "done")


def table(title: str, counts: Counter[tuple[str, str]]) -> Iterator[str]:
    yield f"{title:<18}" + "".join(f"{result:>10}" for result in RESULTS)
    for save in sorted({save for save, _ in counts}):
        yield f"{save:<18}" + "".join(f"{counts[save, result]:>10}" for result in RESULTS)


def campaign(scarce: str, first: int, stride: int, *, within: tuple[str, ...] = ()) -> list[str]:
    """The problems that were seen; the counts are printed."""
    with quick_folder() as folder:
        shares = in_shares("full_disk", folder, scarce, first, stride, seconds=500, within=within)
    outcomes = [msgspec.json.decode(share, type=Outcome) for share in shares]
    counts = Counter(result for outcome in outcomes for result in outcome.results)
    sys.stdout.write("\n".join(["", *table(f"few {scarce}", counts), ""]))
    assert {result for _, result in counts} == set(RESULTS)
    return [problem for outcome in outcomes for problem in outcome.problems]


@pytest.mark.skipif(not can_mount(), reason="a small tmpfs can be mounted on Linux, and by root only")
@pytest.mark.parametrize("scarce", ["pages", "inodes"])
@pytest.mark.timeout(600)
def test_on_a_small_disk_with_so_little_room_nothing_is_lost(scarce: str) -> None:
    assert campaign(scarce, 0, 1, within=("unshare", "--mount")) == []


@pytest.mark.timeout(600)
def test_a_write_that_falls_short_at_any_byte_loses_nothing(scale: int) -> None:
    stride = 1 if scale > 1 else 3
    first = secrets.randbelow(stride)
    sys.stdout.write(f"\nevery {stride}. byte from {first}\n")
    assert campaign("bytes", first, stride) == []


def test_a_store_that_ignores_short_writes_is_seen() -> None:
    with quick_folder() as folder:
        share = printed("full_disk", folder / "0", "bytes", 0, 80, 0, 1, "ignore short writes", seconds=300)
    assert msgspec.json.decode(share, type=Outcome).problems != []
