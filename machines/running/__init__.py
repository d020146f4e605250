"""Running a machine: events, timers, effects and snapshots of one life, on anyio.

Reading order; each imports only those above it:

    snapshot       what is stored
    migration      snapshots of another version
    effects        the functions of a program
    life           a life in memory
    keeping        calling a store
    journal        decide, save, apply
    alarms         timers
    outbox         running effects
    subscriptions  those who are told of all changes
    watchers       those who wait for a state
    bell           waking a task
    runner         all of it
"""

from argentos.machines.running.effects import EffectCall, EffectHandler
from argentos.machines.running.migration import migrate
from argentos.machines.running.runner import Runner
from argentos.machines.running.snapshot import MachineSnapshot, MemorySnapshots, PendingEffect, SnapshotStore
from argentos.machines.running.subscriptions import TransitionStream, TransitionTaken

__all__ = [
    "EffectCall",
    "EffectHandler",
    "MachineSnapshot",
    "MemorySnapshots",
    "PendingEffect",
    "Runner",
    "SnapshotStore",
    "TransitionStream",
    "TransitionTaken",
    "migrate",
]
