"""Machines as Promela models, and what Spin says of them."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from argentos.errors import ArgentError, UnknownStateError
from argentos.machines import END, SESSION, START, Diagram, Machine, Transition
from argentos.machines.drawing import draw
from argentos.machines.modelcheck.liveness import always_reaches
from argentos.machines.modelcheck.moves import Move
from argentos.machines.modelcheck.promela import REACHES, Trail, read_trail, to_promela
from argentos.machines.modelcheck.spin import Verdict, model_check
from tests.machines.generated import machines
from tests.machines.test_machine import DOOR
from tests.machines.texts import KEYBOARD


def machine(*lines: str) -> Machine:
    return Machine(Diagram.parse("\n".join(("stateDiagram-v2", "[*] --> A: made", *lines)), file="m.mmd"))


TRAPPED = machine("A --> B: go", "B --> A: back [x]", "A --> T: fall [y, not x]", "T --> U: go", "U --> T: go")


def lived(bound: Machine, word: tuple[Move, ...], state: str = START) -> list[str]:
    """The states that the word leads through."""
    states = [state]
    for move in word:
        decision = bound.decide(states[-1], move.event, SimpleNamespace(**dict(move.facts)))
        states.append(decision.target if isinstance(decision, Transition) else states[-1])
    return states


def verdict(bound: Machine, *goals: str) -> Verdict:
    (only,) = model_check(bound, *goals)
    return only


@pytest.mark.spin
def test_spin_proves_that_every_state_of_a_session_can_reach_active() -> None:
    proof = verdict(SESSION, "Active")
    assert (proof.name, proof.holds) == (REACHES, True)
    assert str(proof) == f"{REACHES} holds, in all of {proof.states} states"


@pytest.mark.spin
@pytest.mark.parametrize(
    ("edge", "holds"),
    [
        ("Created --> Active: Processing messages", False),
        ("Active --> Idle: No recent activity", True),
        ("Idle --> Active: New message", False),
        ("Active --> Compacted: Context window full", True),
        ("Compacted --> Active: Continues with summary", False),
    ],
)
def test_spin_misses_an_edge_of_the_session_that_leads_back_to_active(edge: str, *, holds: bool) -> None:
    without = Machine(Diagram.parse(draw(SESSION).replace(edge, "")), stored=True)
    assert len(without.transitions) == len(SESSION.transitions) - 1
    assert verdict(without, "Active").holds == holds


@pytest.mark.spin
def test_spin_refutes_a_machine_with_a_trap_by_a_life_that_falls_into_it() -> None:
    refuted = verdict(TRAPPED, "A")
    assert refuted.trail is not None
    word, cycle = refuted.trail
    states = lived(TRAPPED, word)
    assert Move("fall", (("x", False), ("y", True))) in word
    assert states[-1] in {"T", "U"}
    assert set(lived(TRAPPED, cycle, states[-1])) == {"T", "U"}
    assert "fall [not x, y]" in str(refuted)
    assert str(refuted).endswith("go, go, for ever")


@pytest.mark.spin
def test_spin_refutes_a_door_that_is_walled_up_by_a_life_that_ends() -> None:
    refuted = verdict(DOOR, "Open")
    assert refuted.trail is not None
    assert lived(DOOR, refuted.trail.word)[-1] == END
    assert refuted.trail.cycle == ()
    assert str(refuted).endswith("wall, and then nothing")
    assert verdict(DOOR, "Open", END).holds


@pytest.mark.spin
def test_a_life_that_stays_away_for_ever_is_no_refutation_where_it_could_come_back() -> None:
    assert verdict(machine("A --> B: go", "B --> B: stay", "B --> A: back [x]"), "A").holds


@pytest.mark.spin
def test_guards_that_contradict_each_other_are_seen_by_spin_too() -> None:
    contradiction = machine("state C <<choice>>", "A --> B: go", "B --> C: go [x]", "C --> A: [not x]", "C --> B: else")
    assert not verdict(contradiction, "A").holds


@pytest.mark.spin
def test_composite_states_are_goals_by_their_names() -> None:
    keyboard = Machine(Diagram.parse(KEYBOARD))
    assert [each.holds for each in (verdict(keyboard, "On"), verdict(keyboard, "On", END))] == [False, True]


@pytest.mark.spin
def test_properties_of_ones_own_are_proved_or_refuted() -> None:
    waking = {
        "woken_by_a_message": "[] (in_Idle -> (in_Idle W (in_Active && on_new_message)))",
        "idles_only_from_active": "[] (in_Compacted -> (!in_Idle W in_Active))",
        "never_compacts": "[] !in_Compacted",
    }
    proved, also_proved, refuted = model_check(SESSION, properties=waking)
    assert (proved.name, proved.holds, also_proved.holds) == ("woken_by_a_message", True, True)
    assert refuted.trail is not None
    assert lived(SESSION, refuted.trail.word + refuted.trail.cycle).count("Compacted")


@pytest.mark.spin
def test_one_search_may_follow_another_that_left_a_trail() -> None:
    assert [each.holds for each in model_check(TRAPPED, "A", properties={"begins": "<> in_A", "falls": "<> in_T"})] == [
        False,
        True,
        False,
    ]


@pytest.mark.spin
def test_a_property_that_is_no_formula_is_refused_with_the_words_of_spin() -> None:
    with pytest.raises(ArgentError, match=r"spin failed"):
        model_check(SESSION, properties={"wrong": "[] (in_Idle ->"})


@pytest.mark.spin
def test_a_search_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(ArgentError, match=r"spin took longer than 1e-05 s; allow more seconds"):
        model_check(SESSION, "Active", seconds=0.00001)


def test_a_machine_without_spin_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ArgentError, match=r"spin is not installed.*apt-get install spin gcc"):
        model_check(SESSION, "Active")


def test_a_goal_that_is_no_state_is_refused() -> None:
    with pytest.raises(UnknownStateError, match=r"has no state 'Actve'"):
        to_promela(SESSION, "Actve")


def test_names_that_promela_cannot_say_are_told_apart() -> None:
    model = to_promela(machine("A --> é: go", "é --> ñ: gö", "ñ --> A: gä"), "é")
    assert "#define in_ (state == 2)" in model
    assert "#define in__ (state == 3)" in model
    assert "#define on_g_ (event" in model


def test_a_trail_is_read_as_the_moves_of_each_state() -> None:
    printed = "MSC: ~G 3\nmove 0 0\n  1: proc 0\nmove 1 3\n<<<<<START OF CYCLE>>>>>\nmove 3 0\nmove 4 0\nstate: 4\n"
    fall = Move("fall", (("x", False), ("y", True)))
    assert read_trail(TRAPPED, printed) == Trail((Move("made"), fall), (Move("go"), Move("go")))


@pytest.mark.spin
@settings(max_examples=5)
@given(machines())
def test_spin_and_the_components_agree(bound: Machine) -> None:
    reached = always_reaches(bound, "S0")
    assert verdict(bound, "S0").holds == (reached.trap is None)
