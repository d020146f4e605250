"""Limits of what a session, and an agent on a day, may spend."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from argentos import (
    Config,
    Emit,
    Event,
    FileStore,
    ManualClock,
    MemoryStore,
    RecordAppended,
    Reply,
    Request,
    Session,
    Supervisor,
    Usage,
    UsageSoFar,
)
from argentos.errors import ModelError, NoReplyError, ReplyInterruptedError, SpendingLimitError
from argentos.storage import Charged, SessionKey, Spending, Store

pytestmark = pytest.mark.anyio

START = datetime(2026, 5, 8, 22, 0, tzinfo=UTC)


class Priced:
    """Replies at this price, and to summaries too."""

    can_summarise = True

    def __init__(self, cost: float | None = 1.0, answer: str = "Yes.", stop_reason: str | None = None) -> None:
        self.cost = cost
        self.answer, self.stop_reason = answer, stop_reason
        self.summary = "They met."
        self.asked = 0

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.asked += 1
        usage = Usage("priced", 10, 2, cost=self.cost)
        if request.instruction:
            return Reply(self.summary, usage)
        return Reply(self.answer, usage, stop_reason=self.stop_reason)


async def spend(session: Session, times: int, text: str = "Hi " * 50) -> None:
    for _ in range(times):
        await session.ask(text)


async def spent(store: Store) -> Spending | None:
    snapshot = await store.load(SessionKey("main", "maren"))
    assert snapshot is not None
    return snapshot.metadata.spending


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


@pytest.mark.parametrize(
    "config", [Config(max_spend_per_session=2.5), Config(max_spend_per_day=2.5)], ids=["session", "day"]
)
@pytest.mark.parametrize("kept", [True, False], ids=["files", "memory"])
async def test_a_summary_counts_for_the_session_and_for_the_day_after_a_restart_too(
    tmp_path: Path, config: Config, *, kept: bool
) -> None:
    clock, memory = ManualClock(START), MemoryStore()

    def store() -> Store:
        return FileStore(tmp_path) if kept else memory

    async with Supervisor(store(), Priced(0.5), config=config, clock=clock) as supervisor:
        await spend(supervisor.session("maren"), 3, "word " * 600)
        await supervisor.session("maren").compact()
    async with Supervisor(store(), Priced(0.5), config=config, clock=clock) as supervisor:
        await spend(supervisor.session("maren"), 1)
        with pytest.raises(SpendingLimitError, match=r"has spent 2\.5 of 2\.5"):
            await spend(supervisor.session("maren"), 1)
    async with store() as opened:
        assert await spent(opened) == Spending(2.5, 2.5, START.date())


@pytest.mark.parametrize("summary", ["", "word " * 3000], ids=["empty", "too long"])
async def test_a_summary_that_cannot_be_used_counts_as_well(store: MemoryStore, summary: str) -> None:
    model = Priced()
    model.summary = summary
    async with Supervisor(store, model) as supervisor:
        await spend(supervisor.session("maren"), 3, "word " * 600)
        await supervisor.session("maren").compact()
    found = await spent(store)
    assert found is not None
    assert found.total == model.asked > 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", None), ("No.", "refusal"), ("", "max_tokens")],
    ids=["nothing to say", "refused", "cut off"],
)
async def test_an_answer_that_is_not_kept_counts_as_well(store: MemoryStore, text: str, reason: str | None) -> None:
    model = Priced(answer=text, stop_reason=reason)
    async with Supervisor(store, model, config=Config(max_spend_per_session=2.0)) as supervisor:
        for _ in range(2):
            with pytest.raises((NoReplyError, ModelError)):
                await supervisor.session("maren").ask("Hi")
        with pytest.raises(SpendingLimitError, match="has spent 2 of 2"):
            await supervisor.session("maren").ask("Hi")
    assert model.asked == 2


class Cut(Priced):
    """Tells twice what its reply has cost up to there, and says no more, or breaks off."""

    def __init__(self, *, breaks: bool) -> None:
        super().__init__()
        self.breaks = breaks
        self.said = anyio.Event()

    async def reply(self, request: Request, emit: Emit) -> Reply:
        self.asked += 1
        for output, cost in ((0, 0.25), (3, 0.5)):
            await emit(UsageSoFar(Usage("priced", 10, output, cost=cost)))
            await emit("The tide ")
        self.said.set()
        if not self.breaks:
            await anyio.sleep_forever()
        raise ReplyInterruptedError(f"the reply to {request.session} broke off", is_transient=False)


async def charged(events: AsyncIterator[Event]) -> Usage:
    async for each in events:
        if isinstance(each, RecordAppended) and isinstance(each.record, Charged):
            return each.record.usage
    raise AssertionError("nothing was charged")


async def test_what_a_stop_cuts_off_counts_as_far_as_it_was_told(store: MemoryStore) -> None:
    model = Cut(breaks=False)
    config = Config(max_spend_per_day=0.5)
    async with Supervisor(store, model, config=config) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        turn = await session.send("When is the tide?")
        await model.said.wait()
        await session.stop()
        with pytest.raises(NoReplyError):
            await turn.reply()
        assert await charged(events) == Usage("priced", 10, 3, cost=0.5, is_estimate=True)
        with pytest.raises(SpendingLimitError, match=r"has spent 0\.5 of 0\.5 today"):
            await supervisor.session("jan").ask("Hi")
        assert (await session.history())[-1].text == "The tide The tide "
    found = await spent(store)
    assert found is not None
    assert found.total == 0.5


async def test_what_breaks_off_counts_as_far_as_it_was_told_and_so_does_each_attempt(store: MemoryStore) -> None:
    async with Supervisor(store, Cut(breaks=True), config=Config(max_spend_per_session=1.0)) as supervisor:
        for _ in range(2):
            with pytest.raises(ReplyInterruptedError):
                await supervisor.session("maren").ask("Hi")
        with pytest.raises(SpendingLimitError, match="has spent 1 of 1"):
            await supervisor.session("maren").ask("Hi")


async def test_without_prices_nothing_is_spent(store: MemoryStore) -> None:
    async with Supervisor(store, Priced(None), config=Config(max_spend_per_session=0.001)) as supervisor:
        await spend(supervisor.session("maren"), 3)
    assert await spent(store) is None


async def test_what_was_spent_moves_with_the_session(store: MemoryStore) -> None:
    limit = Config(max_spend_per_session=3.0)
    async with Supervisor(store, Priced(), config=limit) as first:
        await spend(first.session("maren"), 3)
        transcript = await first.session("maren").transcript()
    assert transcript.spent == 3.0
    async with Supervisor(MemoryStore(), Priced(), config=limit) as second:
        await second.session("maren").adopt(transcript)
        assert (await second.session("maren").transcript()).spent == 3.0
        with pytest.raises(SpendingLimitError, match="has spent 3 of 3"):
            await spend(second.session("maren"), 1)
