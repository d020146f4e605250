"""A model and a counter of tokens that cost next to nothing, so that what is measured is ours."""

from collections.abc import AsyncGenerator

from argentos import Reply, Request
from benchmarks.storage.contestants.closed_loop import TEXT

__all__ = ["InstantModel", "count_quickly"]


class InstantModel:
    """Answers at once, with as many bytes as a message has."""

    name = "instant"
    token_ratio = 1.0
    can_summarise = False

    async def stream(self, request: Request) -> AsyncGenerator[str | Reply, None]:  # noqa: ARG002 - all get the same
        """See `argentos.Model.stream`."""
        yield Reply(TEXT)


def count_quickly(text: str) -> int:
    """A token for every four characters."""
    return len(text) // 4
