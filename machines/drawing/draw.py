"""Drawing, in every format, by one function."""

from typing import Final, Literal, TypeAlias, get_args, overload

from argentos.errors import InputError
from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import annotate
from argentos.machines.drawing.dot import to_dot
from argentos.machines.drawing.live import Live
from argentos.machines.drawing.mermaid import to_mermaid
from argentos.machines.drawing.picture.png import to_png
from argentos.machines.drawing.picture.svg import to_svg
from argentos.machines.drawing.picture.themes import Theme
from argentos.machines.machine import Machine

__all__ = ["FORMATS", "Format", "draw"]

Format: TypeAlias = Literal["mermaid", "dot", "svg", "png", "text"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@overload
def draw(
    machine: Machine | Diagram,
    format: Literal["mermaid", "dot", "svg", "text"] = "mermaid",
    *,
    live: Live | None = None,
    guards: bool = False,
    timers: bool = False,
    theme: Theme = "light",
) -> str: ...
@overload
def draw(
    machine: Machine | Diagram,
    format: Literal["png"],
    *,
    live: Live | None = None,
    guards: bool = False,
    timers: bool = False,
    theme: Theme = "light",
) -> bytes: ...
@overload
def draw(
    machine: Machine | Diagram,
    format: Format,
    *,
    live: Live | None = None,
    guards: bool = False,
    timers: bool = False,
    theme: Theme = "light",
) -> str | bytes: ...
def draw(
    machine: Machine | Diagram,
    format: Format = "mermaid",
    *,
    live: Live | None = None,
    guards: bool = False,
    timers: bool = False,
    theme: Theme = "light",
) -> str | bytes:
    """Draw the definition or, with `live`, one thing that it runs.

    Args:
        machine: the machine; or a diagram, which need not be able to run.
        format: `mermaid` and `dot` are texts for other tools, `text` is for the terminal. `png` needs the extra
            `argentos[draw]`.
        live: marks the current state, and shows at each edge how often it was taken, and when last.
        guards: shows the guards that the labels do not show themselves.
        timers: shows the delays that the labels do not show themselves.
        theme: the colours of `svg` and `png`: `light`, `dark` or, in black and white, `print`.

    Returns:
        Text; the bytes of the file for `png`. The same arguments always give the same.

    Raises:
        InputError: there is no such format, or no such theme.
        UnknownStateError: `live` is about a state that the machine does not have.
        MissingExtraError: what makes pixels is not installed.
    """
    diagram = machine if isinstance(machine, Diagram) else machine.diagram
    annotations = annotate(machine, live, guards=guards, timers=timers)
    match format:
        case "mermaid":
            return to_mermaid(diagram, annotations)
        case "dot":
            return to_dot(diagram, annotations)
        case "text":
            from argentos.machines.drawing.text import to_text  # noqa: PLC0415 - rich measures texts, for this alone

            return to_text(diagram, annotations)
        case "svg":
            return to_svg(diagram, annotations, theme)
        case "png":
            return to_png(to_svg(diagram, annotations, theme))
        case _:
            raise InputError(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}")
