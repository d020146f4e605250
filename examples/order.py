"""An order with a program around its machine: `pytest examples/order.py`."""

from collections.abc import Sequence
from types import SimpleNamespace

from hypothesis import strategies as st

from argentos.machines import Diagram, Machine, Refused, Transition
from argentos.machines.testing import MachineSystem, lifecycle_test

ORDER = Machine(
    Diagram.parse("""
        stateDiagram-v2
            [*] --> Open: place
            state Open {
                [*] --> Unpaid
                state paying <<choice>>
                Unpaid --> paying: pay
                paying --> Paid: [covers_the_price] / thank
                paying --> Unpaid: else
                Paid --> Packed: pack
            }
            Open --> Cancelled: cancel / refund
            Unpaid --> Cancelled: after 3d / refund
            Packed --> Sent: send / mail
            Sent --> [*]: after 90d
    """)
)


class Order(MachineSystem):
    """An order of 100 that is paid in parts."""

    def __init__(self) -> None:
        super().__init__(ORDER)
        self.paid = 0

    def facts(self, event: str, payload: object) -> SimpleNamespace:
        """What the guards see."""
        amount = payload if event == "pay" and isinstance(payload, int) else 0
        return SimpleNamespace(covers_the_price=self.paid + amount >= 100)

    def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
        """Count what is paid, and leave the rest to the machine."""
        answer = super().send(event, payload)
        if isinstance(payload, int) and not isinstance(answer, Refused):
            self.paid += payload
        return answer


Orders = lifecycle_test(
    ORDER,
    Order,
    durations={},
    payloads={"pay": st.integers(1, 60)},
    invariants={"Unpaid": lambda order: order.paid < 100, "Packed": lambda order: order.paid >= 100},
)
TestOrders = Orders.TestCase
