"""Transcripts that are trees: an edited or repeated message begins a branch, and the last one is what counts."""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Node", "latest_thread"]


class Node(NamedTuple):
    """An entry of a tree.

    Attributes:
        parent: the id of the entry before it; None where that is not known.
        is_root: there is none before it.
    """

    id: str | None
    parent: str | None
    is_root: bool = False


def latest_thread(nodes: Sequence[Node]) -> set[int]:
    """The places of the entries that lead from a root to the last entry.

    An entry whose parent is not known, or not in the file before it, follows the one that stands before it.
    """
    places: dict[str, int] = {}
    before: list[int] = []
    for place, node in enumerate(nodes):
        known = places.get(node.parent) if node.parent is not None else None
        before.append(-1 if node.is_root else place - 1 if known is None else known)
        if node.id is not None:
            places[node.id] = place
    thread: set[int] = set()
    place = len(nodes) - 1
    while place >= 0:
        thread.add(place)
        place = before[place]
    return thread
