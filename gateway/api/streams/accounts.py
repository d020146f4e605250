"""Accounts on platforms: their news, told to a client beside the events of sessions."""

from typing import Final

import anyio

from argentos.actors import Event, RecordAppended
from argentos.gateway.api.streams.lines import TellLines, line_of
from argentos.gateway.api.streams.told import ChannelsChanged
from argentos.gateway.channels.status import News, Statuses
from argentos.storage import Accepted, Delivered, OwedAgain, Replied, Responded, Rewound, Undone

__all__ = ["AccountNews"]

_PACE: Final = 0.2  # seconds between two times that a client is told


class AccountNews:
    """The news of accounts, and of what is owed to channels, for one client.

    Args:
        statuses: of the accounts.
        tell: tells the client.
    """

    def __init__(self, statuses: Statuses, tell: TellLines) -> None:
        self._statuses = statuses
        self._tell = tell
        self._news = News()

    def hear(self, event: Event) -> None:
        """Take note of an event after which something else is owed to a channel."""
        match event:
            case RecordAppended(record=(Accepted(is_owed=True) | Responded(is_owed=True) | Replied(is_owed=True))):
                self._news.tell()
            case RecordAppended(record=(Delivered() | OwedAgain() | Undone() | Rewound())):
                self._news.tell()
            case _:
                pass

    async def run(self) -> None:
        """Tell that something has changed, at most five times in a second."""
        with self._statuses.followed(self._news):
            while True:
                await self._news.wait()
                await self._tell((line_of(ChannelsChanged()),))
                await anyio.sleep(_PACE)
