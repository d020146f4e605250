"""Checking a machine, or a program that follows it, by looking at everything that can happen.

Reading order: `system` (the system under test), `moves` (what an event may do), `oracle` (what ought to happen);
`exploration` (every word of events), `crash` (a kill at every stage), `liveness` (what every state can reach),
`promela` and `spin` (the same question, put to another tool), `linearizability` and `schedules` (concurrent callers).
Nothing here needs Hypothesis.
"""

from argentos.machines.modelcheck.crash import Crashes, Killed, crash_everywhere
from argentos.machines.modelcheck.exploration import Exploration, explore
from argentos.machines.modelcheck.linearizability import Call, Linearization, linearizable, linearize
from argentos.machines.modelcheck.liveness import Liveness, always_reaches
from argentos.machines.modelcheck.moves import Move, moves
from argentos.machines.modelcheck.promela import Trail, to_promela
from argentos.machines.modelcheck.schedules import Race, every_choice, pause, race
from argentos.machines.modelcheck.spin import Verdict, model_check
from argentos.machines.modelcheck.system import Effect, Entry, MachineSystem, System

__all__ = [
    "Call",
    "Crashes",
    "Effect",
    "Entry",
    "Exploration",
    "Killed",
    "Linearization",
    "Liveness",
    "MachineSystem",
    "Move",
    "Race",
    "System",
    "Trail",
    "Verdict",
    "always_reaches",
    "crash_everywhere",
    "every_choice",
    "explore",
    "linearizable",
    "linearize",
    "model_check",
    "moves",
    "pause",
    "race",
    "to_promela",
]
