"""What each statement of mermaid's language is read as; `^` marks the place of an error, as in `test_reader`."""

import pytest

from argentos.errors import DiagramError
from argentos.machines import Diagram, Edge, Place, State
from argentos.machines.mermaid.statements import (
    Caption,
    Comment,
    Declaration,
    Direction,
    Directive,
    Note,
    Setting,
    Statement,
    Styling,
    walk,
)
from tests.machines.texts import ORDER

PLACE = Place(2, 1)


def read(*lines: str) -> Diagram:
    return Diagram.parse("\n".join(("stateDiagram-v2", *lines)))


def only(*lines: str) -> Statement:
    (statement,) = read(*lines).document.body
    return statement


def homes(*lines: str) -> dict[str, tuple[str, int]]:
    return {state.name: (state.within, state.region) for state in read(*lines).states}


def test_a_diagram_of_every_kind_of_statement_is_written_as_it_was_read() -> None:
    assert Diagram.parse(ORDER).to_mermaid() == ORDER


def test_states_and_edges_of_all_levels_know_where_they_belong() -> None:
    diagram = Diagram.parse(ORDER)
    assert [(state.name, state.within, state.region, state.regions) for state in diagram.states] == [
        ("Open", "", 0, 0),
        ("Paying", "", 0, 2),
        ("Asked", "Paying", 0, 0),
        ("Checked", "Paying", 0, 0),
        ("Reserved", "Paying", 1, 0),
        ("enough", "", 0, 0),
        ("Sent", "", 0, 0),
    ]
    begun = [(edge.target, edge.within, edge.region) for edge in diagram.edges if edge.source == "[*]"]
    assert begun == [("Open", "", 0), ("Asked", "Paying", 0), ("Reserved", "Paying", 1)]


def test_places_count_through_front_matter_and_composite_states() -> None:
    diagram = Diagram.parse(ORDER)
    assert diagram.edges[2] == Edge(
        "Asked", "Checked", "paid [amount fits] / receipt", Place(11, 9), Place(11, 28), within="Paying"
    )
    assert diagram.edges[2].guard_place == Place(11, 34)
    assert diagram.states[1] == State("Paying", "Being paid", Place(9, 5), regions=2)
    assert diagram.end == Place(25, 28)


@pytest.mark.parametrize("kind", ["choice", "fork", "join"])
@pytest.mark.parametrize("form", ["state A <<{}>>", "state A [[{}]]", "STATE  A<<{}>>", "state A <<{}>> %% why"])
def test_a_pseudo_state_has_its_kind(form: str, kind: str) -> None:
    diagram = read(form.format(kind), "B --> A")
    assert [(state.name, state.kind) for state in diagram.states] == [("A", kind), ("B", "state")]


@pytest.mark.parametrize(
    "lines",
    [
        ["state A {", "B --> C", "}"],
        ["state A { B --> C }"],
        ["state A", "{", "B --> C", "}"],
        ['state "A" as A {', "  B --> C", "  }"],
        ["state A { %% why", "", "B --> C %% so", "} %% done"],
    ],
)
def test_a_composite_state_holds_its_statements_wherever_the_braces_stand(lines: list[str]) -> None:
    assert homes(*lines) == {"A": ("", 0), "B": ("A", 0), "C": ("A", 0)}


def test_composite_states_stand_within_each_other() -> None:
    inner = ["state A {", "state B {", "--", "state C {", "D", "}", "}", "E", "}", "F"]
    assert homes(*inner) == {"A": ("", 0), "B": ("A", 0), "C": ("B", 1), "D": ("C", 0), "E": ("A", 0), "F": ("", 0)}


def test_a_composite_state_may_be_empty() -> None:
    assert [state.regions for state in read("state A {", "}", "state B {}").states] == [1, 1]


@pytest.mark.parametrize(("depth", "fits"), [(1, True), (50, True), (51, False), (5000, False)])
def test_composite_states_nest_up_to_a_depth(depth: int, *, fits: bool) -> None:
    lines = [f"state A{number} {{" for number in range(depth)] + ["}"] * depth
    if fits:
        assert len(read(*lines).states) == depth
        return
    with pytest.raises(DiagramError, match="more than 50 deep") as caught:
        read(*lines)
    assert (caught.value.line, caught.value.column) == (52, 1)


def test_all_descriptions_of_a_state_are_kept_a_line_for_each() -> None:
    diagram = read('state "Some long name" as A: once', "A : twice")
    assert [state.description for state in diagram.states] == ["Some long name\nonce\ntwice"]


def test_a_title_may_take_several_lines() -> None:
    diagram = read('state "two', '  lines" as A', "A --> B: go")
    assert diagram.states[0] == State("A", "two\n  lines", PLACE)
    assert diagram.edges[0].place == Place(4, 1)


def test_classes_behind_names_are_kept_and_are_no_texts() -> None:
    diagram = read("A:::loud --> B:::still : go", "C:::loud", "[*]:::loud --> A")
    assert [(edge.source_class, edge.target_class, edge.label) for edge in diagram.edges] == [
        ("loud", "still", "go"),
        ("loud", "", ""),
    ]
    assert diagram.document.body[1] == Declaration("C", Place(3, 1), style_class="loud")


