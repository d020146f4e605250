"""Every system call of the store fails once, below the process: nothing happens or it is reported, nothing is lost."""

import secrets
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from argentos.storage import FileStore
from tests.campaigns.shares import in_shares, printed, quick_folder
from tests.campaigns.strace import KINDS
from tests.campaigns.system_calls import RESULTS, Injection, Outcome
from tests.campaigns.workload import SEGMENT_SIZE, Script, shows, take

PHASES = ("open", "accept", "file write", "compaction", "segment change", "deletion", "close")

needs_strace = pytest.mark.skipif(
    sys.platform != "linux", reason="strace, which makes system calls fail, runs on Linux only"
)


def table(injections: Iterable[Injection]) -> Iterator[str]:
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for each in injections:
        counts[each.phase, each.name][each.result] += 1
    yield f"{'phase':<16}{'system call':<18}{'injected':>10}" + "".join(f"{result:>11}" for result in RESULTS)
    for (phase, name), results in sorted(counts.items(), key=lambda row: (PHASES.index(row[0][0]), row[0][1])):
        cells = "".join(f"{results[result]:>11}" for result in RESULTS)
        yield f"{phase:<16}{name:<18}{results.total():>10}{cells}"


@needs_strace
@pytest.mark.timeout(4000)
def test_whichever_system_call_fails_what_was_acknowledged_is_found_once(scale: int) -> None:
    assert shutil.which("strace"), "the system calls fail by strace; install the package `strace`"
    turn = secrets.randbelow(len(KINDS))
    with quick_folder() as folder:
        shares = in_shares("system_calls", folder, "long" if scale > 1 else "short", turn, seconds=3900)
    outcomes = [msgspec.json.decode(share, type=Outcome) for share in shares]
    injections = [each for outcome in outcomes for each in outcome.injections]
    problems = [each for outcome in outcomes for each in outcome.problems]
    sys.stdout.write("\n".join(["", *table(injections), f"{len(injections)} injections, turn {turn}", *problems, ""]))
    assert problems == []
    assert {each.phase for each in injections} == set(PHASES)
    met = {(each.name, each.kind) for each in injections}
    assert met == {(name, kind) for name, _ in met for kind in KINDS}


@needs_strace
def test_a_store_that_ignores_failed_flushes_is_seen() -> None:
    with quick_folder() as folder:
        share = printed("system_calls", folder / "0", "fdatasync", 0, 0, 8, "ignore failed flushes", seconds=300)
    problems = msgspec.json.decode(share, type=Outcome).problems
    assert any("something is not on the disk" in each for each in problems)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["trio"])
@pytest.mark.timeout(600)
async def test_without_a_fault_the_same_life_in_threads_ends_well_each_time(tmp_path: Path, scale: int) -> None:
    script = Script()
    for number in range(100 * scale):
        async with FileStore(tmp_path / str(number), segment_size=SEGMENT_SIZE) as store:
            for step in script.steps:
                await take(step, store)
            for story in script.stories:
                assert await shows(store, story.key, story.records[:-1])
