"""Diagrams in documents that claim to be a machine of the program."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from argentos.errors import DiagramError, InputError
from argentos.gateway.commands.diagram.files import is_mermaid, read_text
from argentos.machines import Diagram, Machine
from argentos.machines.mermaid import write
from argentos.machines.mermaid.elements import Place
from argentos.machines.mermaid.markdown import Fence, fences
from argentos.machines.tools.difference import differences

__all__ = ["Claim", "Document"]

_ATTRIBUTE: Final = "machine"
_COMMENT: Final = re.compile(r"\s*%%\s*machine=(\S*)\s*")
_LIKE_A_CLAIM: Final = re.compile(r"[\s>]*(?:`{3,}|~{3,})\s*mermaid\b.*\bmachine=")
_HEADER: Final = re.compile(r"\s*stateDiagram")


@dataclass(frozen=True, slots=True)
class Claim:
    """A fence, or all of a `.mmd` from its header on, and the machine that it says it is.

    Attributes:
        differences: from the machine, in the order of the text; missing parts first.
    """

    name: str
    machine: Machine
    fence: Fence
    differences: list[tuple[Place, str]]

    @property
    def line(self) -> int:
        """The line of the fence."""
        return max(1, self.fence.line)


class Document:
    """A file with claims in it.

    Args:
        path: of a Markdown text, or of a `.mmd`.
        machines: by the names that may be claimed.

    Raises:
        InputError: it cannot be read, what looks like a fence with a claim is none or is never closed, or a claim names
            no machine.
    """

    def __init__(self, path: Path, machines: Mapping[str, Machine]) -> None:
        self.path = path
        self._text = read_text(path)
        find = _in_mermaid if is_mermaid(path) else _in_markdown
        self.claims: list[Claim] = [self._claim(name, fence, machines) for name, fence in find(self._text, str(path))]

    def corrected(self) -> str:
        """The text, with each claim made true."""
        text = self._text
        for claim in reversed(self.claims):
            if claim.differences:
                document = claim.machine.diagram.document
                if is_mermaid(self.path):  # what stands above the header stays as it is
                    document = replace(document, front_matter="", preamble=())
                text = claim.fence.replaced_in(text, write(document))
        return text

    def _claim(self, name: str, fence: Fence, machines: Mapping[str, Machine]) -> Claim:
        where = f"{self.path}:{max(1, fence.line)}"
        if not fence.is_closed:
            raise InputError(f"{where}: the fence is never closed; add its closing line below the diagram")
        if not name:
            raise InputError(f"{where}: 'machine=' names no machine; write its name after it, as 'machine=session'")
        if name not in machines:
            near = difflib.get_close_matches(name, machines, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"give it, with --machine {name}=MODULE:ATTRIBUTE"
            raise InputError(f"{where}: no machine is called {name!r}, only {', '.join(sorted(machines))}; {hint}")
        return Claim(name, machines[name], fence, _differences(fence, machines[name]))


def _differences(fence: Fence, machine: Machine) -> list[tuple[Place, str]]:
    here = Place(max(1, fence.line), fence.indent + 1)
    try:
        shown = Diagram.from_fence(fence)
    except DiagramError as error:
        return [(max(here, Place(error.line, error.column)), error.problem)]
    found = [(place or here, sentence) for sentence, place in differences(shown, machine.diagram)]
    return sorted(found, key=lambda each: each[0])


def _in_markdown(text: str, file: str) -> Iterator[tuple[str, Fence]]:
    text = text.removeprefix("\ufeff")
    passed: set[int] = set()
    for fence in fences(text):
        passed.update(range(fence.line, fence.end + 1))
        name = fence.attribute(_ATTRIBUTE) if fence.language == "mermaid" else None
        if name is not None:
            yield name, fence
    for number, line in enumerate(text.split("\n"), start=1):
        if number not in passed and _LIKE_A_CLAIM.match(line):
            raise InputError(
                f"{file}:{number}: this fence is indented so far, or with tabs, that it is no fence; indent it like the"
                " text around it or, if it is an example, put it into a longer fence"
            )


def _in_mermaid(text: str, _: str) -> Iterator[tuple[str, Fence]]:
    """The whole file, where a comment above the header claims it."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    end = len(lines) - (lines[-1] == "")
    header = next((row for row, line in enumerate(lines) if _HEADER.match(line)), end)
    claimed = next((found[1] for line in lines[:header] if (found := _COMMENT.fullmatch(line))), None)
    if claimed is not None:
        yield claimed, Fence("mermaid", "", "\n".join(lines[header:end]), header, end, "", is_closed=True)
