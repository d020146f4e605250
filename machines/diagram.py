"""A state diagram: what mermaid's text says, and where it says it."""

from dataclasses import dataclass

from argentos.machines.elements import OUTSIDE, Edge, Place, State
from argentos.machines.markdown import state_diagram
from argentos.machines.reader import read

__all__ = ["Diagram"]


@dataclass(frozen=True, slots=True)
class Diagram:
    """A mermaid `stateDiagram`: its states and edges in the order of the text.

    `file` is the name that errors give; `end` is the place of the last line.
    """

    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    direction: str
    end: Place
    file: str

    @classmethod
    def parse(cls, text: str, *, file: str = "<diagram>") -> "Diagram":
        """Read mermaid's text.

        Raises:
            DiagramError: the text is not a state diagram of the flat subset: states, edges with labels,
                aliases, descriptions, comments and a direction.
        """
        return cls(*read(text, file=file), file=file)

    @classmethod
    def from_markdown(cls, text: str, *, file: str = "<markdown>") -> "Diagram":
        """Read the one state diagram among the mermaid fences of a Markdown text.

        Fences may carry attributes, as in ```` ```mermaid theme={null} ````.

        Raises:
            DiagramError: there is no state diagram or more than one, or it cannot be read. Lines count
                from the top of the Markdown text.
        """
        fence = state_diagram(text, file=file)
        # Empty lines in front keep the line numbers those of the whole text.
        return cls.parse("\n" * fence.line + fence.body, file=file)

    def to_mermaid(self) -> str:
        """The diagram as mermaid's text; reading it again gives the same states and edges."""
        lines = ["stateDiagram-v2"]
        if self.direction:
            lines.append(f"    direction {self.direction}")
        ends = (name for edge in self.edges for name in (edge.source, edge.target) if name != OUTSIDE)
        implied = [(name, "") for name in dict.fromkeys(ends)]
        # Edges name their states by themselves; any other state, order or description needs a line for each.
        declared = () if [(state.name, state.description) for state in self.states] == implied else self.states
        for state in declared:
            if '"' in state.description:
                lines.append(f"    {state.name} : {state.description}")
            elif state.description:
                lines.append(f'    state "{state.description}" as {state.name}')
            else:
                lines.append(f"    state {state.name}")
        lines += [f"    {edge}" for edge in self.edges]
        return "\n".join(lines) + "\n"
