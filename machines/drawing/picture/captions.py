"""The title and the description of a picture, for those who do not see it."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.statements import Caption

__all__ = ["captions"]

_TITLE: Final = re.compile(r"^title:[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def captions(diagram: Diagram) -> Iterator[str]:
    """The elements that say what is drawn."""
    given = {each.keyword: each.text for each in diagram.document.body if isinstance(each, Caption)}
    found = _TITLE.search(diagram.document.front_matter)
    title = given.get("accTitle") or (found[1].strip("\"'") if found else "") or "State diagram"
    yield f"<title>{escape(title, quote=False)}</title>"
    if description := given.get("accDescr"):
        yield f"<desc>{escape(description, quote=False)}</desc>"
