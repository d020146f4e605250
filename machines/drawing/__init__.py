"""Machines and diagrams as pictures: mermaid, DOT, SVG, PNG, and text for the terminal.

The same input gives the same bytes. With `Live` the current state is marked, and each edge says how often it was taken
and when last.
"""

from argentos.machines.drawing.draw import FORMATS, Format, draw
from argentos.machines.drawing.figure import Figure, FigureEdge, FigureState, figure
from argentos.machines.drawing.live import Live, Traversals
from argentos.machines.drawing.picture.themes import THEMES, Theme

__all__ = [
    "FORMATS",
    "THEMES",
    "Figure",
    "FigureEdge",
    "FigureState",
    "Format",
    "Live",
    "Theme",
    "Traversals",
    "draw",
    "figure",
]
