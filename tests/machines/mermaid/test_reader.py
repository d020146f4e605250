"""In the examples `^` stands in front of the character at which the reader has to point; it is no part of the text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from argentos.errors import DiagramError
from argentos.machines import Diagram, Edge, Place, State

SESSION_TEXT = """\
stateDiagram-v2
    [*] --> Created: First message
    Created --> Active: Processing messages
    Active --> Idle: No recent activity
    Idle --> Active: New message
    Active --> Compacted: Context window full
    Compacted --> Active: Continues with summary
"""

MERMAIDS_OWN = ("class", "classDef", "click", "default", "direction", "note", "scale", "state", "style")

REFUSED = {
    "arrow too short": "A ^-> B: go",
    "arrow too long": "A ^---> B: go",
    "dotted arrow": "A ^-.-> B: go",
    "source of two words": "^A b --> C: go",
    "target of two words": "A --> ^B c: go",
    "hyphen in a name": "^A-b --> C: go",
    "quotes around the source": '^"A" --> B: go',
    "quotes around the target": 'A --> ^"B": go',
    "history": "X^[H] --> B: go",
    "chained arrows": "A --> B ^--> C",
    "no source": "^--> B: go",
    "no target": "A -->^",
    "semicolon behind a target": "A --> B^;",
    "semicolon behind a state": "A^;",
    "semicolon in a label": "A --> B: this^; that",
    "semicolon in a description": "A : this^; that",
    "comment behind a label": "A --> B: go ^%% why",
    "comment in a description": "A : waits ^%% why",
    "no label behind the colon": "A --> B:^",
    "no label behind the colon and a blank": "A --> B :^   ",
    "no description behind the colon": "A :^",
    "outside alone": "[*]^",
    "outside with a description": "[*] ^: nothing",
    "composite that is never closed": "^state X {",
    "composite with an alias that is never closed": '^state "a state" as X {',
    "end of no composite": "^}",
    "end of a composite behind a name without blank": "state A { B^}",
    "parallel regions outside a composite": "^--",
    "parallel regions on the line of another statement": "state A { B ^--",
    "parallel regions behind an opening brace": "state A { ^--",
    "brace below a blank line": "state A\n\n^{\n}",
    "brace on the next line within a composite": "state A {\nstate B\n^{\n}\n}",
    "statement behind the end of a composite": "state A {\n} ^B",
    "note that is never closed": "^note left of A",
    "note with a text behind the name": "note left of A ^a note",
    "note of several lines that begins with a colon": "^note left of A\n: a note\nend note",
    "note at no state": "note left of ^[*] : a note",
    "note over a state": "note ^over A : a note",
    "colon in a note of one line": "note left of A : at 10^:30",
    "semicolon in a note of one line": "note left of A : this^; that",
    "floating note without name": 'note "a note"^',
    "floating note that is never closed": 'note ^"a note',
    "title without name": 'state "a title"^',
    "title without text": 'state ^"  " as A',
    "pseudo-state with a title": 'state "a title" as A ^<<choice>>',
    "title that holds a pseudo-state": 'state "this ^[[fork]]" as A',
    "title that is never closed": 'state ^"a title as A',
    "comment behind a title's name": 'state "a title" as A ^%% why',
    "brace in the text behind a title": 'state "a title" as A : this ^{ that',
    "text behind a declaration": "state A ^: waits",
    "class behind a declaration": "state A^:::loud",
    "declaration of 'as'": "state ^as",
    "declaration of a word of mermaid's own": "state ^note",
    "pseudo-state unknown": "state A ^<<history>>",
    "pseudo-state escaped for HTML": "state A ^&lt;&lt;fork&gt;&gt;",
    "pseudo-state with states within": "state A <<choice>> ^{",
    "class without name": "A:::^",
    "class of a word of mermaid's own": "A:::^accTitle: d",
    "two classes": "A:::loud^:::red",
    "class definition of the default": "classDef ^default fill:#f00",
    "class definition without style": "classDef loud^",
    "class of a state without class": "class A^",
    "class of states without names": "class ^, loud",
    "style of states with a blank between": "style ^A, B fill:#f00",
    "link without tip": 'click ^A "https://example.org"',
    "link with a call": "click ^A call open()",
    "scale without width": "scale ^350",
    "title for screen readers without text": "^accTitle:",
    "description for screen readers that is never closed": "^accDescr {",
    "description for screen readers without text": "^accDescr { }",
    "link within a composite": 'state A {\n^click B href "https://example.org"\n}',
    "second description of a composite": "A : one\n^A : two\nstate A {\n}",
    "comment behind a name without blank": "A^%%why",
    "directive that is never closed": "^%%{init: {}",
    "directive without word": "^%%{}%%",
    "directive in a title": 'state ^"%%{init}%%" as A',
    "direction in a label": "A --> B: in ^direction TB",
    "label that ends with a colon": "A --> B: why^:",
    "second header": "^stateDiagram-v2",
    "front matter behind the header": "^---",
    "unknown direction": "^direction up",
    "state that mermaid does not draw": "^state C\nA --> B",
    "state that mermaid draws elsewhere": "state A {\n^state B\nC\n}\nB --> C",
    "state that mermaid joins with the next line": "A\n^state A\n\nstate B {\nC\n}",
    "title behind no blank": 'state^"a title" as A',
    "name that mermaid joins with the line above": "state A\n\n%% why\n^as --> A",
    "direction of other diagrams": "^direction TD",
    "comment that begins with an entity": "^#c; why",
    "comment behind a state that begins with an entity": "A ^#59; why",
    "semicolon after a word that is no entity": "A --> B: #é^; why",
    "blank that is not ASCII": "A^\u00a0--> B: go",
    "indented by a tab": "\t^A b --> C: go",
}

NO_HEADER = {
    "empty text": "^",
    "blank lines": "^\n\n",
    "only a comment": "^%% nothing follows",
    "no header": "^A --> B: go",
    "another diagram": "^graph TD",
    "another version": "^stateDiagram-v3",
    "more behind the header": "^stateDiagram-v2 TB",
    "comment directly behind the header": "^stateDiagram-v2%% why",
    "indented front matter": "  ^---\n  title: x\n  ---\nstateDiagram-v2",
    "second front matter": "---\ntitle: x\n---\n^---\ntitle: y\n---\nstateDiagram-v2",
    "indented, below a comment": "%% first\n  ^flowchart LR",
}


def read(*lines: str) -> Diagram:
    return Diagram.parse("\n".join(("stateDiagram-v2", *lines)))


def edges(diagram: Diagram) -> list[tuple[str, str, str]]:
    return [(edge.source, edge.target, edge.label) for edge in diagram.edges]


def states(diagram: Diagram) -> list[tuple[str, str]]:
    return [(state.name, state.description) for state in diagram.states]


def parsed_or_refused(text: str) -> Diagram | DiagramError:
    try:
        return Diagram.parse(text)
    except DiagramError as error:
        return error


def unmark(marked: str) -> tuple[str, int, int]:
    before, after = marked.split("^")
    return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")


def test_states_and_edges_come_in_the_order_of_the_text_with_their_places() -> None:
    diagram = read("    [*] --> Open: Made", "Open-->Shut:Pushed shut", "  Shut --> [*]")
    assert diagram.edges == (
        Edge("[*]", "Open", "Made", Place(2, 5), Place(2, 19)),
        Edge("Open", "Shut", "Pushed shut", Place(3, 1), Place(3, 13)),
        Edge("Shut", "[*]", "", Place(4, 3), Place(4, 15)),
    )
    assert diagram.states == (State("Open", "", Place(2, 13)), State("Shut", "", Place(3, 8)))


def test_the_sessions_diagram_is_read_in_full_and_written_back_word_for_word() -> None:
    diagram = Diagram.parse(SESSION_TEXT)
    assert [name for name, _ in states(diagram)] == ["Created", "Active", "Idle", "Compacted"]
    assert [label for _, _, label in edges(diagram)] == [
        "First message",
        "Processing messages",
        "No recent activity",
        "New message",
        "Context window full",
        "Continues with summary",
    ]
    assert diagram.to_mermaid() == SESSION_TEXT


@pytest.mark.parametrize(
    "line", ["A --> B: go on", "A-->B:go on", "A --> B : go on", "\tA\t-->\tB\t:\tgo on\t", "  A   -->   B:   go on   "]
)
def test_blanks_around_the_parts_of_an_edge_do_not_matter(line: str) -> None:
    assert edges(read(line)) == [("A", "B", "go on")]


def test_a_label_may_hold_a_colon_a_number_sign_and_one_percent_sign() -> None:
    assert edges(read("A --> B: at 10:30 #1, 85% full")) == [("A", "B", "at 10:30 #1, 85% full")]


def test_names_are_letters_digits_and_underscores_of_any_script() -> None:
    assert edges(read("Größe_1 --> 状态: go", "end --> 2: go")) == [("Größe_1", "状态", "go"), ("end", "2", "go")]


@pytest.mark.parametrize("line", ['state "waits for you" as A', "A : waits for you", "A: waits for you"])
def test_an_alias_and_a_description_say_the_same(line: str) -> None:
    assert states(read(line)) == [("A", "waits for you")]


def test_a_state_is_declared_by_its_name_alone() -> None:
    assert states(read("A", "B")) == [("A", ""), ("B", "")]


def test_a_description_joins_the_state_that_an_edge_named_before() -> None:
    diagram = read("A --> B: go", "B : waits", "B --> A: back")
    assert diagram.states == (State("A", "", Place(2, 1)), State("B", "waits", Place(2, 7)))


def test_an_alias_may_hold_what_a_label_may_not() -> None:
    assert states(read('state "a; b %% c {" as A')) == [("A", "a; b %% c {")]


def test_comments_and_blank_lines_count_as_lines_and_say_nothing() -> None:
    diagram = read("%% A --> X: no", "", "   ", "    %%{init: {}}%%", "A --> B: go")
    assert diagram.edges == (Edge("A", "B", "go", Place(6, 1), Place(6, 10)),)


@pytest.mark.parametrize("direction", ["TB", "BT", "LR", "RL"])
def test_the_direction_is_kept(direction: str) -> None:
    diagram = read(f"  direction {direction}", "A --> B: go")
    assert diagram.direction == direction
    assert Diagram.parse(diagram.to_mermaid()).direction == direction


def test_a_diagram_without_direction_has_none() -> None:
    assert read("A --> B: go").direction == ""


@pytest.mark.parametrize(
    "header", ["stateDiagram-v2", "stateDiagram", "  stateDiagram-v2  ", "\n\nstateDiagram-v2", "%% why\nstateDiagram"]
)
def test_both_headers_are_read_wherever_the_text_begins(header: str) -> None:
    assert edges(Diagram.parse(f"{header}\nA --> B: go")) == [("A", "B", "go")]


def test_carriage_returns_change_neither_content_nor_places() -> None:
    assert Diagram.parse(SESSION_TEXT.replace("\n", "\r\n")) == Diagram.parse(SESSION_TEXT)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("stateDiagram-v2", Place(1, 16)),
        ("stateDiagram-v2\n  A --> B: go  \n\n%% more\n", Place(2, 14)),
    ],
)
def test_the_end_is_behind_the_last_statement(text: str, end: Place) -> None:
    assert Diagram.parse(text).end == end


def test_the_file_is_named_by_diagram_and_error() -> None:
    assert Diagram.parse("stateDiagram", file="door.mmd").file == "door.mmd"
    with pytest.raises(DiagramError, match=r"^door\.mmd:2:3: ") as caught:
        Diagram.parse("stateDiagram\nA -> B", file="door.mmd")
    assert (caught.value.file, caught.value.text) == ("door.mmd", "-> B")


@pytest.mark.parametrize("marked", REFUSED.values(), ids=REFUSED.keys())
def test_what_mermaid_refuses_or_takes_otherwise_than_meant_is_refused_where_it_stands(marked: str) -> None:
    text, line, column = unmark(f"stateDiagram-v2\n%% the second line\n    {marked}\n    A --> B: go\n")
    with pytest.raises(DiagramError) as caught:
        Diagram.parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("line", "meant", "alias"),
    [
        ("In Progress --> Done: go", "In Progress", "In_Progress"),
        ("A --> in-progress: go", "in-progress", "in_progress"),
        ("Active.Normal --> A", "Active.Normal", "Active_Normal"),
        ("A --> PAID(1): go", "PAID(1)", "PAID_1"),
        ("state In Progress {", "In Progress", "In_Progress"),
        ("In Progress : waits", "In Progress", "In_Progress"),
        ("🚀 Launch --> A", "🚀 Launch", "Launch"),
        ("A --> 🚀", "🚀", "Name"),
    ],
)
def test_a_name_that_is_none_is_refused_with_the_line_that_gives_it_one(line: str, meant: str, alias: str) -> None:
    given = f'state "{meant}" as {alias}'
    with pytest.raises(DiagramError) as caught:
        Diagram.parse(f"stateDiagram-v2\n{line}\n")
    assert caught.value.problem.endswith(f"write {alias!r} here, and in a line above {given!r}")
    assert caught.value.column == line.index(meant) + 1
    closed = "\n[*] --> B\n}" if line.endswith("{") else ""
    diagram = Diagram.parse(f"stateDiagram-v2\n{given}\n{line.replace(meant, alias)}{closed}\n")
    assert diagram.states[0].description.split("\n")[0] == meant


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("state A {", "the state A is never closed; add '}'"),
        ("}", "'}' closes no composite state"),
        ("--", "'--' divides a composite state only"),
        ("note right of A", "the note is never closed; add 'end note'"),
        ("classDef loud", "a blank and what the class looks like were expected"),
        ("style A", "names of states, with ',' between, were expected after 'style'"),
        ("click A href", '\'A href "address"\' or \'A "address" "tip"\' was expected'),
        ("scale 350", "a number and 'width' were expected after 'scale'"),
        ("state A : b", "mermaid takes ':' for a part of the name here; write 'A: b' without 'state'"),
        ("state A &lt;&lt;fork&gt;&gt;", "the text is escaped for HTML"),
        ("direction up", "'direction' is a word of mermaid's own"),
        ("--> B: go", "a state's name was expected, not '--> B: go'"),
        ("A --> B: go; stop", "';' cannot stand in a label"),
        ("A --> B:", "a label was expected after ':'"),
    ],
)
def test_a_refusal_says_what_is_wrong(line: str, problem: str) -> None:
    with pytest.raises(DiagramError) as caught:
        read(line)
    assert caught.value.problem.startswith(problem)


def test_a_refusal_shows_no_more_of_a_long_line_than_fits_a_sentence() -> None:
    with pytest.raises(DiagramError) as caught:
        read("A --> B " + "x" * 1000)
    assert len(caught.value.problem) < 120
    assert caught.value.text == "x" * 1000


@pytest.mark.parametrize("marked", NO_HEADER.values(), ids=NO_HEADER.keys())
def test_a_text_without_header_is_refused_where_the_header_should_stand(marked: str) -> None:
    text, line, column = unmark(marked)
    with pytest.raises(DiagramError, match="begins with 'stateDiagram-v2'") as caught:
        Diagram.parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("word", MERMAIDS_OWN)
def test_a_word_of_mermaids_own_names_no_source(word: str) -> None:
    with pytest.raises(DiagramError) as caught:
        read(f"  {word} --> B: go")
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize("word", MERMAIDS_OWN)
def test_a_word_of_mermaids_own_names_no_target(word: str) -> None:
    with pytest.raises(DiagramError) as caught:
        read(f"  A --> {word} : go")
    assert (caught.value.line, caught.value.column) == (2, 9)


def test_a_double_colon_in_a_label_is_refused_as_mermaid_does() -> None:
    text, line, column = unmark("stateDiagram-v2\nA --> B: this^::that")
    with pytest.raises(DiagramError) as caught:
        Diagram.parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)


names = st.from_regex(r"\w{1,6}", fullmatch=True).filter(lambda name: name not in MERMAIDS_OWN)
labels = (
    st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters=':;%"{'), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)


@st.composite
def edge_lines(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Edges as text and as what they say."""
    pool = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    ends = st.sampled_from(["[*]", *pool])
    said = draw(st.lists(st.tuples(ends, ends, labels | st.just("")), max_size=8))
    colon = draw(st.sampled_from([":", " :", ": ", " :\t"]))
    return [f"{source} --> {target}{colon + label if label else ''}" for source, target, label in said], said


