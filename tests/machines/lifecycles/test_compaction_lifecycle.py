"""The lifecycle of a compaction: where it is, where each event leads, and when the session goes on."""

import itertools
from types import SimpleNamespace

import pytest

from argentos.machines import START, Transition
from argentos.machines.lifecycles.compaction import BINDINGS, COMPACTION, CompactionFacts

COMPACTING = ("Summarising", "Summarised", "Kept", "Interrupted")

TAKEN = {
    (START, "first_message"): "Unneeded",
    ("Unneeded", "compact"): "Asked",
    ("Asked", "compact"): "Asked",
    ("Asked", "stop"): "Unneeded",
    ("Asked", "nothing_to_replace"): "Unneeded",
    ("Unneeded", "context_window_full"): "Summarising",
    ("Asked", "context_window_full"): "Summarising",
    **{(state, "continues_with_summary"): "Unneeded" for state in COMPACTING},
    ("Summarising", "summary_made"): "Summarised",
    ("Summarising", "no_summary"): "Kept",
    ("Summarised", "too_much_left"): "Summarising",
    ("Kept", "too_much_left"): "Summarising",
    **{(state, "nothing_to_replace"): "Kept" for state in ("Summarised", "Kept", "Interrupted")},
    **{(state, "task_lost"): "Interrupted" for state in ("Summarising", "Summarised", "Kept")},
    ("Interrupted", "next_attempt"): "Summarising",
    ("Interrupted", "process_died_of_it"): "Kept",
    **{(state, "stop"): "Kept" for state in ("Summarising", "Summarised", "Interrupted")},
}

GUARDS = {each.event: each.guards for each in BINDINGS.values()}


def facts(event: str, **others: bool) -> SimpleNamespace:
    """Facts by which the event is taken, but for the others."""
    names = {guard.removeprefix("not "): not guard.startswith("not ") for guard in GUARDS[event]}
    return SimpleNamespace(**{**names, **others})


@pytest.mark.parametrize(("state", "event"), list(itertools.product(COMPACTION.states, COMPACTION.events)))
def test_an_event_leads_where_the_diagram_says_and_nowhere_else(state: str, event: str) -> None:
    decision = COMPACTION.decide(state, event, facts(event))
    assert (decision.target if isinstance(decision, Transition) else None) == TAKEN.get((state, event))


@pytest.mark.parametrize(("state", "event"), [pair for pair in TAKEN if GUARDS[pair[1]]])
def test_an_edge_is_taken_only_when_its_guard_holds(state: str, event: str) -> None:
    (guard,) = GUARDS[event]
    name = guard.removeprefix("not ")
    denied = facts(event, **{name: guard.startswith("not ")})
    assert not isinstance(COMPACTION.decide(state, event, denied), Transition)


def test_nothing_can_hold_a_session_in_compacted() -> None:
    assert all(COMPACTION.knows(state, "continues_with_summary") for state in COMPACTING)


def test_where_more_is_left_than_fits_it_is_summarised_or_kept_never_both() -> None:
    for state, older in itertools.product(("Summarised", "Kept"), (True, False)):
        ways = [
            COMPACTION.decide(state, event, SimpleNamespace(has_older_messages=older))
            for event in ("too_much_left", "nothing_to_replace")
        ]
        assert sum(isinstance(way, Transition) for way in ways) == 1


def test_the_facts_are_what_the_guards_ask_and_nothing_more() -> None:
    asked = {guard.removeprefix("not ") for guards in GUARDS.values() for guard in guards}
    assert asked == {name for name in vars(CompactionFacts) if isinstance(vars(CompactionFacts)[name], property)}
