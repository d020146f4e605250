import secrets
import subprocess
import sys
from ast import literal_eval
from collections import Counter
from pathlib import Path
from random import Random
from threading import Timer

import pytest

from tests.campaigns.workers import python

ROOT = Path(__file__).parents[2]
BATCH = 250


class Lives:
    """Lives one after the other in one directory, most of them killed, and what they told."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.problems: list[str] = []
        self.calls: Counter[str] = Counter()
        self.kills = self.acknowledged = 0
        self._folder = folder
        self._random = Random(seed)  # noqa: S311 - a campaign, and it can be repeated

    def live(self, calls: int, *, is_killed: bool) -> None:
        """One life."""
        command = [str(each) for each in python("edge", self._folder, self._random.getrandbits(31), calls)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
            assert process.stdout is not None
            assert process.stderr is not None
            killer = Timer(self._random.uniform(1.0, 4.0) if is_killed else 300.0, process.kill)
            killer.start()
            is_done = False
            for line in process.stdout:
                kind, _, what = line.partition(" ")
                if line.endswith("\n"):
                    self._take(kind, literal_eval(what))
                    is_done = kind == "done"
            killer.cancel()
            complaints = process.stderr.read()
        if complaints or (not is_done and not is_killed):
            self.problems.append(f"a life ended with {complaints[-2000:]}")
        self.kills += not is_done

    def _take(self, kind: str, what: str) -> None:
        if kind == "call":
            self.calls[what] += 1
        elif kind == "problem":
            self.problems.append(what)
        elif kind == "ack":
            self.acknowledged += 1
            with (self._folder / "ledger").open("a") as ledger:
                ledger.write(f"{what}\n")


@pytest.mark.timeout(3600)
def test_nonsense_at_the_edge_is_refused_and_hurts_nobody_else(tmp_path: Path, scale: int) -> None:
    calls = 20_000 if scale > 1 else 1_000
    seed = secrets.randbits(32)
    lives = Lives(tmp_path, seed)
    while lives.calls.total() < calls and len(lives.problems) < 20:
        lives.live(BATCH, is_killed=lives.calls.total() % 4 != 1)
    lives.live(0, is_killed=False)
    sys.stdout.write(
        f"the edge, seed {seed}: {lives.calls.total()} calls of {len(lives.calls)} methods, {lives.kills} kills,"
        f" {lives.acknowledged} witnesses\n"
    )
    assert not lives.problems, "\n".join([f"{len(lives.problems)} problems, seed {seed}:", *lives.problems[:20]])
    assert lives.kills > 0
    assert lives.acknowledged > calls // 20
