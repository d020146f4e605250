"""A door whose test is its diagram: `pytest examples/door.py`."""

from argentos.machines import Diagram, Machine
from argentos.machines.testing import lifecycle_test

DOOR = Machine(
    Diagram.parse("""
        stateDiagram-v2
            [*] --> Closed: install
            Closed --> Open: push [is_unlocked]
            Open --> Closed: pull
            Open --> Closed: after 30s
    """)
)

Door = lifecycle_test(DOOR)
TestDoor = Door.TestCase