@given(edge_lines())
def test_every_edge_is_read_as_it_was_written(drawn: tuple[list[str], list[tuple[str, str, str]]]) -> None:
    lines, said = drawn
    assert edges(read(*lines)) == said


descriptions = st.one_of(
    st.tuples(names, labels).map(lambda pair: f'state "{pair[1]}" as {pair[0]}'),
    st.tuples(names, labels).map(lambda pair: f"{pair[0]} : {pair[1]}"),
    names,
)


@st.composite
def diagrams(draw: st.DrawFn) -> Diagram:
    """Edges with states declared and described before and behind them."""
    lines, _ = draw(edge_lines())
    above, below = (draw(st.lists(descriptions, max_size=3)) for _ in range(2))
    return read(*draw(st.sampled_from([[], ["direction LR"]])), *above, *lines, *below)


@given(diagrams())
def test_what_is_written_as_mermaid_reads_as_the_same_diagram(diagram: Diagram) -> None:
    again = Diagram.parse(diagram.to_mermaid())
    assert again.direction == diagram.direction
    assert edges(again) == edges(diagram)
    assert sorted(states(again)) == sorted(states(diagram))


@given(diagrams())
@example(read("A --> B: go", "B : waits"))
@example(read("A --> B: go", "C"))
@example(read("B", "A", "A --> B: go"))
def test_what_is_written_as_mermaid_keeps_the_order_of_the_states(diagram: Diagram) -> None:
    again = Diagram.parse(diagram.to_mermaid())
    assert [state.name for state in again.states] == [state.name for state in diagram.states]


