"""Lists are never stale: what they show is what loading would give."""

from pathlib import Path

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from anyio import wait_all_tasks_blocked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argentos.storage import FileStore, Metadata, SessionKey, Store, file_name, inline
from argentos.storage.disk import durable
from argentos.storage.files import session_files
from argentos.storage.testing.script import Scene, play, scenes
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import Gate, crashed, folder, kept, listed, put

pytestmark = pytest.mark.anyio


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def session(id_: str) -> Story:
    return Story(SessionKey("main", id_))


async def assert_fresh(store: Store, *keys: SessionKey) -> None:
    """Lists show what loading gives, before and after it."""
    before = await listed(store)
    loaded = [await store.load(key) for key in sorted(keys, key=lambda key: file_name(key.id))]
    expected = [each.metadata for each in loaded if each]
    assert before == expected
    for limit in (1, 1000):
        assert await listed(store, limit=limit) == expected
    found = await store.find("main", [key.id for key in keys])
    assert sorted(found.sessions, key=lambda each: file_name(each.session)) == expected
    unfinished = [each for each in expected if not each.is_settled or each.state == "Active"]
    assert sorted(await store.unfinished("main", ["Active"]), key=lambda each: file_name(each.session)) == unfinished


# Pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_checkpointed", [False, True])
async def test_a_session_made_between_two_pages_is_on_the_later_one(state: Path, *, is_checkpointed: bool) -> None:
    async with FileStore(state, run=inline) as store:
        await appended(store, session("a"), session("c"))
        first = await store.list("main", limit=1)
        await append(store, new := session("b"))
        if is_checkpointed:
            await store.checkpoint(new.key, new.snapshot)
            await wait_all_tasks_blocked()
        second = await store.list("main", first.cursor)
        assert [each.session for each in second.sessions] == ["b", "c"]


@pytest.mark.parametrize("is_checkpointed", [False, True])
async def test_a_session_deleted_between_two_pages_is_on_none(state: Path, *, is_checkpointed: bool) -> None:
    async with FileStore(state, run=inline) as store:
        await appended(store, *(told := [session(id_) for id_ in "abc"]))
        if is_checkpointed:
            for story in told:
                await store.checkpoint(story.key, story.snapshot)
            await wait_all_tasks_blocked()
        first = await store.list("main", limit=1)
        assert await store.delete(told[1].key)
        second = await store.list("main", first.cursor)
        assert second.problems == ()
        assert [each.session for each in second.sessions] == ["c"]


async def test_pages_of_two_agents_do_not_mix(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        await appended(store, *(Story(SessionKey(agent, id_)) for agent in ("main", "x") for id_ in "abc"))
        one = await store.list("main", limit=1)
        await store.list("x", limit=2)
        assert [each.key for each in (await store.list("main", one.cursor)).sessions] == [
            SessionKey("main", "b"),
            SessionKey("main", "c"),
        ]


# Freshness ---------------------------------------------------------------------------------------------------


async def test_a_session_that_went_on_is_listed_as_it_stands(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    story.epoch = 2
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("b"))
        await assert_fresh(store, KEY)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        await assert_fresh(store, KEY)
        await append(store, story.say("c"))
        await assert_fresh(store, KEY)
    async with FileStore(state, run=inline) as store:
        await assert_fresh(store, KEY)


async def test_a_reader_beside_the_owner_lists_what_it_loads(state: Path) -> None:
    story, other = Story().converse("a"), Story(OTHER)
    await kept(state, story, other)
    story.epoch = other.epoch = 2
    async with FileStore(state, run=inline) as owner:
        await appended(owner, story.say("b"), other.say("c"))
        await owner.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        await append(owner, story.say("d"))
        async with FileStore(state, run=inline, read_only=True) as reader:
            await assert_fresh(reader, KEY, OTHER)
            await reader.read(KEY, 1, 100)
            await assert_fresh(reader, KEY, OTHER)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("meanwhile", ["written", "deleted"])
async def test_what_a_list_read_meanwhile_makes_no_later_one_stale(
    state: Path, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story().converse("a")
    await kept(state, story)
    (state / "index.sqlite").unlink()
    story.epoch = 2
    read_metadata = session_files.read_metadata
    pending = [True]
    token = anyio.lowlevel.current_token()
    async with FileStore(state) as store:

        async def go_on() -> None:
            nonlocal story
            with anyio.move_on_after(1):  # a store may as well let the list end first
                if meanwhile == "deleted":
                    await store.delete(KEY)
                    await append(store, story := Story())
                else:
                    await append(store, story.say("b"))
                    await store.checkpoint(KEY, story.snapshot)
                    while (
                        not (await store.load(KEY))
                        or b'"number":3' not in (folder(state) / "history.json").read_bytes()
                    ):
                        await anyio.lowlevel.checkpoint()

        def slowly(folder: Path) -> Metadata | None:
            found = read_metadata(folder)
            if pending:
                pending.clear()
                anyio.from_thread.run(go_on, token=token)
            return found

        monkeypatch.setattr(session_files, "read_metadata", slowly)
        await store.list("main")
        assert await listed(store) == [story.metadata]
    async with FileStore(state, run=inline) as store:
        await assert_fresh(store, KEY)


KEYS = [SessionKey("main", id_) for id_ in ("a", "B", "c")]
Move = tuple[str, int, list[Scene]]
moves = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "checkpoint", "list", "load", "delete", "crash", "close", "read"]),
        st.integers(0, 2),
        scenes,
    ),
    max_size=14,
)


