"""Limits of what a session, and an agent on a day, may spend."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from argentos import Config, Emit, FileStore, ManualClock, MemoryStore, Reply, Request, Session, Supervisor, Usage
from argentos.errors import SpendingLimitError
from argentos.storage import SessionKey, Store

pytestmark = pytest.mark.anyio

START = datetime(2026, 5, 8, 22, 0, tzinfo=UTC)


class Priced:
    """Replies at this price, and to summaries too."""

    can_summarise = True

    def __init__(self, cost: float | None = 1.0) -> None:
        self.cost = cost
        self.asked = 0

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.asked += 1
        return Reply("They met." if request.instruction else "Yes.", Usage("priced", 10, 2, cost=self.cost))


async def spend(session: Session, times: int) -> None:
    for _ in range(times):
        await session.ask("Hi " * 50)


async def test_a_session_spends_no_more_than_it_may_and_others_go_on(store: MemoryStore) -> None:
    model = Priced()
    async with Supervisor(store, model, config=Config(max_spend_per_session=3.0)) as supervisor:
        await spend(supervisor.session("maren"), 3)
        with pytest.raises(
            SpendingLimitError, match=r"session maren has spent 3 of 3: raise maxSpendPerSession"
        ) as error:
            await supervisor.session("maren").ask("Hi")
        assert (error.value.code, error.value.is_transient) == ("spending_limit", False)
        await spend(supervisor.session("ada"), 1)
        assert model.asked == 4
    async with Supervisor(store, model, config=Config(max_spend_per_session=4.0)) as supervisor:
        assert await supervisor.session("maren").retry() is not None
        with pytest.raises(SpendingLimitError):
            await spend(supervisor.session("maren"), 2)


@pytest.mark.parametrize("kept", [True, False], ids=["files", "memory"])
async def test_an_agent_spends_no_more_on_a_day_than_it_may_after_a_restart_too(tmp_path: Path, *, kept: bool) -> None:
    clock = ManualClock(START)
    memory = MemoryStore()

    def store() -> Store:
        return FileStore(tmp_path) if kept else memory

    config = Config(max_spend_per_day=3.0)
    async with Supervisor(store(), Priced(), config=config, clock=clock) as supervisor:
        await spend(supervisor.session("maren"), 1)
        await spend(supervisor.session("ada"), 1)
    async with Supervisor(store(), Priced(), config=config, clock=clock) as supervisor:
        await spend(supervisor.session("maren"), 1)
        with pytest.raises(SpendingLimitError, match="agent main has spent 3 of 3 today") as error:
            await supervisor.session("jan").ask("Hi")
        assert error.value.retry_after == pytest.approx(2 * 3600, abs=1)
        clock.advance(2 * 3600 + 1)
        await spend(supervisor.session("jan"), 1)


async def test_what_was_spent_is_kept_with_the_session_and_a_summary_counts_for_the_day(store: MemoryStore) -> None:
    model = Priced(0.5)
    async with Supervisor(store, model, config=Config(max_spend_per_day=2.5), clock=ManualClock(START)) as supervisor:
        session = supervisor.session("maren")
        for _ in range(3):
            await session.ask("word " * 600)
        await session.compact()
        await spend(session, 1)
        with pytest.raises(SpendingLimitError, match=r"has spent 2\.5 of 2\.5 today"):
            await spend(session, 1)
    snapshot = await store.load(SessionKey("main", "maren"))
    assert snapshot is not None
    assert snapshot.metadata.spending is not None
    assert (snapshot.metadata.spending.total, snapshot.metadata.spending.day) == (2.0, START.date())


async def test_without_prices_nothing_is_spent(store: MemoryStore) -> None:
    async with Supervisor(store, Priced(None), config=Config(max_spend_per_session=0.001)) as supervisor:
        await spend(supervisor.session("maren"), 3)
    snapshot = await store.load(SessionKey("main", "maren"))
    assert snapshot is not None
    assert snapshot.metadata.spending is None
