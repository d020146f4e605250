"""The edges that a session has taken."""

import sys

from argentos.storage.records import Transitioned
from argentos.storage.snapshot import Metadata, Taken

__all__ = ["taken"]


def taken(old: Metadata, record: Transitioned) -> dict[str, Taken]:
    """The edges taken so far; all sessions share their names, which would be half of what a quiet one costs."""
    edges = {sys.intern(edge): taken for edge, taken in old.edges.items()}
    edge = sys.intern(f"{record.source} --> {record.target}: {record.label}")
    count = edges[edge].count + 1 if edge in edges else 1
    return {**edges, edge: Taken(count, record.at)}
