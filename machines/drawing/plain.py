"""Labels of mermaid's as plain text: entities decoded, in lines, with nothing that a terminal obeys."""

from argentos.machines.mermaid.labels import BREAK
from argentos.machines.notation import decoded

__all__ = ["plain"]


def plain(text: str) -> tuple[str, ...]:
    """The lines of a label, a title or a note; none for an empty text."""
    return tuple(_printable(decoded(line)) for line in BREAK.split(text)) if text else ()


def _printable(line: str) -> str:
    """Blanks for every kind of white space, and a sign for what cannot be seen, such as the codes of a terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in line).strip()
