"""`argent diagram`: to draw machines, to check the drawings in documents, and to compare versions."""

from argentos.gateway.commands.diagram.draw import command

__all__ = ["command"]
