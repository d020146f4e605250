"""Where lives are to end."""

from collections.abc import Sequence
from random import Random
from typing import Final

from tests.campaigns.phases import OPENING, PHASES, Aim, Board

LONGEST_LIFE: Final = 0.03
"""Seconds behind the first acknowledgement, of a life that is aimed nowhere."""

SYSTEM_CALLS_IN: Final = {
    "accept": 12,
    "file write": 60,
    "compaction": 12,
    "segment change": 16,
    "deletion": 24,
    "delivery": 6,
}
"""How many system calls, made inside a phase, are looked at as places to end: some repetitions of it."""

FLUSHES_IN: Final = {"accept": 8, "file write": 12, "segment change": 6, "deletion": 5, OPENING: 4}
"""How many flushes, made inside a phase, are looked at as places to break off."""


def chance_from(seed: object) -> Random:
    """Everything that is left to chance comes from a seed."""
    return Random(str(seed))  # noqa: S311 - chance, not secrecy


def an_aim(chance: Random, board: Board, phases: Sequence[str] = PHASES) -> Aim | None:
    """Inside one of the phases, three times in five, else anywhere."""
    phase = chance.choice(phases)
    match chance.randrange(10):
        case 0 | 1 | 2 | 3:
            return None
        case 4 | 5 | 6:
            return Aim(phase, chance.randrange(SYSTEM_CALLS_IN[phase]))
        case _:
            return Aim(phase, chance.randrange(2), chance.random() * board.typical(phase))


def a_flush(chance: Random) -> Aim:
    """Before a flush of what was just written: of what the journal accepts, half the time."""
    phase = chance.choice(("accept",) * 4 + ("file write", "segment change", "deletion", OPENING))
    return Aim(phase, chance.randrange(FLUSHES_IN[phase]), flushes=True)