@pytest.mark.parametrize("description", ['says "hello"', '"', 'a "b" {c}'])
def test_a_description_with_quotes_survives_being_written(description: str) -> None:
    diagram = read(f"A : {description}", "A --> B: go")
    assert states(Diagram.parse(diagram.to_mermaid())) == [("A", description), ("B", "")]


pieces = st.sampled_from(
    ["\n", "\r\n", "\t", " ", ":", ";", "%%", "-->", "->", "--", "---", "[*]", "{", "}", '"', "state ", "note "]
) | st.text(max_size=3)
spans = st.tuples(st.integers(0, len(SESSION_TEXT)), st.integers(0, 20), pieces)


@st.composite
def mutated_texts(draw: st.DrawFn) -> str:
    """The session's text with a few spans replaced."""
    text = SESSION_TEXT
    for start, length, piece in draw(st.lists(spans, min_size=1, max_size=4)):
        text = text[:start] + piece + text[start + length :]
    return text


@given(mutated_texts() | st.text() | st.text().map("stateDiagram-v2\n".__add__))
def test_any_text_is_read_or_refused_at_a_place_within_it(text: str) -> None:
    lines = text.split("\n")
    answer = parsed_or_refused(text)
    if isinstance(answer, DiagramError):
        assert 1 <= answer.line <= len(lines)
        assert 1 <= answer.column <= len(lines[answer.line - 1]) + 1
    else:
        assert 1 <= answer.end.line <= len(lines)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("door.mmd", "give the text of a file, as Diagram.parse(path.read_text())"),
        ("```mermaid\nstateDiagram-v2\n```", "Diagram.from_markdown reads Markdown"),
    ],
)
def test_what_is_no_text_of_mermaid_is_refused_with_how_to_read_it(given: str, hint: str) -> None:
    with pytest.raises(DiagramError, match=re.escape(hint)):
        Diagram.parse(given)
