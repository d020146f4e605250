"""The crash campaign's worker: lives that are killed with -9, one after the other, on state directories of their own.

python -m tests.campaigns.crash FOLDER LIVES SEED [PLANT]      prints an `Outcome` as JSON
"""

import gc
import sys
from pathlib import Path
from signal import SIGKILL
from typing import Final

import msgspec

from tests.campaigns.aims import LONGEST_LIFE, an_aim, chance_from
from tests.campaigns.life import SESSIONS
from tests.campaigns.outcome import Outcome
from tests.campaigns.phases import Board, Watch
from tests.campaigns.plants import PLANTS
from tests.campaigns.rounds import Round, kill_itself

LIVES_A_ROUND: Final = 100


class Campaign:
    """Lives until it has enough of them, or has seen a problem.

    Args:
        folder: for the state directories; the one in which a problem was seen stays.
        seed: of everything that is left to chance; the moment of a kill is not quite.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._seed = seed
        self._chance = chance_from(seed)
        self._board = Board(SESSIONS)
        self._watch = Watch(self._board)
        self._watch.install()

    def run(self, lives: int) -> None:
        """Live so often."""
        while self.outcome.ends < lives and not self.outcome.problems:
            self._round(min(lives, self.outcome.ends + LIVES_A_ROUND))

    def _round(self, lives: int) -> None:
        name = f"round-{self.outcome.ends}"
        state = self._folder / name
        round_ = Round(state, self._folder, f"{self._seed}/{name}", self._board, self._watch)
        while self.outcome.ends < lives and not self.outcome.problems:
            self.outcome.problems += self._life(round_)
        self.outcome.problems += round_.revive()
        self.outcome.count_round(round_)
        if not self.outcome.problems:
            round_.remove()

    def _life(self, round_: Round) -> list[str]:
        """One life, and whatever is wrong after it."""
        closes_after = self._chance.random() * LONGEST_LIFE if self._chance.random() < 0.1 else None
        aim = an_aim(self._chance, self._board) if closes_after is None else None
        child = round_.begin(aim, kill_itself, closes_after)
        round_.wait_for_acknowledgement(child)
        if not child.listen(1.0 if aim else self._chance.random() * LONGEST_LIFE):
            child.kill()
        status = child.end()
        problems = [*round_.take(bytes(child.heard)), *round_.files.broken()]
        if round_.trouble():
            problems.append(f"a life with status {status} had trouble: {round_.trouble()}")
        if status == -SIGKILL and child.heard:
            self.outcome.count_end(round_, self._board.inside())
        elif status != 0 or closes_after is None:
            problems.append(f"a life ended by itself, or without a word: status {status}")
        return problems


def main(folder: str, lives: str, seed: str, *plants: str) -> None:
    """Run a campaign, and print what it saw."""
    for name in plants:
        PLANTS[name]()
    campaign = Campaign(Path(folder), int(seed))
    gc.freeze()  # what children share with their parent is not copied by a collection
    campaign.run(int(lives))
    sys.stdout.buffer.write(msgspec.json.encode(campaign.outcome))


if __name__ == "__main__":
    main(*sys.argv[1:])
