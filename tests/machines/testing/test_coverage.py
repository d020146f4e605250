"""What a test has seen of a machine: counted over all its lives, reported, and drawn."""

from types import SimpleNamespace

from argentos.machines import SESSION, START, Diagram, Machine
from argentos.machines.testing import Coverage, lifecycle_test
from tests.machines.orders import ORDER, PAID, UNPAID

GATE = Machine(
    Diagram.parse(
        "stateDiagram-v2\n[*] --> Shut: build\nShut --> Up: lift [is_free]\nUp --> Shut: drop\nUp --> [*]: raze",
        file="gate.mmd",
    )
)


def test_nothing_is_covered_before_the_first_life() -> None:
    coverage = Coverage(GATE)
    assert coverage.report().splitlines()[0] == (
        "gate.mmd: 0 of 4 states, 0 of 4 edges, 0 of 16 (state, event) pairs, 0 of 2 outcomes of guards"
    )
    assert len(coverage.missing) == 4 + 4 + 16 + 2


def test_what_was_seen_is_counted_over_all_lives() -> None:
    Gate = lifecycle_test(GATE)  # noqa: N806 - a class
    for _ in range(3):
        with Gate() as gate:
            gate.send("build")
            gate.send("lift", {"is_free": False})
            gate.send("drop")
    coverage = Gate.coverage
    assert (coverage.states[START], coverage.states["Shut"], coverage.states["Up"]) == (3, 3, 0)
    assert coverage.taken == {"build": 3}
    assert {str(pair): count for pair, count in coverage.pairs.items() if count} == {
        "build in [*]": 3,
        "lift in Shut": 3,
        "drop in Shut": 3,
    }
    assert {str(asked): count for asked, count in coverage.guards.items()} == {
        "lift in Shut, is_free being true": 0,
        "lift in Shut, is_free being false": 3,
    }


def test_the_report_names_what_is_missing() -> None:
    Gate = lifecycle_test(GATE)  # noqa: N806 - a class
    with Gate() as gate:
        gate.send("build")
        gate.send("lift", {"is_free": True})
    lines = Gate.coverage.report().splitlines()
    assert "  never: Up --> Shut: drop" in lines
    assert "  never: lift in Shut, is_free being false" in lines
    assert "  never: Shut" not in lines


def test_coverage_is_drawn_on_the_diagram() -> None:
    Gate = lifecycle_test(GATE)  # noqa: N806 - a class
    for _ in range(2):
        with Gate() as gate:
            gate.send("build")
    assert Gate.coverage.draw().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> Shut: build (2×)",
        "    Shut --> Up: lift [is_free] (never)",
        "    Up --> Shut: drop (never)",
        "    Up --> [*]: raze (never)",
        "    classDef missed fill:#fdd,stroke:#c00",
        "    class Up missed",
    ]


def test_what_is_drawn_is_a_diagram_also_where_states_hold_others() -> None:
    Order = lifecycle_test(ORDER)  # noqa: N806 - a class
    with Order() as order:
        for event, paid in (("place", UNPAID), ("confirm", UNPAID), ("pack", PAID)):
            order.send(event, paid)
    drawn = Diagram.parse(Order.coverage.draw())
    assert [state.name for state in drawn.states] == [state.name for state in ORDER.diagram.states]
    assert "class Cancelled,Sent missed" in Order.coverage.draw()


def test_facts_that_nobody_told_are_not_counted() -> None:
    coverage = Coverage(SESSION)
    coverage.saw_raised("Active", "no_recent_activity", None)
    assert not any(coverage.guards.values())
    coverage.saw_raised("Active", "no_recent_activity", SimpleNamespace(is_quiet=True))
    assert sum(coverage.guards.values()) == 1