@pytest.mark.parametrize(
    ("lines", "statement"),
    [
        (["note right of A : a note"], Note("right of", "A", "a note", PLACE)),
        (["Note LEFT of A: a note"], Note("left of", "A", "a note", PLACE)),
        (["note left of A", "  two", "    lines", "", "  END note"], Note("left of", "A", "two\n  lines", PLACE)),
        (["note left of A", "end note"], Note("left of", "A", "", PLACE)),
        (
            ["note left of A", "the end note; at 10:30", "end note"],
            Note("left of", "A", "the end note; at 10:30", PLACE),
        ),
        (['note "a', 'note" as N'], Note("floating", "N", "a\nnote", PLACE)),
        (["class A loud"], Styling("class", ("A",), "loud", PLACE)),
        (["class A, B,C loud"], Styling("class", ("A", "B", "C"), "loud", PLACE)),
        (["style A,B fill:#f00, color:white;"], Styling("style", ("A", "B"), "fill:#f00, color:white;", PLACE)),
        (["classDef loud  fill:#f00"], Setting("classDef", "loud fill:#f00", PLACE)),
        (['click A href "https://a.example"'], Setting("click", 'A href "https://a.example"', PLACE)),
        (['click A  "https://a.example"  "tip"'], Setting("click", 'A "https://a.example" "tip"', PLACE)),
        (["scale  350  width"], Setting("scale", "350 width", PLACE)),
        (["hide empty description"], Setting("hide", "empty description", PLACE)),
        (["accTitle : The order"], Caption("accTitle", "The order", PLACE)),
        (["accDescr: From here: to there"], Caption("accDescr", "From here: to there", PLACE)),
        (["accDescr { From here", "  to there }"], Caption("accDescr", "From here\n  to there", PLACE)),
        (["accDescr {", "  From here", "  to there", "}"], Caption("accDescr", "From here\nto there", PLACE)),
        (["direction lr"], Direction("LR", PLACE)),
        (["%% why"], Comment("%% why", PLACE)),
        (["# why"], Comment("# why", PLACE)),
        (["%%{init: {", '"theme": "dark"}', "}%%"], Directive('%%{init: {\n"theme": "dark"}}%%', PLACE)),
    ],
)
def test_statements_that_make_no_edges_are_kept(lines: list[str], statement: Statement) -> None:
    assert only(*lines) == statement
    assert Diagram.parse(read(*lines).to_mermaid()).to_mermaid() == read(*lines).to_mermaid()


def test_a_comment_behind_a_statement_is_a_statement_of_its_own() -> None:
    diagram = read("C", "A --> B %% why", "state C %% so", "D # then")
    assert diagram.to_mermaid().splitlines()[1:] == [
        f"    {line}" for line in ("C", "A --> B", "%% why", "state C", "%% so", "D", "# then")
    ]


def test_notes_name_states_too() -> None:
    assert [state.name for state in read("note left of A : x").states] == ["A"]
    assert read('note "x" as N').states == ()


@pytest.mark.parametrize("name", ["hide", "end", "as", "direct", "left", "Direction"])
def test_a_word_that_mermaid_knows_elsewhere_only_may_name_a_state(name: str) -> None:
    assert [state.name for state in read(f"{name} --> B: go", name, f"{name} : waits").states] == [name, "B"]


def test_the_direction_of_a_composite_state_is_its_own() -> None:
    diagram = read("direction LR", "state A {", "direction TB", "B", "}")
    assert diagram.direction == "LR"
    assert [each.value for each in walk(diagram.document.body) if isinstance(each, Direction)] == ["LR", "TB"]


@pytest.mark.parametrize("above", ["", "\n\n", "%% why\n"])
def test_front_matter_stands_above_everything_but_comments(above: str) -> None:
    diagram = Diagram.parse(f"{above}---\ntitle: x\n  deep: y\n---\nstateDiagram\nA --> B")
    assert diagram.document.front_matter == "title: x\n  deep: y"
    assert diagram.document.header == "stateDiagram"
    assert diagram.edges[0].place.line == above.count("\n") + 6


@pytest.mark.parametrize("text", ["---\ntitle: x\nstateDiagram", "---\n---\nstateDiagram", "---\n x: y\n  ---\n"])
def test_front_matter_that_is_empty_or_never_closed_is_refused(text: str) -> None:
    with pytest.raises(DiagramError, match=r"^<diagram>:1:1: the front matter is "):
        Diagram.parse(text)


def test_front_matter_within_an_indented_fence_is_indented_with_it() -> None:
    fence = "- a point\n\n   ```mermaid\n   ---\n   title: x\n   ---\n   stateDiagram\n   A --> B\n   ```\n"
    diagram = Diagram.from_markdown(fence)
    assert diagram.document.front_matter == "title: x"
    assert diagram.edges[0].place == Place(8, 4)


def test_an_entity_may_stand_in_a_label_and_is_kept_as_it_is() -> None:
    assert read("A --> B: foo#colon; 'far' #59;").edges[0].label == "foo#colon; 'far' #59;"


def test_a_brace_in_a_label_is_text() -> None:
    diagram = read("A --> B: test({ x })", "C : {")
    assert diagram.edges[0].label == "test({ x })"
    assert diagram.states[2].description == "{"


def test_walking_passes_every_statement_of_every_level() -> None:
    body = read("A", "state B {", "C", "--", "D", "}", "E").document.body
    assert [each.name for each in walk(body) if isinstance(each, Declaration)] == ["A", "B", "C", "D", "E"]
