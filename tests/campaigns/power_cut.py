"""The power-cut campaign's worker: lives on a file system whose power is cut.

unshare --mount python -m tests.campaigns.power_cut FOLDER KIND CUTS SEED [PLANT]      prints an `Outcome` as JSON
"""

import sys
from pathlib import Path
from typing import Final

import msgspec

from tests.campaigns.aims import FLUSHES_IN, LONGEST_LIFE, a_flush, an_aim, chance_from
from tests.campaigns.life import SESSIONS
from tests.campaigns.loop_mount import LoopMount
from tests.campaigns.outcome import Outcome
from tests.campaigns.phases import STORE_PHASES, Board, Watch
from tests.campaigns.plants import PLANTS
from tests.campaigns.rounds import Round, fail, kill_itself

CUTS_A_ROUND: Final = 25
BROKEN_OFF: Final = 0.6
"""Of the cuts, so many come after a life that ended between a write and its flush, and a restart."""
SECONDS_TO_BREAK_OFF: Final = 0.5
SECONDS_AFTER_AN_ERROR: Final = 0.02


class Campaign:
    """Cuts until it has enough of them, or has seen a problem.

    Args:
        folder: for the file system; its image stays where a problem was seen.
        kind: of file system.
        seed: of everything that is left to chance.
    """

    def __init__(self, folder: Path, kind: str, seed: int) -> None:
        self.outcome = Outcome(inside=dict.fromkeys(STORE_PHASES, 0), broken_off=dict.fromkeys(FLUSHES_IN, 0))
        self._disk = LoopMount(kind, folder)
        self._folder = folder
        self._seed = seed
        self._chance = chance_from(seed)
        self._board = Board(SESSIONS)
        self._watch = Watch(self._board)
        self._watch.install()

    def run(self, cuts: int) -> None:
        """Cut so often."""
        self._disk.mount()
        while self.outcome.ends < cuts and not self.outcome.problems:
            self._round(min(cuts, self.outcome.ends + CUTS_A_ROUND))
        self._disk.unmount()
        if not self.outcome.problems:
            self._disk.remove()

    def _round(self, cuts: int) -> None:
        name = f"round-{self.outcome.ends}"
        state = self._disk.path / name
        round_ = Round(state, self._folder, f"{self._seed}/{name}", self._board, self._watch)
        while self.outcome.ends < cuts and not self.outcome.problems:
            broken_off = self._broken_off(round_) if self._chance.random() < BROKEN_OFF else set[str]()
            self.outcome.problems += self._life(round_)
            self.outcome.count_broken_off(broken_off)
        self.outcome.problems += round_.revive()
        self.outcome.count_round(round_)
        if not self.outcome.problems:
            round_.remove()

    def _broken_off(self, round_: Round) -> set[str]:
        """One or two lives that end between a write and its flush; gives the phases in which they did.

        What they wrote can be read, and is nowhere but in memory.
        """
        phases: set[str] = set()
        for _ in range(self._chance.choice((1, 1, 2))):
            aim = a_flush(self._chance)
            child = round_.begin(aim, self._chance.choice((kill_itself, kill_itself, fail)), may_deliver=False)
            child.listen(SECONDS_TO_BREAK_OFF, until=lambda: self._board.is_struck)
            child.listen(SECONDS_AFTER_AN_ERROR)
            child.kill()
            child.end()
            self.outcome.problems += round_.take(bytes(child.heard))
            phases |= {aim.phase} if self._board.is_struck else set()
        return phases

    def _life(self, round_: Round) -> list[str]:
        """One life until the power is cut, and whatever is wrong after that."""
        aim = an_aim(self._chance, self._board, STORE_PHASES)
        # What is delivered while the power is cut may have got out or not: everything is left to the last life.
        child = round_.begin(aim, self._board.stall, may_deliver=False)
        has_acknowledged = round_.wait_for_acknowledgement(child)
        has_ended = child.listen(
            1.0 if aim else self._chance.random() * LONGEST_LIFE, until=lambda: self._board.is_stalled
        )
        self._disk.flush_some_pages(round_.files.open_ones(), self._chance)
        inside = self._board.inside()
        heard = child.hear_all()
        self._disk.cut()
        child.kill()
        status = child.end()
        # What is said later would reach nobody. Nor is it true: ext4 reports a flush that the cut overtook as done.
        problems = round_.take(heard)
        self._disk.unmount()
        self._disk.mount()
        if has_ended or not has_acknowledged:
            problems.append(f"a life ended by itself, or without a word: status {status}; {round_.trouble()}")
        self.outcome.count_end(round_, inside)
        return problems + round_.read_back()


def main(folder: str, kind: str, cuts: str, seed: str, *plants: str) -> None:
    """Run a campaign, and print what it saw."""
    for name in plants:
        PLANTS[name]()
    campaign = Campaign(Path(folder), kind, int(seed))
    campaign.run(int(cuts))
    sys.stdout.buffer.write(msgspec.json.encode(campaign.outcome))


if __name__ == "__main__":
    main(*sys.argv[1:])
