"""In the examples `^` stands in front of the place at which the error has to point; it is no part of the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import DiagramError
from argentos.machines import Diagram, Place
from argentos.machines.mermaid.markdown import fences

DIAGRAM = "stateDiagram-v2\n    [*] --> Open: Made\n    Open --> Shut: Pushed"
PAGE = f"# Doors\n\nHow a door lives:\n\n```mermaid\n{DIAGRAM}\n```\n\nMore text.\n"


def labels(text: str) -> list[str]:
    return [edge.label for edge in Diagram.from_markdown(text).edges]


def read_or_refused(text: str) -> Diagram | DiagramError:
    try:
        return Diagram.from_markdown(text)
    except DiagramError as error:
        return error


def refused_at(marked: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the error points, and where the mark stands."""
    before, after = marked.split("^")
    with pytest.raises(DiagramError) as caught:
        Diagram.from_markdown(before + after)
    return (caught.value.line, caught.value.column), (before.count("\n") + 1, len(before) - before.rfind("\n"))


@pytest.mark.parametrize(
    "opening",
    [
        "```mermaid",
        "``` mermaid",
        "```mermaid  ",
        "```mermaid theme={null}",
        '```mermaid title="Doors" {1,3}',
        "```mermaid{theme: dark}",
        "```\tmermaid\ttheme={null}",
    ],
)
def test_a_fence_may_carry_attributes(opening: str) -> None:
    assert labels(f"text\n{opening}\n{DIAGRAM}\n```\n") == ["Made", "Pushed"]


@pytest.mark.parametrize("fence", ["~~~", "~~~~", "````", "```````"])
def test_a_fence_may_be_of_tildes_or_longer(fence: str) -> None:
    assert labels(f"{fence}mermaid\n{DIAGRAM}\n{fence}\nA -> B\n") == ["Made", "Pushed"]


def test_the_attributes_of_a_tilde_fence_may_hold_backticks() -> None:
    assert labels(f"~~~mermaid title=`doors`\n{DIAGRAM}\n~~~\n") == ["Made", "Pushed"]


@pytest.mark.parametrize("closing", ["`````", "  ```", "```  "])
def test_a_closing_fence_may_be_longer_or_indented_or_trailed_by_blanks(closing: str) -> None:
    assert labels(f"```mermaid\n{DIAGRAM}\n{closing}\nA -> B\n") == ["Made", "Pushed"]


@pytest.mark.parametrize("closing", ["``", "~~~", "```mermaid", "    ```", ""])
def test_what_closes_no_fence_belongs_to_the_diagram(closing: str) -> None:
    text = f"```mermaid\n{DIAGRAM}\n{closing}\n    Shut --> Open: Pulled\n"
    if closing:
        with pytest.raises(DiagramError) as caught:
            Diagram.from_markdown(text)
        assert caught.value.line == 5
    else:
        assert labels(text) == ["Made", "Pushed", "Pulled"]


@pytest.mark.parametrize("indent", [" ", "  ", "   "])
def test_a_fence_may_be_indented_by_up_to_three_blanks(indent: str) -> None:
    text = "\n".join(indent + line for line in f"```mermaid\n{DIAGRAM}\n```".split("\n"))
    assert labels(f"- a point\n\n{text}\n") == ["Made", "Pushed"]


def test_four_blanks_make_an_indented_block_and_no_fence() -> None:
    text = "\n".join("    " + line for line in f"```mermaid\n{DIAGRAM}\n```".split("\n"))
    with pytest.raises(DiagramError, match="no ```mermaid fence"):
        Diagram.from_markdown(f"text\n\n{text}\n")


def test_a_fence_that_is_never_closed_reaches_to_the_end() -> None:
    assert labels(f"text\n```mermaid\n{DIAGRAM}") == ["Made", "Pushed"]


def test_a_fence_shown_within_a_longer_one_is_an_example_and_not_the_diagram() -> None:
    shown = f"````markdown\n```mermaid\n{DIAGRAM}\n```\n````\n"
    with pytest.raises(DiagramError, match="no ```mermaid fence"):
        Diagram.from_markdown(shown)
    assert labels(f"{shown}\n```mermaid\nstateDiagram\n[*] --> A: Real\n```\n") == ["Real"]


