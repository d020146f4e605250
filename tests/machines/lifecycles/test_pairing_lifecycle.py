"""The lifecycle of a pairing: where each event leads, and who is let in."""

import itertools
from types import SimpleNamespace

import pytest

from argentos.machines import START, Transition
from argentos.machines.lifecycles.pairing import ADMITTED, BINDINGS, PAIRING, PairingFacts

TAKEN = {
    (START, "heard_of"): "Unknown",
    **{(state, "code_asked_for"): "Requested" for state in ("Unknown", "Expired")},
    ("Requested", "code_expired"): "Expired",
    **{(state, "approve"): "Approved" for state in ("Unknown", "Requested", "Expired", "Refused")},
    **{(state, "link"): "Linked" for state in ADMITTED},
    ("Linked", "unlink"): "Unlinked",
    **{(state, "deny"): "Refused" for state in ("Unknown", "Requested", "Expired", *ADMITTED)},
}

GUARDS = {each.event: each.guards for each in BINDINGS.values()}


def facts(event: str, **others: bool) -> SimpleNamespace:
    """Facts by which the event is taken, but for the others."""
    return SimpleNamespace(**{**dict.fromkeys(GUARDS[event], True), **others})


@pytest.mark.parametrize(("state", "event"), list(itertools.product(PAIRING.states, PAIRING.events)))
def test_an_event_leads_where_the_diagram_says_and_nowhere_else(state: str, event: str) -> None:
    decision = PAIRING.decide(state, event, facts(event))
    assert (decision.target if isinstance(decision, Transition) else None) == TAKEN.get((state, event))


@pytest.mark.parametrize(
    ("state", "event", "guard"), [(state, event, guard) for state, event in TAKEN for guard in GUARDS[event]]
)
def test_an_edge_is_taken_only_when_its_guards_hold(state: str, event: str, guard: str) -> None:
    assert not isinstance(PAIRING.decide(state, event, facts(event, **{guard: False})), Transition)


def test_only_the_owner_lets_anybody_in() -> None:
    ways = [each for each in PAIRING.transitions if each.target in ADMITTED and each.source not in ADMITTED]
    assert {each.event for each in ways} == {"approve"}


def test_the_facts_are_what_the_guards_ask_and_nothing_more() -> None:
    asked = {guard for guards in GUARDS.values() for guard in guards}
    assert asked == {name for name in vars(PairingFacts) if isinstance(vars(PairingFacts)[name], property)}
