"""The pictures in the documents are those of the program."""

from pathlib import Path

import pytest

from argentos.machines import Diagram
from argentos.machines.drawing import draw
from tests.machines.drawing.shown import SHOWN

IMAGES = Path(__file__).parents[3] / "docs" / "images"


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_in_the_documents_is_what_is_drawn_now(name: str) -> None:
    """To bring them up to date: `python -m tests.machines.drawing.shown`."""
    text, theme = SHOWN[name]
    assert (IMAGES / f"{name}.svg").read_text(encoding="utf-8") == draw(Diagram.parse(text), "svg", theme=theme)
