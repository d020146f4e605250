"""The book of pairings of another process."""

from argentos.actors.control import operations
from argentos.actors.control.client import Client
from argentos.actors.pairing.book import PairingBook
from argentos.actors.pairing.changes import Change
from argentos.storage import SessionKey

__all__ = ["RemotePairings"]


class RemotePairings:
    """The book of pairings in the process that owns the state directory.

    Args:
        client: asks that process.
        key: of the agent.
    """

    def __init__(self, client: Client, key: SessionKey) -> None:
        self._client = client
        self._key = key

    async def read(self) -> PairingBook:
        """All pairings as they are now."""
        return await self._client.one(operations.PAIRINGS, self._key)

    async def change(self, change: Change) -> PairingBook:
        """The book after a change, which is durable."""
        return await self._client.one(operations.CHANGE_PAIRING, self._key, change=change)
