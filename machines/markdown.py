"""Finding the state diagram among the fences of a Markdown text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from argentos.errors import DiagramError

__all__ = ["Fence", "fences", "state_diagram"]

_OPENING = re.compile(r"(?P<indent> {0,3})(?P<ticks>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<language>[^\s`{]*).*")


class Fence(NamedTuple):
    """The body of a fenced block, the number of lines above it, and by how many blanks it is indented."""

    language: str
    body: str
    line: int
    indent: int = 0


def fences(text: str) -> Iterator[Fence]:
    """Every fenced block; one that is never closed reaches to the end, as CommonMark has it."""
    lines = iter(enumerate(text.split("\n"), start=1))
    for number, line in lines:
        opening = _OPENING.fullmatch(line)
        if opening is None:
            continue
        ticks = opening["ticks"]
        closing = re.compile(rf" {{0,3}}{re.escape(ticks[0])}{{{len(ticks)},}}[ \t]*")
        body: list[str] = []
        for _, inner in lines:
            if closing.fullmatch(inner):
                break
            body.append(inner)
        yield Fence(opening["language"], "\n".join(body), number, len(opening["indent"]))


def state_diagram(text: str, *, file: str) -> Fence:
    """The one mermaid fence that holds a state diagram."""
    found = [
        fence
        for fence in fences(text.replace("\r\n", "\n"))
        if fence.language == "mermaid" and re.search(r"^[ \t]*stateDiagram", fence.body, re.MULTILINE)
    ]
    if not found:
        raise DiagramError(
            "no ```mermaid fence with a stateDiagram was found; add one, or parse the diagram's own text",
            file=file,
            line=1,
            column=1,
        )
    if len(found) > 1:
        raise DiagramError(
            f"a second state diagram follows the one at line {found[0].line}; parse the one you mean by itself",
            file=file,
            line=found[1].line,
            column=1,
        )
    return found[0]
