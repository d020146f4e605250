"""Large machines, and hostile ones: near-linear, or refused at once, with stated limits."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import pytest

from argentos.errors import DiagramError
from argentos.machines import Diagram, Machine
from argentos.machines.drawing import draw

HEAD: Final = "stateDiagram-v2\n"
REGIONS: Final = range(9)


def seconds(work: Callable[[], Any], limit: float) -> float:
    """The processor's time; where that is above the limit, the least of a few, for the machine may have been busy."""
    taken: list[float] = []
    while len(taken) < 5 and (not taken or min(taken) > limit):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def build(body: str) -> Machine:
    return Machine(Diagram.parse(HEAD + body))


CHAIN = "[*] --> S0: made\n" + "".join(f"S{n} --> S{n + 1}: next [is_ok] / log\n" for n in range(499))
LINES = "[*] --> S0\n" + "".join(f"S{n % 900} --> S{n * 7 % 900}: next{n} [is_ok] / log\n" for n in range(5_000))
COMPOSITE = (
    "[*] --> C: made\nstate C {\n[*] --> S0\n"
    + "".join(f"S{n} --> S{n + 1}: next\n" for n in range(199))
    + "}\n"
    + "".join(f"C --> X{n}: leave{n}\n" for n in range(200))
)


NESTED = "[*] --> S7: made\nstate A {\n[*] --> B\nstate B {\n[*] --> S7\nS7 --> S8: next [is_ok]\n}\n}\n"


def beside(guard: str) -> str:
    """Nine regions that know one event."""
    regions = (
        f"[*] --> a{n}\na{n} --> b{n}: go [{guard.format(n)}]\nb{n} --> a{n}: go [{guard.format(n)}]\n" for n in REGIONS
    )
    return "[*] --> P: made\nstate P {\n" + "--\n".join(regions) + "}\n"


def choices(count: int, first: str) -> str:
    """Choices in a row, with two edges each; the first leads to the next choice, too, or elsewhere."""
    kinds = "".join(f"state c{n} <<choice>>\n" for n in range(count + 1))
    edges = (f"c{n} --> {first.format(n + 1)}: [x{n}]\nc{n} --> c{n + 1}: else\n" for n in range(count))
    return f"{kinds}[*] --> A: made\nA --> c0: go\n{''.join(edges)}c{count} --> A\n"


def test_500_states_are_built_in_a_tenth_of_a_second() -> None:
    diagram = Diagram.parse(HEAD + CHAIN)
    assert seconds(lambda: Machine(diagram), 0.1) < 0.1


def test_5000_lines_are_parsed_in_less_than_a_sixth_of_a_second() -> None:
    assert seconds(lambda: Diagram.parse(HEAD + LINES), 0.15) < 0.15


def test_200_states_within_one_of_200_edges_are_built_in_the_time_of_40000_transitions() -> None:
    assert seconds(lambda: build(COMPOSITE), 4) < 4


def test_regions_that_share_a_guarded_event_move_together_or_not_at_all() -> None:
    assert seconds(lambda: build(beside("x")), 0.1) < 0.1
    machine = build(beside("x"))
    assert len(machine.states) == 3
    assert len(machine.ways(machine.states[1], "go")) == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (beside("x{0}"), "more than 65,536 transitions"),
        (choices(16, "c{0}"), "more than 1,024 ways through choices"),
        (choices(2_000, "A"), "more than 100 choices follow each other"),
    ],
    ids=["guards of nine regions", "sixteen choices", "two thousand choices"],
)
def test_what_is_beyond_measure_is_refused_at_once(body: str, problem: str) -> None:
    def refused() -> None:
        with pytest.raises(DiagramError, match=problem):
            build(body)

    assert seconds(refused, 4) < 4


def test_a_hundred_choices_in_a_row_run() -> None:
    machine = build(choices(99, "A"))
    assert len(machine.ways("A", "go")) == 100


def test_a_large_machine_is_drawn_as_text_in_no_time() -> None:
    machine = build(CHAIN)
    assert seconds(lambda: draw(machine, "text"), 2) < 2


@pytest.mark.parametrize("body", [CHAIN, NESTED], ids=["flat", "nested"])
def test_a_decision_takes_less_than_a_microsecond(body: str) -> None:
    machine, facts = build(body), SimpleNamespace(is_ok=True)

    def decide() -> None:
        for _ in range(10_000):
            machine.decide("S7", "next", facts)

    assert seconds(decide, 0.01) < 0.01


def test_a_fork_with_long_branches_and_no_regions_is_refused_with_what_to_write_in_near_linear_time() -> None:
    branch = "".join(f"a{n} --> a{n + 1}: next\n" for n in range(4_000))
    body = (
        f"state f <<fork>>\nstate j <<join>>\n[*] --> f\nf --> a0\nf --> b0\n{branch}a4000 --> j\nb0 --> j\nj --> [*]\n"
    )

    def refused() -> None:
        with pytest.raises(DiagramError, match="add below all else"):
            build(body)

    assert seconds(refused, 1.0) < 1.0
