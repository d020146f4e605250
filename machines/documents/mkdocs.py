"""A hook for MkDocs: the state diagrams of a page as pictures, drawn while the site is built.

A file of the site has one line, and `mkdocs.yml` names it under `hooks`:

    from argentos.machines.documents.mkdocs import on_page_markdown

A fence may say `theme=dark`, `guards=yes` and `timers=yes`; with `draw=no` it is left alone.
"""

from base64 import b64encode
from html import escape
from typing import Any, Final

from argentos.machines.diagram import Diagram
from argentos.machines.documents.options import runnable, theme_named
from argentos.machines.drawing import draw
from argentos.machines.mermaid.markdown import Fence, state_diagrams

__all__ = ["on_page_markdown"]

_YES: Final = {"yes", "true", "1", "on"}
_NO: Final = {"no", "false", "0", "off"}


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Draw the state diagrams of a page.

    Args:
        markdown: its text.
        page: the page, which errors name.
        config: that of the site; not asked.
        files: those of the site; not asked.

    Raises:
        DiagramError: a diagram cannot be read, at its line.
        InputError: a fence names no known theme.
    """
    del config, files
    found = [fence for fence in state_diagrams(markdown) if fence.attribute("draw") not in _NO]
    lines = markdown.split("\n")
    for fence in reversed(found):
        last = fence.end + fence.is_closed
        lines[fence.line - 1 : last] = [fence.prefix + line for line in _drawn(fence, str(page.file.src_uri))]
    return "\n".join(lines)


def _drawn(fence: Fence, file: str) -> list[str]:
    """The lines of a picture; within lists and quotes, where blocks of HTML end early, it is an image."""
    machine = runnable(Diagram.from_fence(fence, file=file))
    guards, timers = (fence.attribute(name) in _YES for name in ("guards", "timers"))
    svg = draw(machine, "svg", guards=guards, timers=timers, theme=theme_named(fence.attribute("theme") or "light"))
    if not fence.prefix:
        return ["", '<div class="state-machine">', *svg.splitlines(), "</div>", ""]
    title = svg[svg.index("<title>") + 7 : svg.index("</title>")]
    return [f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">']
