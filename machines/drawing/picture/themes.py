"""Themes: the colours of a picture."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from argentos.errors import InputError

__all__ = ["THEMES", "Colours", "Theme", "colours"]

Theme: TypeAlias = Literal["light", "dark", "print"]
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a theme; `around` is what composite states are filled with."""

    page: str
    state: str
    around: str
    border: str
    line: str
    text: str
    label: str
    point: str
    note: str
    note_border: str
    note_text: str
    current: str
    current_border: str
    current_text: str


_COLOURS: Final[dict[Theme, Colours]] = {
    "light": Colours(
        page="#ffffff", state="#eef2fb", around="#f8f9fd", border="#5d6f9c", line="#5d6f9c", text="#1c2438",
        label="#37425c", point="#2b3550", note="#fff7dc", note_border="#d8b94f", note_text="#584a14",
        current="#ffd866", current_border="#b58900", current_text="#2b2200",
    ),
    "dark": Colours(
        page="#14171f", state="#263149", around="#1b202c", border="#7f95c9", line="#8b9cc6", text="#e8ecf6",
        label="#c3cce2", point="#dfe6f7", note="#3b341c", note_border="#a58d3c", note_text="#f1e4b4",
        current="#ffd866", current_border="#ffefb8", current_text="#2b2200",
    ),
    "print": Colours(
        page="#ffffff", state="#ffffff", around="#ffffff", border="#000000", line="#000000", text="#000000",
        label="#000000", point="#000000", note="#ffffff", note_border="#777777", note_text="#000000",
        current="#d9d9d9", current_border="#000000", current_text="#000000",
    ),
}  # fmt: skip


def colours(theme: str) -> Colours:
    """The colours of a theme.

    Raises:
        InputError: there is no such theme.
    """
    for name, found in _COLOURS.items():
        if name == theme:
            return found
    raise InputError(f"there is no theme {theme!r}; choose one of {', '.join(THEMES)}")
