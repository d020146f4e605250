import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.machines import Diagram, Label
from argentos.machines.mermaid.labels import read_label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("", Label("")),
        ("New message", Label("New message")),
        ("go [is ready]", Label("go", guard="is ready", guard_at=4)),
        ("go[ is ready ]", Label("go", guard="is ready", guard_at=4)),
        ("[else]", Label("", guard="else", guard_at=1)),
        ("go / log, write", Label("go", effect="log, write")),
        ("/ log", Label("", effect="log")),
        ("go /log", Label("go", effect="log")),
        ("go [is ready] / log", Label("go", guard="is ready", effect="log", guard_at=4)),
        ("go [is ready]/log", Label("go", guard="is ready", effect="log", guard_at=4)),
        ("go [this / that] / log", Label("go", guard="this / that", effect="log", guard_at=4)),
        ("go / log [twice]", Label("go", effect="log [twice]")),
        ("after 15m", Label("", delay="15m")),
        ("after idle_after [is quiet] / write", Label("", "idle_after", "is quiet", "write", 18)),
    ],
)
def test_a_label_is_event_or_delay_guard_and_effect(text: str, label: Label) -> None:
    assert read_label(text) == label


@pytest.mark.parametrize(
    "text",
    ["and/or", "https://a.example/b", "a[0] = 1", "go []", "go [", "go ]", "] go [", "[a] b", "afternoon", "after"],
)
def test_what_is_not_of_the_notation_is_an_event_as_a_whole(text: str) -> None:
    assert read_label(text) == Label(text)


def test_an_edge_knows_the_parts_of_its_label() -> None:
    edge = Diagram.parse("stateDiagram\nA --> B: go [is ready] / log").edges[0]
    assert edge.parts == Label("go", guard="is ready", effect="log", guard_at=4)
    assert edge.guard_place.column == edge.label_place.column + 4
    assert edge.label == "go [is ready] / log"


def test_the_guard_of_a_label_without_one_stands_where_the_label_does() -> None:
    edge = Diagram.parse("stateDiagram\nA --> B: go").edges[0]
    assert edge.guard_place == edge.label_place


@given(st.text("ab []/", max_size=20).map(str.strip))
def test_the_guard_stands_where_the_label_says(text: str) -> None:
    label = read_label(text)
    assert text[label.guard_at :].startswith(label.guard)
    assert bool(label.guard) == bool(label.guard_at)
    assert {label.event, label.effect, label.guard} != {""} or not text.strip("/ ")


words = st.text("abc _", min_size=1).map(str.strip).filter(bool)


@given(words.filter(lambda word: not word.startswith("after ")), st.just("") | words, st.just("") | words)
def test_what_is_written_in_the_notation_is_read_as_its_parts(event: str, guard: str, effect: str) -> None:
    text = event + (f" [{guard}]" if guard else "") + (f" / {effect}" if effect else "")
    assert read_label(text)[::2][:2] == (event, guard)
    assert read_label(text).effect == effect
