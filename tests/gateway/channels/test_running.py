"""The channels of a gateway as a whole."""

from pathlib import Path

import anyio
import pytest

from argentos import MemoryStore, OfflineModel, Supervisor
from argentos.errors import InputError
from argentos.gateway.channels.running import Channels


def test_another_event_loop_than_that_of_asyncio_is_refused_in_one_sentence(tmp_path: Path) -> None:
    async def run() -> None:
        async with Supervisor(MemoryStore(), OfflineModel()) as supervisor:
            with pytest.raises(InputError, match="channels stand on asyncio alone"):
                await Channels(supervisor, (), tmp_path).__aenter__()

    anyio.run(run, backend="trio")
