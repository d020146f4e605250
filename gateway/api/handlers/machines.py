"""Machines: as they are drawn, and those of a session as they stand."""

from functools import cache
from typing import Final, Literal

import anyio.to_thread
from msgspec import Struct

from argentos.actors import Lifecycle
from argentos.gateway.api.call import Call, SessionParameters
from argentos.gateway.api.routes import PREFIX, Route
from argentos.machines import SESSION, Machine
from argentos.machines.drawing import Figure, figure
from argentos.machines.lifecycles.turn import TURN

__all__ = ["ROWS", "DrawnEdge", "DrawnMachine", "Lifecycles", "MachineParameters"]

_MACHINES: Final[dict[str, Machine]] = {"session": SESSION, "turn": TURN}
_ROOM: Final = {"session": "8,888 × · 59 min", "turn": ""}  # for how often an edge was taken, and when last


class MachineParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The machine that is drawn.

    Attributes:
        machine: that of a session, or of its turn.
    """

    machine: Literal["session", "turn"]


class DrawnEdge(Struct, frozen=True, kw_only=True, rename="camel"):
    """The meaning of an edge.

    Attributes:
        edge: as mermaid writes it.
        guards: those of its event, in the order in which they are asked.
        timer: the name of the duration after which a timer raises its event; empty where none does.
    """

    edge: str
    event: str
    guards: tuple[str, ...]
    timer: str
    effects: tuple[str, ...]


class DrawnMachine(Struct, frozen=True, kw_only=True, rename="camel"):
    """A machine with the places of its states and the paths of its edges.

    Attributes:
        edges: the meanings of those that an event takes.
    """

    machine: str
    states: tuple[str, ...]
    figure: Figure
    edges: tuple[DrawnEdge, ...]


class Lifecycles(Struct, frozen=True, kw_only=True, rename="camel"):
    """The machines of a session."""

    lifecycles: tuple[Lifecycle, ...]


async def draw_machine(call: Call, given: MachineParameters) -> DrawnMachine:
    """Draw a machine, its states in their places."""
    del call
    return await anyio.to_thread.run_sync(_drawn, given.machine)


async def session_lifecycles(call: Call, given: SessionParameters) -> Lifecycles:
    """Show the machines of a session: the state of each, and what every event would do now."""
    session = await call.session(given)
    return Lifecycles(lifecycles=await session.lifecycles())


@cache
def _drawn(name: str) -> DrawnMachine:
    machine = _MACHINES[name]
    return DrawnMachine(
        machine=name, states=machine.states, figure=figure(machine, room=_ROOM[name]), edges=tuple(_meanings(machine))
    )


def _meanings(machine: Machine) -> list[DrawnEdge]:
    found: dict[str, DrawnEdge] = {}
    for state in machine.states:
        timed = {timer.event: timer.duration for timer in machine.timers(state)}
        for event in machine.events:
            for guards, transition in machine.ways(state, event):
                names, timer = tuple(str(guard) for guard in guards), timed.get(event, "")
                for edge in transition.edges:
                    found[str(edge)] = DrawnEdge(
                        edge=str(edge), event=event, guards=names, timer=timer, effects=transition.effects
                    )
    return list(found.values())


ROWS = (
    Route("GET", f"{PREFIX}/machines/{{machine}}", draw_machine, scope="read"),
    Route("GET", f"{PREFIX}/sessions/{{session}}/lifecycles", session_lifecycles, scope="read"),
)
