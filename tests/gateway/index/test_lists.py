"""Lists choose, count and put in order, page by page, and show what is so now."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from argentos import Address, Config, ManualClock, MemoryStore, OfflineModel
from argentos.errors import InputError
from argentos.gateway.index import SessionQuery
from tests.gateway.index.conftest import Indexed, Indexing

pytestmark = pytest.mark.anyio


async def make(indexed: Indexed, clock: ManualClock, ids: Sequence[str]) -> None:
    for each in ids:
        clock.advance(1)
        await indexed.supervisor.session(each).say(f"This is {each}.")


async def test_pinned_sessions_come_first_then_those_with_the_latest_activity(
    indexing: Indexing, clock: ManualClock
) -> None:
    async with indexing() as indexed:
        await make(indexed, clock, ["a", "b", "c", "d"])
        await indexed.supervisor.session("b").update(pinned=True)
        await make(indexed, clock, ["a"])
        assert await indexed.ids() == ["b", "a", "d", "c"]


async def test_a_list_is_what_the_supervisor_lists(indexing: Indexing, clock: ManualClock) -> None:
    async with indexing() as indexed:
        await make(indexed, clock, ["a", "b/c", "Ünal", "日本"])
        page = await indexed.index.page()
        assert list(page.sessions) == await indexed.supervisor.list()
        assert (page.total, page.next, page.problems) == (4, None, ())


async def test_pages_have_every_session_once(indexing: Indexing, clock: ManualClock) -> None:
    async with indexing() as indexed:
        ids = [f"s-{number}" for number in range(23)]
        async with anyio.create_task_group() as group:
            for each in ids:  # at one moment, so that only their ids tell them apart
                group.start_soon(indexed.supervisor.session(each).create)
        await make(indexed, clock, ["s-7", "s-3"])
        await indexed.supervisor.session("s-20").update(pinned=True)
        seen: list[str] = []
        after: str | None = None
        while after is not None or not seen:
            page = await indexed.index.page(SessionQuery(limit=5, after=after))
            assert (page.total, len(page.sessions)) == (23, min(5, 23 - len(seen)))
            seen += [each.id for each in page.sessions]
            after = page.next
        first = ["s-20", "s-3", "s-7"]
        assert seen == [*first, *sorted({*ids} - {*first})]


async def test_sessions_are_chosen_by_what_they_are(indexing: Indexing, clock: ManualClock) -> None:
    agents = {"main": OfflineModel(), "sales": OfflineModel()}
    async with indexing(agents=agents) as indexed:
        await make(indexed, clock, ["maren", "jonas", "tide-tables"])
        await indexed.supervisor.session("maren", agent="sales").ask("Hello?", address=Address("telegram", "7"))
        await indexed.supervisor.session("jonas").update(owner="jonas", tags=["travel", "work"], title="Über die Fähre")
        await indexed.supervisor.session("maren").update(owner="maren", archived=True)
        assert await indexed.ids(agent="main") == ["tide-tables", "jonas", "maren"]
        assert await indexed.ids(agent="sales") == ["maren"]
        assert await indexed.ids(owner="jonas") == await indexed.ids(tag="travel") == ["jonas"]
        assert await indexed.ids(tag="trav") == await indexed.ids(owner="nobody") == []
        assert await indexed.ids(channel="telegram") == ["maren"]
        assert await indexed.ids(archived=True) == ["maren"]
        assert "maren" not in await indexed.ids(archived=False, agent="main")
        assert await indexed.ids(text="TIDE") == ["tide-tables"]
        assert await indexed.ids(text="fähre ÜBER") == ["jonas"]
        assert await indexed.ids(text="fähre work") == ["jonas"]
        assert await indexed.ids(text="fähre tide") == []
        assert await indexed.ids(text="JON", owner="jonas", tag="work", agent="main", archived=False) == ["jonas"]
        await indexed.supervisor.session("jonas").update(owner="maren", tags=["later"], title="")
        assert (
            await indexed.ids(owner="jonas") == await indexed.ids(tag="travel") == await indexed.ids(text="fähre") == []
        )


async def test_a_list_counts_each_status_and_state_of_all_that_is_chosen_otherwise(indexing: Indexing) -> None:
    async with indexing() as indexed:
        for name in ("a", "b", "c"):
            await indexed.supervisor.session(name).create()
        await indexed.supervisor.session("a").ask("Hello?")
        await indexed.supervisor.session("b").update(tags=["work"])
        page = await indexed.index.page(SessionQuery(state="Created", limit=1))
        assert (len(page.sessions), page.total) == (1, 2)
        assert (page.states, page.counts) == ({"Active": 1, "Created": 2}, {"new": 2})
        page = await indexed.index.page(SessionQuery(status="idle"))
        assert ([each.id for each in page.sessions], page.total) == (["a"], 1)
        assert (page.states, page.counts) == ({"Active": 1}, {"idle": 1, "new": 2})
        page = await indexed.index.page(SessionQuery(state="Active", tag="work"))
        assert (page.sessions, page.total, page.states) == ((), 0, {"Created": 1})


async def test_a_session_is_idle_by_time_alone_though_it_is_not_in_memory(
    indexing: Indexing, clock: ManualClock
) -> None:
    config = Config(idle_after=60)
    async with indexing(config=config) as indexed:
        await indexed.supervisor.session("maren").ask("Hello?")
        assert await indexed.ids(state="Active") == ["maren"]
    async with indexing(config=config, resume=False) as indexed:
        clock.advance(59)
        assert await indexed.ids(state="Active") == ["maren"]
        clock.advance(1)
        page = await indexed.index.page(SessionQuery(state="Idle"))
        assert [each.state for each in page.sessions] == ["Idle"]
        assert (page.total, page.states) == (1, {"Idle": 1})
        assert await indexed.ids(state="Active") == []
        assert indexed.supervisor.live == 0


async def test_what_has_just_happened_is_in_the_next_list(indexing: Indexing) -> None:
    async with indexing(on=MemoryStore()) as indexed:
        for number in range(50):
            session = indexed.supervisor.session(f"s-{number}")
            await session.create()
            assert session.id in await indexed.ids(limit=1000)
            if number % 2:
                await session.delete()
                assert session.id not in await indexed.ids(limit=1000)


async def test_a_session_that_cannot_be_read_is_told_of(indexing: Indexing, state: Path, clock: ManualClock) -> None:
    async with indexing() as indexed:
        await make(indexed, clock, ["a", "b"])
    (state / "index.sqlite").unlink()
    (state / "agents/main/sessions/a/metadata.json").write_text('{"version": 99}')
    async with indexing(resume=False) as indexed:
        page = await indexed.index.page()
        assert [each.id for each in page.sessions] == ["b"]
        assert len(page.problems) == 1
        assert "sessions/a" in page.problems[0]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (SessionQuery(limit=0), "the limit"),
        (SessionQuery(limit=1001), "the limit"),
        (SessionQuery(after="nonsense"), "is no cursor"),
        (SessionQuery(after="WzEsMl0"), "is no cursor"),
        (SessionQuery(after="日"), "is no cursor"),
        (SessionQuery(owner=""), "the owner"),
        (SessionQuery(text="x" * 1001), "1,000 is the most"),
        (SessionQuery(text="\ud800"), "surrogate"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(indexing: Indexing, query: SessionQuery, sentence: str) -> None:
    async with indexing(on=MemoryStore()) as indexed:
        with pytest.raises(InputError, match=sentence):
            await indexed.index.page(query)
