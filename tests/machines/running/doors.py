"""A door with a spring, and what is needed to run it in tests."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from argentos.concurrency.clock import ManualClock
from argentos.machines import Diagram, Machine
from argentos.machines.running import EffectCall, MachineSnapshot, MemorySnapshots, Runner

DOOR = Machine(
    Diagram.parse(
        """\
stateDiagram-v2
    [*] --> Closed: install
    Closed --> Open: push [is_unlocked] / beep, log
    Open --> Closed: pull
    Open --> Closed: after 30s / chime
    Closed --> Locked: lock
    Locked --> Closed: unlock
""",
        file="door.mmd",
    )
)


def new_clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 30, tzinfo=UTC))


class House:
    """What the door's guards see, and what its effects do."""

    def __init__(self, *, is_unlocked: bool = True) -> None:
        self.is_unlocked = is_unlocked
        self.calls: list[EffectCall] = []

    @property
    def heard(self) -> list[str]:
        return [call.effect for call in self.calls]

    def beep(self, call: EffectCall) -> None:
        self.calls.append(call)

    async def log(self, call: EffectCall) -> None:
        self.calls.append(call)

    def chime(self, call: EffectCall) -> None:
        self.calls.append(call)


def door(house: House | None = None, **settings: Any) -> Runner:
    house = house or House()
    given: dict[str, Any] = {"effects": house, "clock": new_clock(), "name": "door-1", **settings}
    return Runner(DOOR, house, **given)


def machine(*lines: str) -> Machine:
    return Machine(Diagram.parse("\n".join(("stateDiagram-v2", *lines)), file="it.mmd"))


def facts(**values: object) -> SimpleNamespace:
    return SimpleNamespace(**values)


def stored(**settings: Any) -> MemorySnapshots:
    """A store with a door that is closed."""
    given: dict[str, Any] = {"id": "door-1", "diagram": DOOR.diagram.digest, "sequence": 1, "at": new_clock().now()}
    given |= {"state": "Closed", "active": {"Closed": 0.0}, **settings}
    return MemorySnapshots(MachineSnapshot(**given))
