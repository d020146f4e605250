"""A directive for Sphinx, `state-machine`: a picture in HTML, a drawing of letters elsewhere.

    extensions = ["argentos.machines.documents.sphinx"]

In a document it has the path of a diagram, the name of a machine of the program, or mermaid's text beneath it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from argentos.errors import ArgentError, InputError
from argentos.machines.diagram import Diagram
from argentos.machines.documents.options import machine_named, runnable, theme_named
from argentos.machines.drawing import draw
from argentos.machines.machine import Machine

__all__ = ["StateMachine", "setup"]

_BUILDERS = ("latex", "text", "man", "texinfo", "gettext")


class DrawnMachine(nodes.General, nodes.Element):
    """A drawn machine: its picture is for HTML; what is in it, for all else."""


class StateMachine(SphinxDirective):
    """The directive `state-machine`, with the options `machine`, `theme`, `guards` and `timers`."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]] | None] = {
        "machine": directives.unchanged_required,
        "theme": directives.unchanged_required,
        "guards": directives.flag,
        "timers": directives.flag,
    }

    def run(self) -> Sequence[nodes.Node]:
        """Draw the machine; what is wrong with it is an error of the document."""
        guards, timers = "guards" in self.options, "timers" in self.options
        try:
            machine = self._machine()
            theme = theme_named(self.options.get("theme", "light"))
            picture = draw(machine, "svg", guards=guards, timers=timers, theme=theme)
            letters = draw(machine, "text", guards=guards, timers=timers)
        except ArgentError as error:
            raise self.error(str(error)) from error
        node = DrawnMachine(picture=picture)
        node += nodes.literal_block(letters, letters, language="none")
        return [node]

    def _machine(self) -> Machine | Diagram:
        given = [bool(each) for each in (self.arguments, self.options.get("machine"), self.content)]
        if sum(given) != 1:
            raise InputError("state-machine takes one of three: a path, ':machine: NAME', or a diagram's text beneath")
        if self.content:
            return runnable(Diagram.parse("\n".join(self.content), file=self.env.docname))
        if not self.arguments:
            return machine_named(self.options["machine"])
        relative, absolute = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        try:
            text = Path(absolute).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{relative} cannot be read: {error}") from error
        return runnable(Diagram.parse(text, file=relative))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Have Sphinx know the directive."""
    plain: Any = dict.fromkeys(_BUILDERS, (_pass, _pass))
    app.add_node(DrawnMachine, html=(_show, None), **plain)
    app.add_directive("state-machine", StateMachine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _show(writer: Any, node: DrawnMachine) -> None:
    writer.body.append(f'<div class="state-machine">{node["picture"]}</div>\n')
    raise nodes.SkipNode


def _pass(writer: Any, node: DrawnMachine) -> None:
    """Leave the writing to what is in the node."""
