"""Reading the diagrams that come with the program."""

from importlib import resources

from argentos.machines.diagram import Diagram

__all__ = ["diagram"]


def diagram(name: str) -> Diagram:
    """The diagram of a lifecycle, `diagrams/<name>.mmd`."""
    path = resources.files("argentos.diagrams").joinpath(f"{name}.mmd")
    return Diagram.parse(path.read_text(encoding="utf-8"), file=str(path))
