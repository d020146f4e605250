"""What the tests of the actors share: a clock that stands still, and supervisors on a store in memory."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from argentos import Agent, Config, ManualClock, MemoryStore, Model, OfflineModel, Supervisor
from argentos.storage import Store

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 5, 8, 7, 0, tzinfo=UTC))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def running(clock: ManualClock, store: MemoryStore) -> Running:
    """Start a supervisor on the fixtures' clock and store; words count as tokens."""

    @asynccontextmanager
    async def run(
        model: Model | None = None, *, on: Store | None = None, config: Config | None = None, **options: Any
    ) -> AsyncGenerator[Supervisor]:
        settings: dict[str, Any] = {"clock": clock, "count": count_words, "count_inline": 10**6, "grace": 0, **options}
        agent = Agent(model or OfflineModel(), settings.pop("system", ""))
        async with Supervisor(on or store, agent, config=config, **settings) as supervisor:
            yield supervisor

    return run


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether a test is to take its time: `make cancellation LONG=1`."""
    return bool(request.config.getoption("--long", default=False))


def count_words(text: str) -> int:
    return len(text.split())
