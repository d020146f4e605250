"""Machines and diagrams as pictures: mermaid, DOT, SVG, PNG, and text for the terminal.

The same input gives the same bytes. With `Live` the current state is marked, and each edge says how often it was taken
and when last.
"""

from argentos.machines.drawing.draw import FORMATS, Format, draw
from argentos.machines.drawing.figure import Figure, FigureEdge, FigureState, figure
from argentos.machines.drawing.live import Live, Traversals

__all__ = ["FORMATS", "Figure", "FigureEdge", "FigureState", "Format", "Live", "Traversals", "draw", "figure"]
