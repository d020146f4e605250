"""A graph of the sessions whose turns wait for each other, while they do.

It refuses a turn that would wait for itself, through others too, and chains without end. A session that waits for none,
and for which none waits, takes no room in it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from argentos.errors import SessionError
from argentos.storage import SessionKey

__all__ = ["Node", "WaitGraph"]

T = TypeVar("T")

_DEEPEST: Final = 16  # turns that wait, each for the next


class Node:
    """A session in the graph.

    Attributes:
        awaited: the sessions that its turn waits for, once for each task that does.
        depths: of the sessions that wait for it.
    """

    __slots__ = ("__weakref__", "awaited", "depths")

    def __init__(self) -> None:
        self.awaited: tuple[Node, ...] = ()
        self.depths: tuple[int, ...] = ()

    @property
    def depth(self) -> int:
        """The length of the longest chain of sessions that wait for this one, each for the next."""
        return 1 + max(self.depths) if self.depths else 0

    @contextmanager
    def awaiting(self, other: "Node") -> Generator[None]:
        """Wait for a turn of another session.

        Raises:
            SessionError: that one waits for this, or the chain is too long.
        """
        if other.waits_for(self):
            raise SessionError(
                "the reply waits for the turn that waits for it; send the message, and do not wait for its reply"
            )
        depth = self.depth
        if depth >= _DEEPEST - 1:
            raise SessionError(f"turns wait for each other, {_DEEPEST} deep; have it not go on for ever")
        self.awaited += (other,)
        other.depths += (depth,)
        try:
            yield
        finally:
            self.awaited = _without(self.awaited, other)
            other.depths = _without(other.depths, depth)

    def waits_for(self, other: "Node") -> bool:
        """Tell whether this is the other session, or waits for it, through others too."""
        found: set[Node] = set()
        left: list[Node] = [self]
        while left:
            node = left.pop()
            if node is other:
                return True
            if node not in found:
                found.add(node)
                left += node.awaited
        return False


class WaitGraph:
    """The graph of one supervisor."""

    def __init__(self) -> None:
        self._nodes: WeakValueDictionary[SessionKey, Node] = WeakValueDictionary()

    def node(self, key: SessionKey) -> Node:
        """The session in the graph, as long as somebody keeps it."""
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node()
        return node


def _without(values: tuple[T, ...], value: T) -> tuple[T, ...]:
    at = values.index(value)
    return (*values[:at], *values[at + 1 :])
