import ast
import itertools
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import DiagramError
from argentos.machines import SESSION, START, Diagram, Machine, Refused, SessionFacts, Timer, Transition
from argentos.machines.drawing import draw
from argentos.machines.lifecycles.session import BINDINGS, SETTLING, TURNS_RUN_IN

DIAGRAM = """\
stateDiagram-v2
    [*] --> Created: First message
    Created --> Active: Processing messages
    Active --> Idle: No recent activity
    Idle --> Active: New message
    Active --> Compacted: Context window full
    Compacted --> Active: Continues with summary
"""

LABELS = tuple(line.split(": ")[1] for line in DIAGRAM.splitlines()[1:])

TAKEN = {
    (START, "first_message"): "Created",
    ("Created", "processing_messages"): "Active",
    ("Active", "no_recent_activity"): "Idle",
    ("Active", "context_window_full"): "Compacted",
    ("Idle", "new_message"): "Active",
    ("Compacted", "continues_with_summary"): "Active",
}

GUARDS = {
    "processing_messages": ("has_message",),
    "no_recent_activity": ("is_quiet",),
    "context_window_full": ("compaction_is_due", "has_older_messages"),
    "continues_with_summary": ("summary_is_durable", "context_fits"),
}

ALL_GUARDS = tuple(itertools.chain.from_iterable(GUARDS.values()))

EVERYTHING = dict.fromkeys(ALL_GUARDS, True)

SITUATIONS = tuple(itertools.product(SESSION.states, SESSION.events))


def target(state: str, event: str, **facts: bool) -> str | None:
    decision = SESSION.decide(state, event, SimpleNamespace(**{**EVERYTHING, **facts}))
    return decision.target if isinstance(decision, Transition) else None


def test_the_diagram_is_the_one_of_the_design_word_for_word() -> None:
    assert resources.files("argentos.diagrams").joinpath("session.mmd").read_bytes() == DIAGRAM.encode()


def test_the_machine_draws_the_diagram_that_it_was_read_from() -> None:
    assert draw(SESSION) == DIAGRAM


def test_a_session_is_created_active_idle_or_compacted_and_never_ends() -> None:
    assert SESSION.states == (START, "Created", "Active", "Idle", "Compacted")


def test_every_label_has_an_event_of_its_own() -> None:
    assert tuple(BINDINGS) == LABELS
    assert SESSION.events == tuple(label.lower().replace(" ", "_") for label in LABELS)


@pytest.mark.parametrize(("state", "event"), SITUATIONS)
def test_an_event_leads_where_the_diagram_says_and_nowhere_else(state: str, event: str) -> None:
    assert target(state, event) == TAKEN.get((state, event))
    assert SESSION.knows(state, event) == ((state, event) in TAKEN)


@pytest.mark.parametrize(("state", "event"), [pair for pair in SITUATIONS if pair not in TAKEN])
def test_an_event_that_the_state_does_not_know_is_refused_without_a_guard(state: str, event: str) -> None:
    assert SESSION.decide(state, event, SimpleNamespace(**EVERYTHING)) == Refused(state, event)


@pytest.mark.parametrize(("state", "event"), TAKEN)
def test_an_edge_is_taken_exactly_when_all_its_guards_hold(state: str, event: str) -> None:
    for values in itertools.product((True, False), repeat=len(ALL_GUARDS)):
        facts = dict(zip(ALL_GUARDS, values, strict=True))
        false = [guard for guard in GUARDS.get(event, ()) if not facts[guard]]
        decision = SESSION.decide(state, event, SimpleNamespace(**facts))
        if false:
            assert decision == Refused(state, event, false[0])
        else:
            assert isinstance(decision, Transition)


def test_the_facts_are_what_the_guards_ask_and_nothing_more() -> None:
    asked = {guard for binding in BINDINGS.values() for guard in binding.guards}
    assert asked == {name for name in vars(SessionFacts) if isinstance(vars(SessionFacts)[name], property)}
    assert asked == set(ALL_GUARDS)


def test_only_an_active_session_has_a_timer() -> None:
    assert [SESSION.timers(state) for state in SESSION.states] == [
        (),
        (),
        (Timer("no_recent_activity", "idle_after", "Active"),),
        (),
        (),
    ]


@pytest.mark.parametrize(
    ("label", "effects"),
    [
        ("First message", ("write_files",)),
        ("Processing messages", ()),
        ("No recent activity", ("write_files",)),
        ("New message", ()),
        ("Context window full", ("summarise",)),
        ("Continues with summary", ("write_files",)),
    ],
)
def test_an_edge_has_its_effects(label: str, effects: tuple[str, ...]) -> None:
    assert SESSION.after(label) == effects
    assert [edge.effects for edge in SESSION.transitions if edge.label == label] == [effects]


def test_turns_run_in_active_alone_and_every_state_but_the_start_leads_there() -> None:
    assert {"Active"} == TURNS_RUN_IN
    leads = {state for (state, _), reached in TAKEN.items() if reached in TURNS_RUN_IN}
    assert leads | TURNS_RUN_IN == set(SESSION.states) - {START}


def settled(state: str, **facts: bool) -> str:
    """The state after the settling events were offered once, in their order."""
    for event in SETTLING:
        state = target(state, event, **facts) or state
    return state


@pytest.mark.parametrize("state", SESSION.states)
def test_settling_takes_guarded_edges_only(state: str) -> None:
    assert settled(state, **dict.fromkeys(EVERYTHING, False)) == state


def test_a_finished_summary_is_settled_before_the_next_compaction() -> None:
    assert settled("Compacted", compaction_is_due=False) == "Active"
    assert settled("Created", compaction_is_due=False) == "Active"
    assert settled("Created") == "Compacted"


