"""An order: a composite state, a guard, an effect, and two timers that raise the same event."""

from collections.abc import Mapping
from typing import Final

from argentos.machines import Binding, Diagram, Machine
from argentos.machines.testing import MachineSystem

__all__ = ["DAY", "ORDER", "PAID", "UNPAID", "order"]

DAY: Final = 86_400.0
PAID: Final = {"is_paid": True}
UNPAID: Final = {"is_paid": False}

ORDER: Final = Machine(
    Diagram.parse(
        """\
stateDiagram-v2
    [*] --> Placed: place
    Placed --> Open: confirm / greet, count
    Placed --> Cancelled: given up
    state Open {
        [*] --> Waiting
        Waiting --> Packing: pack [is_paid]
        Packing --> Waiting: unpack
    }
    Open --> Cancelled: too late
    Packing --> Sent: send / mail
    Sent --> [*]: forget
""",
        file="order.mmd",
    ),
    {
        "place": "place",
        "confirm": "confirm",
        "given up": Binding("expire", timer="15m"),
        "pack": "pack",
        "unpack": "unpack",
        "too late": Binding("expire", timer="7d", guards=("not is_paid",)),
        "send": "send",
        "forget": "forget",
    },
)


def order(*events: str, paid: Mapping[str, bool] = UNPAID) -> MachineSystem:
    """An order to which all this has happened."""
    system = MachineSystem(ORDER)
    for event in ("place", *events):
        system.send(event, paid)
    return system
