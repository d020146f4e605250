"""What the tests of the index share: supervisors on files, with an index, on a clock that stands still."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import pytest

from argentos import Agent, FileStore, ManualClock, OfflineModel, Supervisor
from argentos.gateway.index import SearchQuery, SearchResult, SessionIndex, SessionQuery
from argentos.storage import Store


class Indexed:
    """A supervisor and its index."""

    def __init__(self, supervisor: Supervisor, index: SessionIndex) -> None:
        self.supervisor = supervisor
        self.index = index

    async def ids(self, **query: Any) -> list[str]:
        """The ids of a page."""
        return [each.id for each in (await self.index.page(SessionQuery(**query))).sessions]

    async def find(self, text: str, **query: Any) -> SearchResult:
        """What a search gives, once all is in the index."""
        with anyio.fail_after(20):
            await self.index.settle()
        return await self.index.search(SearchQuery(text=text, **query))

    async def found(self, text: str, **query: Any) -> list[tuple[str, int]]:
        """The sessions and numbers of the messages that a search finds."""
        return [(each.session, each.number) for each in (await self.find(text, **query)).hits]


Indexing: TypeAlias = Callable[..., AbstractAsyncContextManager[Indexed]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 5, 8, 7, 0, tzinfo=UTC))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory that does not exist yet."""
    return tmp_path / "state"


@pytest.fixture
def indexing(clock: ManualClock, state: Path) -> Indexing:
    """Start a supervisor and an index of it."""

    @asynccontextmanager
    async def start(*, on: Store | None = None, agents: Any = None, **options: Any) -> AsyncGenerator[Indexed]:
        settings: dict[str, Any] = {"clock": clock, "grace": 0, **options}
        store = on or FileStore(state)
        async with (
            Supervisor(store, agents or Agent(OfflineModel()), **settings) as supervisor,
            SessionIndex(supervisor) as index,
        ):
            yield Indexed(supervisor, index)

    return start