def built_or_refused(text: str) -> Machine | DiagramError:
    try:
        return Machine(Diagram.parse(text), BINDINGS, facts=SessionFacts)
    except DiagramError as error:
        return error


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(DIAGRAM)),
            st.integers(0, 30),
            st.sampled_from(["", "\n", "[*]", "-->", ": ", "Active", "Idle", *LABELS]) | st.text(max_size=2),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_changed_diagram_still_makes_a_machine_or_is_refused_at_a_place(
    changes: list[tuple[int, int, str]],
) -> None:
    text = DIAGRAM
    for start, length, piece in changes:
        text = text[:start] + piece + text[start + length :]
    answer = built_or_refused(text)
    if isinstance(answer, DiagramError):
        lines = text.split("\n")
        assert 1 <= answer.line <= len(lines)
        assert 1 <= answer.column <= len(lines[answer.line - 1]) + 1
    else:
        assert set(answer.events) == set(SESSION.events)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of what the machine is made of, to be changed."""
    root, copy = Path(__file__).parents[3], tmp_path / "argentos"
    for folder in ("machines", "diagrams"):
        shutil.copytree(root / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for module in ("__init__.py", "errors.py"):
        shutil.copy(root / "argentos" / module, copy)
    return copy


def import_session(package: Path) -> subprocess.CompletedProcess[str]:
    program = "import argentos.machines as m; print(m.__file__); print(*m.SESSION.events)"
    return subprocess.run(  # noqa: S603  the program is this interpreter
        [sys.executable, "-c", program],
        cwd=package.parent,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def rewrite(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def unbind(package: Path, label: str) -> None:
    """Take the label's binding out of the source."""
    file = package / "machines" / "lifecycles" / "session.py"
    source = file.read_text(encoding="utf-8")
    (entry,) = (
        (key.lineno, value.end_lineno)
        for table in ast.walk(ast.parse(source))
        if isinstance(table, ast.Dict)
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == label
    )
    lines = source.splitlines()
    rewrite(file, lines[: entry[0] - 1] + lines[entry[1] :])


def test_the_copy_as_it_is_can_be_imported(package: Path) -> None:
    done = import_session(package)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(package / "machines" / "__init__.py"), " ".join(SESSION.events)]


@pytest.mark.parametrize("label", LABELS)
def test_a_line_removed_from_the_diagram_fails_the_import_at_the_diagrams_end(package: Path, label: str) -> None:
    file = package / "diagrams" / "session.mmd"
    kept = [line for line in DIAGRAM.splitlines() if not line.endswith(label)]
    rewrite(file, kept)
    done = import_session(package)
    problem = "the diagram has no beginning" if label == "First message" else f"no edge has the label {label!r}"
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"argentos.errors.DiagramError: {file}:6:{len(kept[-1]) + 1}: {problem}")


@pytest.mark.parametrize("label", LABELS)
def test_a_misspelt_label_fails_the_import_at_the_label_and_names_the_one_meant(package: Path, label: str) -> None:
    file = package / "diagrams" / "session.mmd"
    misspelt = label.replace("ss", "s") if "ss" in label else label[:-1]
    rewrite(file, DIAGRAM.replace(f": {label}", f": {misspelt}").splitlines())
    done = import_session(package)
    line = LABELS.index(label) + 2
    column = DIAGRAM.splitlines()[line - 1].index(label) + 1
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"argentos.errors.DiagramError: {file}:{line}:{column}: the label {misspelt!r}")
    assert f"did you mean {label!r}?" in last


@pytest.mark.parametrize("label", LABELS)
def test_a_binding_removed_fails_the_import_at_the_edge_that_lost_it(package: Path, label: str) -> None:
    unbind(package, label)
    done = import_session(package)
    line = LABELS.index(label) + 2
    column = DIAGRAM.splitlines()[line - 1].index(label) + 1
    assert done.returncode == 1
    place = f"{package / 'diagrams' / 'session.mmd'}:{line}:{column}"
    assert f"DiagramError: {place}: the label {label!r} has no binding" in done.stderr


def test_a_misspelt_guard_fails_the_import_at_the_label_that_it_guards(package: Path) -> None:
    file = package / "machines" / "lifecycles" / "session.py"
    file.write_text(
        file.read_text(encoding="utf-8").replace('guards=("is_quiet",)', 'guards=("is_quite",)'), encoding="utf-8"
    )
    done = import_session(package)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    place = f"{package / 'diagrams' / 'session.mmd'}:4:22"
    assert last.startswith(f"argentos.errors.DiagramError: {place}: 'No recent activity' is guarded by 'is_quite'")


@pytest.mark.parametrize("label", [label for label in LABELS[1:] if label != "No recent activity"])
def test_an_edge_removed_with_its_binding_fails_the_import_for_the_event_that_the_program_raises(
    package: Path, label: str
) -> None:
    file = package / "diagrams" / "session.mmd"
    kept = [line for line in DIAGRAM.splitlines() if not line.endswith(label)]
    rewrite(file, kept)
    unbind(package, label)
    done = import_session(package)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    place = f"{file}:6:{len(kept[-1]) + 1}"
    assert last.startswith(f"argentos.errors.DiagramError: {place}: no edge has the event {BINDINGS[label].event!r}")


def test_an_edge_that_a_timer_takes_can_be_removed_together_with_its_binding(package: Path) -> None:
    label = "No recent activity"
    rewrite(package / "diagrams" / "session.mmd", [line for line in DIAGRAM.splitlines() if not line.endswith(label)])
    unbind(package, label)
    done = import_session(package)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].split() == [event for event in SESSION.events if event != "no_recent_activity"]
