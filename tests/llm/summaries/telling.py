"""Conversations of which every message has been answered."""

from collections.abc import Callable

from argentos.storage import Snapshot

__all__ = ["said"]


def said(tell: Callable[..., Snapshot], *moments: str) -> Snapshot:
    """The snapshot of a conversation, see `tell`; a turn takes up each message of the user."""
    return tell(*[each for moment in moments for each in _answered(moment)])


def _answered(moment: str) -> list[str]:
    return [moment, "turn", "end"] if moment.startswith("user") else [moment]