@pytest.mark.parametrize("anyio_backend", ["trio"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(script=moves, segment_size=st.sampled_from([1, 500, 1 << 16]))
async def test_lists_show_what_loading_gives_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, script: list[Move], segment_size: int
) -> None:
    state = tmp_path_factory.mktemp("listing") / "state"
    told: dict[SessionKey, Story] = {}
    while True:
        is_crashed, is_over = False, not script
        async with FileStore(state, run=inline, segment_size=segment_size) as store:
            await assert_fresh(store, *KEYS)
            while script and not is_crashed:
                (move, at, scene), *script = script
                key = KEYS[at]
                if move in {"crash", "close"}:
                    is_crashed = True
                    if move == "crash":
                        state, old = crashed(state), state
                        assert state != old
                    break
                await _do(store, told, move, key, scene)
            async with FileStore(state, run=inline, read_only=True) as reader:
                await assert_fresh(reader, *KEYS)
            if not is_crashed:
                await assert_fresh(store, *KEYS)
        for story in told.values():
            story.epoch += 1
        if is_over:
            break


async def _do(store: FileStore, told: dict[SessionKey, Story], move: str, key: SessionKey, scene: list[Scene]) -> None:
    story = told.get(key)
    match move:
        case "append":
            story = told.setdefault(key, story or Story(key))
            if play(story, scene).metadata.sequence > story.taken:
                await append(store, story)
        case "checkpoint" if story:
            await store.checkpoint(key, story.snapshot)
            if scene:
                await wait_all_tasks_blocked()
        case "list":
            await listed(store, limit=2)
        case "load":
            await store.load(key)
        case "read":
            await store.read(key, 1, 100)
        case "delete":
            assert await store.delete(key) == (told.pop(key, None) is not None)
        case _:
            pass


# What is no session ------------------------------------------------------------------------------------------


async def test_strange_folders_and_files_keep_no_list_from_being_made(state: Path) -> None:
    story = Story()
    await kept(state, story)
    (folder(state).parent / "empty").mkdir()
    (folder(state).parent / "with archive only" / "archive").mkdir(parents=True)
    put(folder(state).parent / ".DS_Store", b"")
    async with FileStore(state, run=inline) as store:
        page = await store.list("main")
        assert page.sessions == (story.metadata,)
        assert await store.unfinished("main", ["Created"]) == (story.metadata,)


# Unfinished, and sizes ---------------------------------------------------------------------------------------


async def test_a_session_without_folder_is_not_unfinished(state: Path) -> None:
    await kept(state, Story().say(), other := Story(OTHER).say())
    for path in folder(state).iterdir():
        path.unlink()
    folder(state).rmdir()
    async with FileStore(state, run=inline) as store:
        assert await store.unfinished("main", ["Created"]) == (other.metadata,)


async def test_the_size_of_a_session_counts_files_archive_and_journal(state: Path) -> None:
    story = Story().converse("x" * 10_000)
    async with FileStore(state, run=inline) as store:
        assert await store.size(KEY) == 0
        await append(store, story)
        journaled = await store.size(KEY)
        assert 10_000 < journaled < 40_000
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert await store.size(KEY) == sum(each.stat().st_size for each in folder(state).iterdir())
        await append(store, story.summarise(2))
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert await store.size(KEY) > 10_000
        await store.delete(KEY)
        assert await store.size(KEY) == 0


# Beside deletions --------------------------------------------------------------------------------------------


async def test_a_session_that_is_deleted_while_it_is_listed_is_no_problem(state: Path) -> None:
    story, other = Story().converse("a"), Story(OTHER)
    await kept(state, story, other)
    gate = Gate()
    story.epoch = other.epoch = 2
    async with FileStore(state, run=gate) as store:
        for each in (story, other):
            await store.load(each.key)
            await append(store, each.say("more"))
        gate.hold("_read_folders")
        async with anyio.create_task_group() as group:

            async def look() -> None:
                page = await store.list("main")
                assert page.problems == ()
                assert [each.key for each in page.sessions] == [OTHER]

            group.start_soon(look)
            await gate.is_waiting.wait()
            gate.pass_others()
            assert await store.delete(KEY)
            gate.open()


async def test_a_reader_lists_no_session_that_the_owner_has_deleted_since(state: Path) -> None:
    story, other = Story().converse("a"), Story(OTHER)
    await kept(state, story, other)
    story.epoch = other.epoch = 2
    async with FileStore(state) as owner:
        for each in (story, other):
            await owner.load(each.key)
            await append(owner, each.say("more"))
        async with FileStore(state, read_only=True) as reader:
            assert await owner.delete(KEY)
            page = await reader.list("main")
            assert page.problems == ()
            assert [each.key for each in page.sessions] == [OTHER]


async def test_a_reader_tells_of_a_session_whose_files_are_gone_without_a_deletion(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    story.epoch = 2
    async with FileStore(state, run=inline) as store:
        await store.load(KEY)
        await append(store, story.say("more"))
        async with FileStore(state, run=inline, read_only=True) as reader:
            durable.remove_folder(folder(state))
            assert len((await reader.list("main")).problems) == 1
