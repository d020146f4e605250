"""SVG and PNG: all of the machine, well formed, and a label is never more than text."""

import re
import struct
import sys
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from argentos.errors import DiagramError, MissingExtraError
from argentos.machines import SESSION, Diagram, Machine
from argentos.machines.drawing import Format, draw
from tests.machines.generated import machines

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"circle", "defs", "feDropShadow", "filter", "g", "line", "linearGradient", "marker", "path", "rect"}
ELEMENTS = DRAWN | {"stop", "style", "svg", "text"}
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


@given(machines())
def test_the_svg_shows_every_state_and_every_edge(machine: Machine) -> None:
    svg = draw(machine, "svg")
    ids = [found.get("data-id", "") for found in parsed(svg).iter(f"{SVG}g")]
    text = written_in(svg)
    for state in machine.diagram.states:
        if state.kind == "state":
            assert state.name in text
    assert sum(bool(re.fullmatch(r"edge\d+", each)) for each in ids) == sum(
        bool(edge.label) for edge in machine.diagram.edges
    )
    assert len(re.findall(r'<path [^>]*class="[^"]*\btransition\b', svg)) == len(machine.diagram.edges)
    for edge in machine.diagram.edges:
        assert edge.label.replace(" ", "") in text


@settings(max_examples=10)
@given(machines())
def test_the_png_has_twice_the_size_of_the_svg(machine: Machine) -> None:
    view_box = parsed(draw(machine, "svg")).attrib["viewBox"].split()
    png = draw(machine, "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", png[16:24])
    assert width == pytest.approx(2 * float(view_box[2]), abs=2)
    assert height == pytest.approx(2 * float(view_box[3]), abs=2)


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


@pytest.mark.parametrize(
    ("form", "missing"), [("svg", "mmdr"), ("png", "mmdr"), ("png", "resvg_py"), ("png", "fontpkg")]
)
def test_without_the_extra_a_sentence_says_what_to_install(
    form: Format, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=rf"needs {missing}.*pip install 'argentos\[draw\]'"):
        draw(SESSION, form)
