"""Stores and models that behave badly, as sessions with certain names ask for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio

from argentos import Emit, FileStore, MemoryStore, Reply, Request
from argentos.storage import Record, Replied, SessionKey, Store, TurnEnded
from benchmarks.storage.instant import InstantModel

__all__ = ["CRASHING", "HUNG", "HangingModel", "store_in"]

CRASHING: Final = "crashing"
HUNG: Final = "hung"


class HangingModel(InstantModel):
    """Never answers the sessions that are to hang."""

    async def reply(self, request: Request, emit: Emit) -> Reply:
        """See `argentos.Model.reply`."""
        if request.session.startswith(HUNG):
            await anyio.sleep_forever()
        return await super().reply(request, emit)


def _crash(key: SessionKey, records: Sequence[Record]) -> None:
    """Raise where a turn of a session ends that is to crash; its message was durable before."""
    if key.id.startswith(CRASHING) and any(isinstance(record, Replied | TurnEnded) for record in records):
        raise RuntimeError("this session crashes")


class _InMemory(MemoryStore):
    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        _crash(key, records)
        return await super().append(key, epoch, expected_sequence, records)


class _InFiles(FileStore):
    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        _crash(key, records)
        return await super().append(key, epoch, expected_sequence, records)


def store_in(folder: str) -> Store:
    """A store in this folder, or in memory if there is none."""
    return _InFiles(Path(folder)) if folder else _InMemory()
