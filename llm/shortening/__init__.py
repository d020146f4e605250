"""Shortening: results of calls that fill the window are shown in part, and the history keeps them whole.

Reading order; each imports only those above it:

    showing     messages as requests show them
    planning    which messages to show less of
"""

from argentos.llm.shortening.planning import find_cuts
from argentos.llm.shortening.showing import as_shown

__all__ = ["as_shown", "find_cuts"]
