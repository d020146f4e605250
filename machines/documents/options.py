"""The ways to draw that a document may ask for, and the machine that it names."""

from argentos.errors import DiagramError, InputError
from argentos.machines.diagram import Diagram
from argentos.machines.drawing import THEMES, Theme
from argentos.machines.lifecycles import MACHINES
from argentos.machines.machine import Machine

__all__ = ["machine_named", "runnable", "theme_named"]


def theme_named(name: str) -> Theme:
    """The theme of this name.

    Raises:
        InputError: there is none.
    """
    for theme in THEMES:
        if theme == name:
            return theme
    raise InputError(f"there is no theme {name!r}; choose one of {', '.join(THEMES)}")


def machine_named(name: str) -> Machine:
    """The machine of the program that has this name.

    Raises:
        InputError: there is none.
    """
    if name not in MACHINES:
        raise InputError(f"there is no machine {name!r}; choose one of {', '.join(MACHINES)}, or give a diagram")
    return MACHINES[name]


def runnable(diagram: Diagram) -> Machine | Diagram:
    """The machine of a diagram, for its guards and timers; the diagram itself where it does not run."""
    try:
        return Machine(diagram, stored=True)
    except DiagramError:
        return diagram
