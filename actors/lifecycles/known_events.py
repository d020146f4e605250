"""The machines of a session as they stand: the state of each, and what every event that it knows would do now."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from argentos.actors.core.deadlines import Marks, idle_at
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.turn_facts import Facts as TurnFacts
from argentos.actors.core.runtime import Runtime
from argentos.machines import SESSION, Machine
from argentos.machines.guards import holds
from argentos.machines.lifecycles.turn import TURN
from argentos.storage import Metadata, SessionKey, Snapshot
from argentos.storage.open_context import OpenContext

__all__ = ["AskedGuard", "KnownEvent", "Lifecycle", "lifecycles_of"]


class AskedGuard(Struct, frozen=True, kw_only=True, rename="camel"):
    """A guard of an edge, and what it says now.

    Attributes:
        name: with `not` in front where it must not hold.
        is_met: it lets the edge be taken.
    """

    name: str
    is_met: bool


class KnownEvent(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that the current state knows, and what it would do now.

    Attributes:
        label: of the edge, as the diagram has it.
        target: the state that it leads to.
        guards: those of the edge.
        refused_by: the first of the guards that is not met; empty where the edge would be taken.
        due_at: when a timer raises it, unless something happens before; None where none runs.
    """

    event: str
    label: str
    target: str
    guards: tuple[AskedGuard, ...]
    refused_by: str
    due_at: datetime | None


class Lifecycle(Struct, frozen=True, kw_only=True, rename="camel"):
    """A machine of a session, as it stands.

    Attributes:
        state: `[*]` for a turn where nothing waits for an answer.
        events: those that the state knows, in the order of the diagram's edges.
    """

    machine: Literal["session", "turn"]
    state: str
    events: tuple[KnownEvent, ...]


def lifecycles_of(runtime: Runtime, key: SessionKey, snapshot: Snapshot) -> tuple[Lifecycle, ...]:
    """The machines of a session; nothing of it is changed.

    Args:
        runtime: has the settings, the gauge and the clock.
        key: of the session.
        snapshot: of what is durable.
    """
    now, moment = runtime.clock.now(), runtime.clock.monotonic()
    metadata = snapshot.metadata
    draft = Draft(
        key,
        metadata,
        OpenContext(snapshot.context),
        epoch=metadata.epoch,
        now=now,
        moment=moment,
        marks=Marks.of(snapshot, now, moment),
        gauge=runtime.gauge,
        config=runtime.config,
        has_task=not metadata.is_resting,
    )
    draft.may_begin_turns = not runtime.is_draining
    draft.advance(now, moment)  # an overdue timer counts as fired, though nothing has been written yet
    state, due = draft.metadata.state, _due(metadata, runtime.config.idle_after)
    session = _known_in(SESSION, state, draft.facts, due)
    turn = _known_in(TURN, draft.turn, TurnFacts(draft), due)
    return (
        Lifecycle(machine="session", state=state, events=session),
        Lifecycle(machine="turn", state=draft.turn, events=turn),
    )


def _known_in(
    machine: Machine, state: str, facts: object, due: Mapping[str, datetime | None]
) -> tuple[KnownEvent, ...]:
    timed = {timer.event: due.get(timer.duration) for timer in machine.timers(state)}
    return tuple(each for event in machine.events for each in _known(machine, state, event, facts, timed.get(event)))


def _known(machine: Machine, state: str, event: str, facts: object, due_at: datetime | None) -> Iterator[KnownEvent]:
    for guards, edge in machine.ways(state, event):
        asked = tuple(AskedGuard(name=str(guard), is_met=holds(facts, guard.name) is guard.wanted) for guard in guards)
        refused_by = next((each.name for each in asked if not each.is_met), "")
        yield KnownEvent(
            event=event, label=edge.label, target=edge.target, guards=asked, refused_by=refused_by, due_at=due_at
        )


def _due(metadata: Metadata, idle_after: float) -> dict[str, datetime | None]:
    """The end of each timer that may run, by the name of its duration in the diagrams."""
    turn = metadata.turn
    delay = turn.delay if turn else None
    asked = [each.expires_at for each in turn.asked if each.expires_at] if turn else []
    return {
        "idle_after": idle_at(metadata, idle_after),
        "delay": delay.at + timedelta(seconds=delay.seconds) if delay else None,
        "approval": min(asked, default=None),
    }
