"""Stores of every kind, open and not yet open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argentos.storage import FileStore, MemoryStore, Store, inline


@pytest.fixture(params=["memory", "file in threads", "file inline"])
def closed_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "memory":
            return MemoryStore()
        case "file in threads":
            return FileStore(tmp_path / "state")
        case _:
            return FileStore(tmp_path / "state", run=inline)


@pytest.fixture
async def store(closed_store: Store) -> AsyncIterator[Store]:
    async with closed_store:
        yield closed_store