def test_other_fences_and_other_diagrams_are_passed_over() -> None:
    others = f"```\n{DIAGRAM}\n```\n```python\n{DIAGRAM}\n```\n```mermaid\ngraph TD\n  A --> B\n```\n"
    assert labels(f"{others}{PAGE}{others}") == ["Made", "Pushed"]


def test_a_comment_may_stand_above_the_header() -> None:
    assert labels(f"```mermaid\n%% doors\n\n{DIAGRAM}\n```\n") == ["Made", "Pushed"]


def test_carriage_returns_change_neither_content_nor_places() -> None:
    assert Diagram.from_markdown(PAGE.replace("\n", "\r\n")) == Diagram.from_markdown(PAGE)


def test_places_count_from_the_top_of_the_markdown() -> None:
    diagram = Diagram.from_markdown(PAGE)
    assert [edge.place for edge in diagram.edges] == [Place(7, 5), Place(8, 5)]
    assert [edge.label_place for edge in diagram.edges] == [Place(7, 19), Place(8, 20)]
    assert diagram.end == Place(8, 26)


@pytest.mark.parametrize(
    "marked",
    [
        "# Doors\n\n```mermaid\nstateDiagram-v2\n    A ^-> B: go\n```\n",
        "# Doors\r\n\r\n~~~mermaid\r\nstateDiagram-v2\r\n    A --> B:^\r\n~~~\r\n",
        "```python\n1\n```\n```mermaid\n\n%% x\nstateDiagram-v2\nA --> B: a^; b\n```\n",
        "```mermaid\n\n  ^A --> B: go\n  stateDiagram-v2\n```\n",
    ],
)
def test_an_error_within_the_fence_points_into_the_markdown(marked: str) -> None:
    found, expected = refused_at(marked)
    assert found == expected


@pytest.mark.parametrize("indent", [" ", "   "])
def test_an_error_within_an_indented_fence_counts_its_column_from_the_margin(indent: str) -> None:
    found, expected = refused_at(
        f"- a point\n\n{indent}```mermaid\n{indent}stateDiagram-v2\n{indent}  A ^-> B: go\n{indent}```\n"
    )
    assert found == expected


@pytest.mark.parametrize(
    "text", ["", "text", DIAGRAM, f"```\n{DIAGRAM}\n```", "```mermaid\ngraph TD\n```", f"```mermaidx\n{DIAGRAM}\n```"]
)
def test_a_text_without_state_diagram_is_refused_at_its_beginning(text: str) -> None:
    with pytest.raises(DiagramError, match=r"^doors\.md:1:1: no ```mermaid fence") as caught:
        Diagram.from_markdown(text, file="doors.md")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("doors.md", 1, 1)


def test_a_second_state_diagram_is_refused_at_its_fence_and_names_the_first() -> None:
    marked = f"{PAGE}^~~~mermaid\n{DIAGRAM}\n~~~\nthe end"
    with pytest.raises(DiagramError, match="the one at line 5;"):
        Diagram.from_markdown(marked.replace("^", ""))
    found, expected = refused_at(marked)
    assert found == expected


def test_the_file_is_named_by_the_diagram() -> None:
    assert Diagram.from_markdown(PAGE, file="doors.md").file == "doors.md"
    assert Diagram.from_markdown(PAGE).file == "<markdown>"


prose = st.lists(st.sampled_from(["", "text", "# Title", "> quoted", "`code`", "- point", "``` not `a` fence"]))


@given(prose, st.sampled_from(["```", "~~~", "`````"]), prose)
def test_the_diagram_is_found_between_any_prose_and_keeps_its_lines(
    above: list[str], fence: str, below: list[str]
) -> None:
    page = "\n".join([*above, f"{fence}mermaid", DIAGRAM, fence, *below])
    alone, found = Diagram.parse(DIAGRAM), Diagram.from_markdown(page)
    assert found.to_mermaid() == alone.to_mermaid()
    assert [edge.place.line - len(above) - 1 for edge in found.edges] == [edge.place.line for edge in alone.edges]


@given(
    st.lists(
        st.sampled_from(["```", "~~~", "mermaid", "\n", " ", "stateDiagram", "-v2", "A --> B: go", "A -> B", "\r\n"])
    )
)
def test_any_markdown_is_read_or_refused_at_a_place_within_it(parts: list[str]) -> None:
    text = "".join(parts)
    lines = text.split("\n")
    answer = read_or_refused(text)
    if isinstance(answer, DiagramError):
        assert 1 <= answer.line <= len(lines)
        assert 1 <= answer.column <= len(lines[answer.line - 1]) + 1
    else:
        assert 1 < answer.end.line <= len(lines)


