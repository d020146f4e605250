"""The index is kept current, and derived: missing, damaged or behind, it comes to what the sessions are."""

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from argentos import FileStore, ManualClock, MemoryStore, OfflineModel, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import StoreBusyError, StoreError
from argentos.gateway.index import SearchQuery, SearchResult, SessionIndex, SessionQuery, updating, writing
from tests.gateway.index.conftest import Indexing

pytestmark = pytest.mark.anyio


def database(state: Path) -> Path:
    return state / "search" / "index.sqlite"


async def talk(state: Path, clock: ManualClock, text: str, *names: str) -> None:
    """What is said while there is no index."""
    async with Supervisor(FileStore(state), OfflineModel(), clock=clock) as supervisor:
        for name in names:
            await supervisor.session(name).say(text)


async def test_an_index_that_is_new_has_what_was_said_before(
    indexing: Indexing, state: Path, clock: ManualClock
) -> None:
    await talk(state, clock, "walrus", "a", "b")
    async with indexing() as indexed:
        assert sorted(await indexed.found("walrus")) == [("a", 1), ("b", 1)]
        assert sorted(await indexed.ids()) == ["a", "b"]


async def test_what_happened_while_there_was_no_index_is_in_it_afterwards(
    indexing: Indexing, state: Path, clock: ManualClock
) -> None:
    await talk(state, clock, "walrus", "a", "b")
    async with indexing() as indexed:
        await indexed.index.settle()
    before = database(state).stat().st_ino
    await talk(state, clock, "penguin", "b", "c")
    async with indexing() as indexed:
        assert sorted(await indexed.found("penguin")) == [("b", 2), ("c", 1)]
        assert sorted(await indexed.found("walrus")) == [("a", 1), ("b", 1)]
        assert sorted(await indexed.ids()) == ["a", "b", "c"]
    assert database(state).stat().st_ino == before


def remove(path: Path) -> None:
    path.unlink()


def spoil(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def spoil_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)


def make_newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lose_a_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE labels")
    connection.close()


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [remove, spoil, spoil_the_middle, make_newer, empty, lose_a_table, put_a_folder])
async def test_an_index_that_is_damaged_is_made_anew(
    indexing: Indexing, state: Path, clock: ManualClock, harm: Callable[[Path], None]
) -> None:
    await talk(state, clock, "walrus", *(f"s-{number}" for number in range(30)))
    async with indexing() as indexed:
        await indexed.index.settle()
    harm(database(state))
    async with indexing() as indexed:
        with anyio.fail_after(20):
            while len((await look(indexed.index)).hits) < 30:
                await indexed.index.settle()
        assert len(await indexed.ids()) == 30


async def look(index: SessionIndex) -> SearchResult:
    """Search, as somebody does who tries again where the index is just being made anew."""
    while True:
        try:
            return await index.search(SearchQuery(text="walrus"))
        except StoreError:
            await anyio.sleep(0.01)


async def test_a_file_is_private_and_in_a_folder_of_its_own(indexing: Indexing, state: Path) -> None:
    async with indexing() as indexed:
        await indexed.supervisor.session("a").say("walrus")
        await indexed.index.settle()
        files = sorted((state / "search").iterdir())
        assert {each.name for each in files} <= {"index.sqlite", "index.sqlite-shm", "index.sqlite-wal", "lock"}
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        assert stat.S_IMODE((state / "search").stat().st_mode) == 0o700
    assert sorted(each.name for each in (state / "search").iterdir()) == ["index.sqlite", "lock"]


async def test_a_store_without_a_directory_has_an_index_in_memory(indexing: Indexing, state: Path) -> None:
    async with indexing(on=MemoryStore()) as indexed:
        await indexed.supervisor.session("a").say("walrus")
        assert await indexed.found("walrus") == [("a", 1)]
    assert not state.exists()  # noqa: ASYNC240 - no other task waits


async def test_a_directory_has_one_index_at_a_time(indexing: Indexing) -> None:
    async with indexing() as indexed:
        with pytest.raises(StoreBusyError, match="search is in use by"):
            async with SessionIndex(indexed.supervisor):
                pass
        await indexed.supervisor.session("a").say("walrus")
        assert await indexed.found("walrus") == [("a", 1)]


