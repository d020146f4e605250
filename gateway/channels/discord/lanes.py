"""Lanes: work that is done in its order in each channel, and in several channels at once."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from anyio.abc import TaskGroup

from argentos.errors import ChannelError

__all__ = ["Lanes"]

T = TypeVar("T")

_MOST: Final = 10_000  # pieces of work that wait; the platform gives the rest again


class Lanes(Generic[T]):
    """The work of all channels; a channel without any costs nothing.

    Args:
        group: of the tasks.
        do: does a piece of work of a channel.
    """

    def __init__(self, group: TaskGroup, do: Callable[[int, T], Awaitable[None]]) -> None:
        self._group = group
        self._do = do
        self._lanes: dict[int, deque[T]] = {}
        self._waiting = 0

    def put(self, channel: int, work: T) -> None:
        """Have a piece of work be done behind the other ones of its channel.

        Raises:
            ChannelError: too much waits.
        """
        if self._waiting >= _MOST:
            raise ChannelError(f"{_MOST} messages wait to be taken, and are asked for again later")
        self._waiting += 1
        lane = self._lanes.get(channel)
        if lane is None:
            lane = self._lanes[channel] = deque()
            self._group.start_soon(self._work, channel, lane, name=f"argentos discord {channel}")
        lane.append(work)

    async def _work(self, channel: int, lane: deque[T]) -> None:
        while lane:
            await self._do(channel, lane[0])
            lane.popleft()
            self._waiting -= 1
        del self._lanes[channel]
