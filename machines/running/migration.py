"""Migration of snapshots to another version of their diagram."""

import shlex
from collections.abc import Mapping
from typing import cast

from msgspec import structs

from argentos.errors import MigrationError, UnknownStateError
from argentos.machines.given import as_mapping
from argentos.machines.machine import Machine
from argentos.machines.renaming import migrated_state, with_new_names
from argentos.machines.running.snapshot import MachineSnapshot

__all__ = ["migrate"]


def migrate(
    snapshot: MachineSnapshot, machine: Machine, states: Mapping[str, str] | None = None, *, name: str = "the snapshot"
) -> MachineSnapshot:
    """The snapshot as a version of its machine has it; the very same where that is the one that it names.

    A state that has kept its name goes on as long as it has been active; one that is new has been entered as the
    snapshot was made.

    Args:
        snapshot: of any version.
        machine: of this version.
        states: for states that have another name now, that name; for one of several regions, or the whole of it.
        name: of the snapshot, in errors.

    Raises:
        InputError: the states are no mapping.
        MigrationError: the machine has no such state; the sentence shows the command that migrates it.
    """
    digest = machine.diagram.digest
    if snapshot.diagram == digest and snapshot.state in machine.states:
        return snapshot
    renamed = cast("Mapping[str, str]", as_mapping(states or {}, "the renamed states", "{'Old': 'New'}"))
    try:
        state = migrated_state(snapshot.state, machine, renamed)
    except UnknownStateError as error:
        raise MigrationError(
            f"{name} was made with another version of {machine.diagram.file}, in the state {snapshot.state!r}: {error};"
            f" say what it is now: argent diagram migrate OLD {shlex.quote(machine.diagram.file)} {shlex.quote(name)}"
            f" --state {shlex.quote(f'{snapshot.state}=NEW')}, or Runner(…, migration={{{snapshot.state!r}: 'NEW'}})"
        ) from error
    known = {with_new_names(each, renamed): seconds for each, seconds in snapshot.active.items()}
    active = {each: known.get(each, 0.0) for each in machine.active(state)}
    return structs.replace(snapshot, diagram=digest, state=state, active=active)
