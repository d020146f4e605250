"""What a label of mermaid's shows, as plain text: entities decoded, lines apart, nothing that a terminal obeys."""

import html
import re
from typing import Final

__all__ = ["plain"]

_BREAK: Final = re.compile(r"<br\s*/?>|\\n|\n", re.IGNORECASE)
_ENTITY: Final = re.compile(r"#(\w+);")


def plain(text: str) -> tuple[str, ...]:
    """The lines of a label, a title or a note; none for an empty text."""
    return tuple(_printable(html.unescape(_ENTITY.sub(_entity, line))) for line in _BREAK.split(text)) if text else ()


def _entity(found: re.Match[str]) -> str:
    return f"&#{found[1]};" if found[1].isdigit() else f"&{found[1]};"


def _printable(line: str) -> str:
    """Blanks for every kind of white space, and a sign for what cannot be seen, such as the codes of a terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in line).strip()
