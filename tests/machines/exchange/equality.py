"""Whether two machines are one: same states, and the same for every event and timer in each of them."""

from argentos.machines import Machine

__all__ = ["assert_same", "behaviour"]


def assert_same(one: Machine, other: Machine) -> None:
    assert set(one.states) == set(other.states)
    assert behaviour(one) == behaviour(other)


def behaviour(machine: Machine) -> dict[str, object]:
    """All that a machine does, but for the wording of its labels and the order in which rivals are written."""
    return {
        state: (
            sorted((timer.event, timer.duration, timer.state) for timer in machine.timers(state)),
            {
                event: [
                    (sorted(map(str, guards)), way.target, way.effects, way.left, way.entered)
                    for guards, way in machine.ways(state, event)
                ]
                for event in sorted(machine.events)
            },
        )
        for state in machine.states
    }
