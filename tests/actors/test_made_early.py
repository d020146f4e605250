"""A supervisor is made before any event loop runs, as at the top of a module, and used in one loop after the other."""

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from argentos import Agent, AnthropicModel, FileStore, MemoryStore, OfflineModel, Store, Supervisor


def in_memory(_: Path) -> Store:
    return MemoryStore()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("store", [in_memory, FileStore], ids=["memory", "files"])
def test_a_supervisor_is_made_at_the_top_of_a_module(
    store: Callable[[Path], Store], backend: str, tmp_path: Path
) -> None:
    supervisor = Supervisor(
        store(tmp_path),
        {"main": Agent(OfflineModel()), "sales": OfflineModel(), "never-asked": AnthropicModel(api_key="none")},
        outbox=["telegram"],
    )
    session = supervisor.session("jason")

    async def ask() -> str:
        async with supervisor:
            return (await session.ask("hello")).text

    assert anyio.run(ask, backend=backend)
    assert anyio.run(ask, backend=backend)
