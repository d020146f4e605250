"""SVG and PNG: all of the machine, well formed, and a label is never more than text."""

import re
import struct
import sys
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from argentos.errors import DiagramError, InputError, MissingExtraError
from argentos.machines import SESSION, Diagram, Machine
from argentos.machines.drawing import THEMES, Theme, draw
from tests.machines.generated import machines

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"circle", "g", "path", "rect", "svg", "text", "title", "tspan"}
PIECES = (
    "<",
    ">",
    "&",
    '"',
    "'",
    "`",
    "**",
    "_",
    "$$",
    "\\",
    "n",
    "/",
    "script",
    "img src=x",
    "foreignObject",
    "é",
    "漢",
)
LABELS = st.lists(st.sampled_from([*PIECES, " ", "a", "onload=", "%", "{", "}", "#", "[", "]"]), min_size=1).map(
    "".join
)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def written_in(svg: str) -> str:
    """All that an SVG says, without blanks: long lines are broken in it."""
    return "".join("".join(each.itertext()) for each in parsed(svg).iter(f"{SVG}text")).replace(" ", "")


@settings(max_examples=10)
@given(machines())
def test_the_png_has_twice_the_size_of_the_svg(machine: Machine) -> None:
    view_box = parsed(draw(machine, "svg")).attrib["viewBox"].split()
    png = draw(machine, "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (2 * int(view_box[2]), 2 * int(view_box[3]))  # no pixel at the border is half empty


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("merge [is_approved] / go on", ["merge [is_approved] / go on"]),
        ("merge [is_green and is_new] / go on", ["merge [is_green and is_new]", "/ go on"]),
        ("hang up, after half a minute / send CANCEL", ["hang up, after half a minute", "/ send CANCEL"]),
        ("one that has no parts and is too long for a line", ["one that has no parts", "and is too long for a line"]),
    ],
)
def test_a_long_label_is_broken_where_its_parts_are_and_evenly(label: str, lines: list[str]) -> None:
    drawn = parsed(draw(Diagram.parse(f"stateDiagram-v2\nA --> B: {label}"), "svg"))
    group = next(each for each in drawn.iter() if each.get("data-label") is not None)
    assert ["".join(each.itertext()) for each in group] == lines


@given(LABELS, LABELS)
def test_markup_in_a_label_stays_text(label: str, description: str) -> None:
    try:
        diagram = Diagram.parse(f"stateDiagram-v2\nA --> B: x{label}x\nB: x{description}x\nA --> [*]")
    except DiagramError:
        reject()
    svg = draw(diagram, "svg")
    assert {found.tag.removeprefix(SVG) for found in parsed(svg).iter()} <= ELEMENTS
    for shown in (diagram.edges[0].label, diagram.states[1].description):
        assert all(part.strip().replace(" ", "") in written_in(svg) for part in shown.split("\\n"))


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"/><svg onload="alert(1)', "#lt;b#gt;bold"]
)
def test_a_label_that_attacks_is_shown(label: str) -> None:
    svg = draw(Diagram.parse(f"stateDiagram-v2\nA --> B: {label}\nnote right of A\n{label}\nend note"), "svg")
    shown = label.replace("#lt;", "<").replace("#gt;", ">").replace(" ", "")
    assert written_in(svg).count(shown) == 2
    assert {found.tag.removeprefix(SVG) for found in parsed(svg).iter()} <= ELEMENTS


def test_links_and_styles_that_load_are_left_out_of_the_svg() -> None:
    click, style = 'click A href "javascript:alert(1)"', "classDef x fill:url(http://example.com/x)\nclass A x"
    svg = draw(Diagram.parse(f"stateDiagram-v2\nA --> B\n{click}\n{style}"), "svg")
    assert "javascript" not in svg
    assert "example.com" not in svg


def test_a_style_of_the_author_is_kept_in_the_svg() -> None:
    svg = draw(Diagram.parse("stateDiagram-v2\nA --> B\nclassDef loud fill:#12ab34\nclass A loud"), "svg")
    assert "#12ab34" in svg


def test_a_choice_is_a_diamond_without_its_name() -> None:
    svg = draw(Diagram.parse("stateDiagram-v2\nstate either <<choice>>\nA --> either\neither --> B: [x]"), "svg")
    assert "either" not in written_in(svg)


@pytest.mark.parametrize("missing", ["resvg_py", "fontpkg", "manimgx_fonts"])
def test_without_the_extra_a_sentence_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=rf"needs {missing}.*pip install 'argentos\[draw\]'"):
        draw(Diagram.parse("stateDiagram-v2\nA --> B: 🎉"), "png")


@pytest.mark.parametrize("theme", THEMES)
def test_each_theme_is_another_picture_of_the_same_size(theme: Theme) -> None:
    found = parsed(draw(SESSION, "svg", theme=theme))
    assert found.attrib["viewBox"] == parsed(draw(SESSION, "svg")).attrib["viewBox"]
    assert (draw(SESSION, "svg", theme=theme) == draw(SESSION, "svg")) is (theme == "light")


def test_print_is_black_and_white_and_without_marks_grey() -> None:
    used = set(
        re.findall(r"#[0-9a-f]{6}", draw(Diagram.parse("stateDiagram-v2\nA --> B: x\nB --> [*]"), "svg", theme="print"))
    )
    assert used == {"#000000", "#ffffff"}


def test_an_unknown_theme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="no theme 'neon'; choose one of light, dark, print"):
        draw(SESSION, "svg", theme="neon")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]


def test_a_picture_says_what_it_is_to_those_who_do_not_see_it() -> None:
    given = "---\ntitle: A door\n---\nstateDiagram-v2\nA --> B"
    assert "<title>A door</title>" in draw(Diagram.parse(given), "svg")
    described = draw(Diagram.parse(f"{given}\naccTitle: The door\naccDescr: It opens & shuts"), "svg")
    assert "<title>The door</title>\n<desc>It opens &amp; shuts</desc>" in described


def test_what_is_done_in_a_state_stands_beneath_its_name() -> None:
    svg = draw(Diagram.parse("stateDiagram-v2\nA: entry / beep\nA: exit / log\nB: Bee\nB: more"), "svg")
    said = [["".join(text.itertext()) for text in group.iter(f"{SVG}text")] for group in parsed(svg).iter(f"{SVG}g")]
    assert ["A", "entry / beep", "exit / log"] in said
    assert ["Bee", "more"] in said


def test_the_styles_that_an_author_gives_in_any_way_are_kept() -> None:
    text = (
        "stateDiagram-v2\nclassDef loud fill:#222222,color:white,stroke-width:4px\n"
        "A:::loud --> B\nclass C loud\nC --> D:::loud\nstyle E fill:rgb(1, 2, 3)\nE --> A"
    )
    rects = {
        group.get("data-state"): next(group.iter(f"{SVG}rect")).get("fill")
        for group in parsed(draw(Diagram.parse(text), "svg")).iter(f"{SVG}g")
        if group.get("data-state")
    }
    assert rects == {"A": "#222222", "B": "#eef2fb", "C": "#222222", "D": "#222222", "E": "rgb(1, 2, 3)"}


def test_a_notebook_shows_the_picture() -> None:
    """By the method that it asks for."""
    assert SESSION._repr_svg_() == SESSION.diagram._repr_svg_() == draw(SESSION, "svg")  # pyright: ignore[reportPrivateUsage]
