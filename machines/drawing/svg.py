"""SVG and PNG, by mermaid's layout without a browser.

The renderer is given a text made for it rather than the author's: every character that could be markup is written as
an entity, so that a label is never more than text, and nothing is left that links, loads or configures.
"""

import dataclasses
import json
import re
from importlib import import_module
from typing import Any, Final

from argentos.errors import DiagramError, MissingExtraError
from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.mermaid import annotated
from argentos.machines.drawing.plain import plain
from argentos.machines.mermaid import Document, write
from argentos.machines.mermaid.elements import Edge
from argentos.machines.mermaid.statements import (
    Caption,
    Comment,
    Declaration,
    Direction,
    Directive,
    Note,
    Region,
    Setting,
    Statement,
    Styling,
)

__all__ = ["to_png", "to_svg"]

_FONT: Final = "Arimo, Arial, Helvetica, sans-serif"
_THEME: Final = {
    "look": "classic",
    "theme": "neutral",
    "fontFamily": _FONT,
    "themeVariables": {"fontFamily": _FONT, "edgeLabelBackground": "#ffffff"},
}
_MEASURED, _SHOWN = "font-size:16px", "font-size:14px"  # the layout measures text narrower than most fonts are
_MARKUP: Final = re.compile(r"[^\w\s.,:×·\-()\[\]/?!=+']|_|(?<=:):|:$|%")
_HARMLESS: Final = re.compile(r"[\w\s#,:.%()+-]*")
_ELSEWHERE: Final = re.compile(r"[^\u0000-\u052f\u2010-\u2026]")  # letters that Arimo may lack
_SCALE: Final = 2  # pixels of the PNG for a unit of the SVG


def to_svg(diagram: Diagram, annotations: Annotations) -> str:
    """The picture as one self-contained SVG document.

    Raises:
        MissingExtraError: the renderer is not installed.
        DiagramError: the renderer refuses the diagram.
    """
    mmdr = _extra("mmdr")
    text = f"%%{{init: {json.dumps(_THEME)}}}%%\n{write(_tidy(diagram, annotations))}"
    try:
        svg: str = mmdr.render(text).svg()
    except Exception as error:
        problem = f"the renderer cannot draw this diagram: {error}; draw it as 'dot' or 'text' instead"
        raise DiagramError(problem, file=diagram.file, line=1, column=1) from error
    return svg.replace(_MEASURED, _SHOWN)


def to_png(svg: str) -> bytes:
    """The same picture in pixels, on white.

    Latin, Greek and Cyrillic letters are the same on every machine; for others the fonts of the system are asked.

    Raises:
        MissingExtraError: the renderer is not installed.
    """
    font = _extra("fontpkg").path("Arimo")
    drawn: bytes = _extra("resvg_py").svg_to_bytes(
        svg_string=svg,
        background="white",
        zoom=_SCALE,
        skip_system_fonts=_ELSEWHERE.search(svg) is None,
        font_files=[str(font)],
        font_family="Arimo",
        sans_serif_family="Arimo",
    )
    return drawn


def _extra(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        sentence = f"drawing SVG and PNG needs {module}, which is not installed: pip install 'argentos[draw]'"
        raise MissingExtraError(sentence) from error


def _tidy(diagram: Diagram, annotations: Annotations) -> Document:
    """The document that the renderer is given."""
    return Document("", (), "stateDiagram-v2", _region(annotated(diagram, annotations).body))


def _region(region: Region) -> Region:
    """The statements that are drawn."""
    drawn = [_statement(each) for each in region if not isinstance(each, Comment | Directive | Caption)]
    return tuple(each for each in drawn if not isinstance(each, Setting | Styling) or _is_harmless(each))


def _statement(statement: Statement) -> Statement:
    match statement:
        case Edge():
            return dataclasses.replace(statement, label=_escaped(statement.label))
        case Declaration():
            return dataclasses.replace(
                statement,
                title=_escaped(statement.title),
                text=_escaped(statement.text),
                regions=tuple(_region(each) for each in statement.regions),
            )
        case Note():
            return dataclasses.replace(statement, text=_escaped(statement.text))
        case Styling() | Direction() | Setting() | Caption() | Comment() | Directive():
            return statement


def _is_harmless(statement: Setting | Styling) -> bool:
    """Whether it is a plain style: no link, and nothing that loads."""
    if isinstance(statement, Setting) and statement.keyword != "classDef":
        return False
    style = statement.text if isinstance(statement, Setting) else statement.style
    return bool(_HARMLESS.fullmatch(style)) and "url" not in style.lower()


def _escaped(text: str) -> str:
    """The text with entities for markup, escaped twice, for the renderer decodes them once before it looks for tags."""
    return "<br/>".join(_MARKUP.sub(lambda found: f"#amp;#35;{ord(found[0])}#59;", line) for line in plain(text))