async def test_while_it_is_made_a_search_says_so_and_finds_what_is_there(
    indexing: Indexing, state: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(state, clock, "walrus", "a", "b", "c")
    clock.advance(1)
    await talk(state, clock, "walrus", "d")
    monkeypatch.setattr(writing, "_SESSIONS", 1)
    pieces, has_stopped = 0, anyio.Event()

    class Slow(writing.Writer):
        async def fill_some(self) -> bool:
            nonlocal pieces
            pieces += 1
            if pieces > 1:
                has_stopped.set()
                await anyio.sleep_forever()
            return await super().fill_some()

    monkeypatch.setattr(updating, "Writer", Slow)
    async with indexing() as indexed:
        with anyio.fail_after(20):
            await has_stopped.wait()
        result = await indexed.index.search(SearchQuery(text="walrus"))
        assert [each.session for each in result.hits] == ["d"]  # the latest activity first
        assert not result.is_complete
        assert result.progress == "the index is being made, and has the messages of 1 of 4 sessions so far"
        assert len((await indexed.index.page()).sessions) == 4
    monkeypatch.setattr(updating, "Writer", writing.Writer)
    async with indexing() as indexed:  # it goes on where it was
        assert len(await indexed.found("walrus")) == 4


async def test_a_search_is_complete_where_all_is_there_however_long_its_making_goes_on(
    indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(writing.Writer):
        async def fill_some(self) -> bool:
            await anyio.sleep_forever()
            return False

    monkeypatch.setattr(updating, "Writer", Slow)
    async with indexing() as indexed:
        result = await indexed.index.search(SearchQuery(text="walrus"))
        assert (result.hits, result.is_complete, result.progress) == ((), True, "")


async def test_a_long_session_is_written_in_pieces(indexing: Indexing) -> None:
    messages = tuple(TranscriptMessage(role="user", text=f"walrus {number}") for number in range(1, 1801))
    async with indexing() as indexed:
        await indexed.supervisor.session("a").adopt(Transcript(session="a", messages=messages))
        assert await indexed.found('"walrus 1799"') == [("a", 1799)]
        assert len(await indexed.found("walrus", limit=1000)) == 1000


async def test_events_that_were_missed_are_made_up_for(indexing: Indexing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updating, "_EVENTS", 2)
    async with indexing(on=MemoryStore()) as indexed:
        await indexed.supervisor.session("gone").create()
        await indexed.index.settle()
        async with anyio.create_task_group() as group:
            group.start_soon(indexed.supervisor.session("gone").delete)
            for number in range(40):
                group.start_soon(indexed.supervisor.session(f"s-{number}").say, f"walrus {number}")
        assert len(await indexed.found("walrus")) == 40
        assert sorted(await indexed.ids()) == sorted(f"s-{number}" for number in range(40))


async def test_a_session_that_begins_anew_under_its_name_has_nothing_of_the_former(indexing: Indexing) -> None:
    async with indexing() as indexed:
        session = indexed.supervisor.session("a")
        await session.say("walrus")
        await session.update(title="Arctic", tags=["ice"])
        await session.delete()
        await session.say("penguin")
        assert await indexed.found("walrus") == []
        assert await indexed.found("penguin") == [("a", 1)]
        assert await indexed.ids(tag="ice") == await indexed.ids(text="arctic") == []


async def test_an_older_copy_of_a_session_takes_the_place_of_what_was_known(
    indexing: Indexing, state: Path, clock: ManualClock
) -> None:
    await talk(state, clock, "walrus", "a")
    folder = state / "agents/main/sessions/a"
    older = {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}
    await talk(state, clock, "penguin", "a")
    async with indexing() as indexed:
        assert await indexed.found("penguin") == [("a", 2)]
    for name, content in older.items():
        (folder / name).write_bytes(content)
    (state / "index.sqlite").unlink()
    async with indexing() as indexed:
        assert await indexed.found("penguin") == []
        assert await indexed.found("walrus") == [("a", 1)]


async def test_an_index_goes_on_for_what_is_there_once_the_supervisor_drains(indexing: Indexing) -> None:
    async with indexing() as indexed:
        await indexed.supervisor.session("a").say("walrus")
        await indexed.supervisor.drain()
        with anyio.fail_after(10):
            assert await indexed.ids() == ["a"]
            assert len((await indexed.index.search(SearchQuery(text="walrus"))).hits) == 1


async def test_every_question_may_be_cancelled(indexing: Indexing) -> None:
    async with indexing() as indexed:
        await indexed.supervisor.session("a").say("walrus")
        for ask in (indexed.index.page, lambda: indexed.index.search(SearchQuery(text="walrus"))):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await ask()
            assert scope.cancelled_caught
        assert await indexed.ids(text="a") == ["a"]
        assert (await indexed.index.page(SessionQuery(state="Idle"))).total == 0