# Lists and quotes -------------------------------------------------------------------------------------------


def within(prefix: str, text: str) -> str:
    return "\n".join((prefix + line).rstrip() for line in text.split("\n"))


@pytest.mark.parametrize(
    ("above", "prefix"),
    [
        ("- a point\n\n", "  "),
        ("- a point\n\n", "     "),
        ("10. a point\n\n", "    "),
        ("- a point\n  1. another\n\n", "     "),
        ("- a point\n  text\n", "  "),
        ("> quoted\n>\n", "> "),
        ("", ">"),
        ("> - quoted\n>\n", ">   "),
        ("> > twice\n", "> > "),
        ("- > in a list\n", "  > "),
        ("!!! note\n\n", "    "),
        ('=== "Python"\n\n    ??? tip "more"\n\n', "        "),
    ],
)
def test_a_fence_may_stand_in_a_list_or_a_quote(above: str, prefix: str) -> None:
    text = f"{above}{within(prefix, f'```mermaid{chr(10)}{DIAGRAM}{chr(10)}```')}\n\nText.\n"
    found = list(fences(text))
    assert [(fence.language, fence.is_closed) for fence in found] == [("mermaid", True)]
    diagram = Diagram.from_fence(found[0])
    assert [edge.label for edge in diagram.edges] == ["Made", "Pushed"]
    assert [text.split("\n")[edge.place.line - 1][edge.place.column - 1 :] for edge in diagram.edges] == [
        str(edge) for edge in diagram.edges
    ]


def test_a_fence_may_begin_directly_behind_the_mark_of_a_list() -> None:
    assert labels(f"- ```mermaid\n{within('  ', DIAGRAM)}\n  ```\n") == ["Made", "Pushed"]


@pytest.mark.parametrize(
    "text",
    [
        "- a point\n\n      ```mermaid\n      x\n      ```\n",
        "- a point\n\ntext\n\n    ```mermaid\n    x\n    ```\n",
        ">     ```mermaid\n>     x\n>     ```\n",
    ],
)
def test_what_is_indented_as_code_is_no_fence(text: str) -> None:
    assert list(fences(text)) == []


@pytest.mark.parametrize("text", ["- ```mermaid\n  A\nText\n", "> ```mermaid\n> A\nText\n"])
def test_a_fence_ends_with_the_list_or_quote_that_it_stands_in(text: str) -> None:
    (fence,) = fences(text)
    assert (fence.is_closed, fence.body.strip(), fence.line, fence.end) == (False, "A", 1, 2)


def test_a_fence_that_the_end_of_a_list_has_ended_is_followed_by_others() -> None:
    assert [fence.language for fence in fences("- ```a\n  x\n```b\ny\n```\n")] == ["a", "b"]


# Attributes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("machine=door", "door"),
        ("theme={null} machine=door", "door"),
        ('machine="door" title=Doors', "door"),
        ("{machine='door'}", "door"),
        ("{1,3} {machine=door, x=y}", "door"),
        ("machine=", ""),
        ('title="machine=door"', None),
        ("the-machine=door", None),
        ("machine", None),
        ("", None),
    ],
)
def test_an_attribute_has_a_value_or_is_not_there(attributes: str, value: str | None) -> None:
    (fence,) = fences(f"```mermaid {attributes}\n```")
    assert fence.attribute("machine") == value


# Replacing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("prefix", ["", "  ", "> "])
def test_replacing_a_body_keeps_the_margin_the_line_ends_and_all_else(line_end: str, prefix: str) -> None:
    def text(body: str) -> str:
        lines = within(prefix, f"```mermaid\n{body}\n```")
        return f"\ufeffAbove\n\n{lines}\nBelow, without an end".replace("\n", line_end)

    (fence,) = fences(text(DIAGRAM))
    assert fence.replaced_in(text(DIAGRAM), "A\n\nB\n") == text("A\n\nB")


def test_a_fence_without_a_body_gets_one() -> None:
    (fence,) = fences("```mermaid\n```")
    assert fence.replaced_in("```mermaid\n```", "A\n") == "```mermaid\nA\n```"
