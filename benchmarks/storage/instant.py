"""A model and a counter of tokens that cost next to nothing, so that what is measured is ours."""

from argentos import Emit, Reply, Request
from benchmarks.storage.contestants.closed_loop import TEXT

__all__ = ["InstantModel", "count_quickly"]


class InstantModel:
    """Answers at once, with as many bytes as a message has."""

    name = "instant"

    async def reply(self, _request: Request, _emit: Emit) -> Reply:
        """See `argentos.Model.reply`."""
        return Reply(TEXT)


def count_quickly(text: str) -> int:
    """A token for every four characters."""
    return len(text) // 4
