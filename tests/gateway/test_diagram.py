"""`argent diagram`: the lifecycle that runs is the lifecycle that is drawn."""

import json
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeAlias

Argent: TypeAlias = Callable[..., tuple[int, str, str]]
Ask: TypeAlias = Callable[..., Any]

DOCUMENTED = """\
stateDiagram-v2
    [*] --> Created: First message
    Created --> Active: Processing messages
    Active --> Idle: No recent activity
    Idle --> Active: New message
    Active --> Compacted: Context window full
    Compacted --> Active: Continues with summary
"""


def test_the_diagram_is_printed_exactly_as_it_ships(argent: Argent) -> None:
    shipped = resources.files("argentos.diagrams").joinpath("session.mmd").read_text(encoding="utf-8")
    assert argent("diagram") == (0, shipped, "")


def test_the_diagram_is_that_of_the_docs(argent: Argent) -> None:
    assert argent("diagram")[1] == DOCUMENTED


def test_the_edges_tell_their_events_guards_timers_and_effects(ask: Ask) -> None:
    answer = ask("diagram")
    edges = {edge["label"]: edge for edge in answer["edges"]}
    assert answer["states"] == ["[*]", "Created", "Active", "Idle", "Compacted"]
    assert [f"{each['source']} --> {each['target']}: {each['label']}" for each in answer["edges"]] == [
        line.strip() for line in DOCUMENTED.splitlines()[1:]
    ]
    assert {label: edge["event"] for label, edge in edges.items()} == {
        "First message": "first_message",
        "Processing messages": "processing_messages",
        "No recent activity": "no_recent_activity",
        "New message": "new_message",
        "Context window full": "context_window_full",
        "Continues with summary": "continues_with_summary",
    }
    assert {label: edge["guards"] for label, edge in edges.items() if edge["guards"]} == {
        "Processing messages": ["has_message"],
        "No recent activity": ["is_quiet"],
        "Context window full": ["compaction_is_due", "has_older_messages"],
        "Continues with summary": ["summary_is_durable", "context_fits"],
    }
    assert {label: edge["timer"] for label, edge in edges.items() if edge["timer"]} == {
        "No recent activity": "idle_after"
    }
    assert edges["Context window full"]["effects"] == ["summarise"]


def test_the_json_is_one_document_and_nothing_else(argent: Argent) -> None:
    status, out, err = argent("diagram", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out).keys() == {"states", "edges"}


def test_drawing_leaves_no_state_behind(argent: Argent, tmp_path: Any) -> None:
    argent("diagram")
    assert list(tmp_path.iterdir()) == []
