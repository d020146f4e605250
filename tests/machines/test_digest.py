"""The digest by which stored things name their diagram."""

import pytest

from argentos.machines import Diagram

LIGHT = "    Open --> Shut: push [is_light] / ring\n"
HEAVY = "    Open --> Shut: push\n"
SPRING = "    Shut --> Open: after 5s\n"
DOOR = f"stateDiagram-v2\n    [*] --> Open: made\n{LIGHT}{HEAVY}{SPRING}"


def digest(text: str) -> str:
    return Diagram.parse(text).digest


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("[*] -->", "%% where it begins\n    [*] -->"),
        (
            "    Shut --> Open: after 5s\n",
            "    direction LR\n    Shut --> Open: after 5s\n    note right of Open : wide\n",
        ),
        (
            "    Open --> Shut: push\n    Shut --> Open: after 5s\n",
            "    Shut --> Open: after 5s\n    Open --> Shut: push\n",
        ),
    ],
)
def test_looks_and_the_order_of_states_make_no_difference(part: str, other: str) -> None:
    assert part in DOOR
    assert digest(DOOR.replace(part, other)) == digest(DOOR)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("after 5s", "after 6s"),
        ("Shut", "Closed"),
        ("is_light", "is_heavy"),
        ("/ ring", "/ sing"),
        (LIGHT, ""),
        (LIGHT + HEAVY, HEAVY + LIGHT),
    ],
)
def test_what_the_machine_does_makes_a_difference(part: str, other: str) -> None:
    assert part in DOOR
    assert digest(DOOR.replace(part, other)) != digest(DOOR)
