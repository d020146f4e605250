"""PNG: the SVG in pixels."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from argentos.errors import MissingExtraError

__all__ = ["to_png"]

_ELSEWHERE: Final = re.compile(r"[^\u0000-\u052f\u2010-\u2026\u2190-\u2193]")  # letters that Arimo may lack
_PICTURES: Final = re.compile("[\u2190-\u2bff\u200d\u20e3\ufe0e\ufe0f\U0001f000-\U0001faff]")  # those that Noto has
_SCALE: Final = 2  # pixels for a unit of the SVG


def to_png(svg: str) -> bytes:
    """The same picture in pixels.

    Latin, Greek and Cyrillic letters and emoji are the same on every machine. For others there are Noto's fonts, and
    those of the system, from which the letters of China, Japan and Korea come.

    Raises:
        MissingExtraError: the renderer is not installed.
    """
    fonts = [str(_extra("fontpkg").path("Arimo"))]
    # The system's fonts only where they must be: where one of them has an emoji, all of its label is written in it.
    needs_system = _ELSEWHERE.search(_PICTURES.sub("", svg)) is not None
    if _ELSEWHERE.search(svg):
        fonts += sorted(map(str, Path(_extra("manimgx_fonts").__file__).parent.glob("*.ttf")))
    drawn: bytes = _extra("resvg_py").svg_to_bytes(
        svg_string=svg,
        zoom=_SCALE,
        skip_system_fonts=not needs_system,
        font_files=fonts,
        font_family="Arimo",
        sans_serif_family="Arimo",
    )
    return drawn


def _extra(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        sentence = f"drawing PNG needs {module}, which is not installed: pip install 'argentos[draw]'"
        raise MissingExtraError(sentence) from error
