"""Transcripts that are trees: an edited or repeated message begins a branch, and the last one is what counts."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

__all__ = ["Node", "is_edited", "latest_thread"]

_ALIKE: Final = 0.5  # of two texts, of which the second is the first one edited
_COMPARED: Final = 400  # characters


class Node(NamedTuple):
    """An entry of a tree.

    Attributes:
        parent: the id of the entry before it; None where that is not known.
        is_root: there is none before it.
    """

    id: str | None
    parent: str | None
    is_root: bool = False


def latest_thread(nodes: Sequence[Node], leaf: str | None = None) -> set[int]:
    """The places of the entries that lead from a root to the last entry.

    An entry whose parent is not known, or not in the file before it, follows the one that stands before it.

    Args:
        nodes: in the order of the file.
        leaf: the id of the last entry; without it, or where it is not there, that of the file.
    """
    places: dict[str, int] = {}
    before: list[int] = []
    for place, node in enumerate(nodes):
        known = places.get(node.parent) if node.parent is not None else None
        before.append(-1 if node.is_root else place - 1 if known is None else known)
        if node.id is not None:
            places[node.id] = place
    thread: set[int] = set()
    place = len(nodes) - 1 if leaf is None else places.get(leaf, len(nodes) - 1)
    while place >= 0:
        thread.add(place)
        place = before[place]
    return thread


def is_edited(first: str, second: str) -> bool:
    """Tell whether a prompt that says that nothing is before it is the first one, edited.

    Where they have little in common it goes on from what stands before it, so that nothing is lost.
    """
    texts = (first[:_COMPARED], second[:_COMPARED])
    return all(texts) and SequenceMatcher(None, *texts, autojunk=False).ratio() >= _ALIKE
