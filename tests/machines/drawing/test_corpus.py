"""Everything that the reader takes of mermaid's own texts can be drawn."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from argentos.errors import DiagramError
from argentos.machines import Diagram
from argentos.machines.drawing import draw
from tests.machines.drawing.geometry import assert_apart, assert_everything_once, boxes_cut
from tests.machines.mermaid.test_corpus import CORPUS

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def diagrams() -> list[Diagram]:
    return list(readable())


def readable() -> Iterator[Diagram]:
    for entry in json.loads(CORPUS.read_text(encoding="utf-8")):
        try:
            yield Diagram.parse(entry["text"])
        except DiagramError:
            continue


def test_the_svg_of_each_says_everything_once_with_all_apart_and_links_nowhere(diagrams: list[Diagram]) -> None:
    for diagram in diagrams:
        assert_everything_once(diagram)
        assert_apart(diagram)
        assert boxes_cut(diagram) == []
        svg = draw(diagram, "svg")
        assert "javascript:" not in svg
        assert svg.count("http") == svg.count("http://www.w3.org/")


def test_graphviz_has_nothing_to_complain_of_in_any(diagrams: list[Diagram]) -> None:
    for diagram in diagrams:
        dot = draw(diagram, "dot")
        done = subprocess.run(["dot", "-Tsvg"], input=dot, capture_output=True, text=True, check=False)  # noqa: S607 - from PATH
        assert (done.returncode, done.stderr) == (0, ""), dot


def test_the_text_of_each_fits_into_80_columns(diagrams: list[Diagram]) -> None:
    for diagram in diagrams:
        assert max(map(len, draw(diagram, "text").splitlines()), default=0) <= 80
