"""The steps that Hypothesis may draw for a life: events with their payloads, pauses, kills, and new lives."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from argentos.machines.machine import Machine
from argentos.machines.testing.outcomes import asked
from argentos.machines.testing.system import MachineSystem

__all__ = ["Step", "Steps", "pauses_around", "steps"]

Step: TypeAlias = tuple[Any, ...]
"""The name of a method of `Lifecycle`, and its arguments."""

Steps: TypeAlias = Mapping[str, st.SearchStrategy[Step]]
"""For each state the steps to take there."""

_PARTS: Final = (1.0, 0.5, 2.0, 63 / 64)
"""Of a timer's duration, the times that pass: it comes due exactly, within two steps, early, and in the midst."""


def steps(
    machine: Machine,
    events: Iterable[str],
    payloads: Mapping[str, st.SearchStrategy[Any]],
    pauses: Iterable[st.SearchStrategy[float]],
) -> Steps:
    """What may come in each state.

    All these events, and about as often those that it knows; time, and kills, mostly where timers run; behind the end
    of a life another one.
    """
    sent = _sent(machine, events, payloads)
    begin: st.SearchStrategy[Step] = st.just(("begin",))
    others: list[st.SearchStrategy[Step]] = [st.just(("restart",)), st.just(("reach",))]
    others += [st.tuples(st.just("advance"), each) for each in pauses]
    drawn: dict[str, st.SearchStrategy[Step]] = {}
    for state in machine.states:
        is_over = not any(machine.knows(state, event) for event in machine.events)
        known = [begin] if is_over else [each for event, each in sent.items() if machine.knows(state, event)]
        often = known * (len(sent) // max(len(known), 1))
        timely = others * (max(len(sent) // 4, 2) if machine.timers(state) else 1)
        drawn[state] = st.sampled_from([*often, *sent.values(), *timely]).flatmap(_itself)
    return drawn


def pauses_around(durations: Iterable[float]) -> list[st.SearchStrategy[float]]:
    """Seconds that reach these durations, for each."""
    return [st.sampled_from([duration * part for part in _PARTS]) for duration in durations]


def _sent(
    machine: Machine, events: Iterable[str], payloads: Mapping[str, st.SearchStrategy[Any]]
) -> dict[str, st.SearchStrategy[Step]]:
    timed = [timer.event for state in machine.states for timer in machine.timers(state)]
    return {
        event: st.tuples(st.just("send"), st.just(event), payloads.get(event, _outcomes(machine, {event, *timed})))
        for event in events
    }


def _outcomes(machine: Machine, events: Iterable[str]) -> st.SearchStrategy[Any]:
    """What the guards of these events may find, for a `MachineSystem`; nothing for any other."""
    facts = sorted({fact for event in events for state in machine.states for fact in asked(machine, state, event)})
    drawn = st.fixed_dictionaries(dict.fromkeys(facts, st.sampled_from([True, False])))
    return st.runner().flatmap(lambda life: drawn if facts and isinstance(life.system, MachineSystem) else st.none())


def _itself(step: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    return step
