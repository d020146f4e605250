"""What every store promises; see `argentos.storage.Store`."""

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import StaleWriteError
from argentos.storage import Metadata, SessionKey, Snapshot, Store, Transitioned, file_name, fold
from tests.storage.builders import KEY, OTHER, Story, append, appended

pytestmark = pytest.mark.anyio

IDS = ["a", "A", "b", "Ünal", "c" * 300, "a.b", "z/z", "con"]


async def everything(store: Store, limit: int = 1000, agent: str = "main") -> list[str]:
    """The ids of all sessions, page by page."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.list(agent, cursor, limit)
        assert page.problems == ()
        assert len(page.sessions) <= limit
        found += [metadata.session for metadata in page.sessions]
        cursor = page.cursor
        if cursor is None:
            return found


async def test_an_unknown_session_is_nowhere(store: Store) -> None:
    assert await store.load(KEY) is None
    assert await store.read(KEY, 1, 100) == ()
    assert await store.list("main") == ((), None, ())


async def test_what_is_appended_is_loaded_as_its_fold(store: Store) -> None:
    story = Story()
    for _ in range(3):
        await append(store, story)
        assert await store.load(KEY) == story.snapshot
        story.converse("hello").say("more")


async def test_many_records_are_written_as_one(store: Store) -> None:
    story = Story().converse("a", "b").summarise(2).clear().say("c")
    await append(store, story)
    assert await store.load(KEY) == story.snapshot


async def test_little_that_is_new_asks_for_no_checkpoint(store: Store) -> None:
    assert await append(store, Story()) is False


@pytest.mark.parametrize("closed_store", ["memory", "file inline"], indirect=True)
async def test_much_that_is_new_asks_for_a_checkpoint_until_it_is_there(store: Store) -> None:
    story = Story()
    for _ in range(1100):
        story.say("x" * 100)
    assert await append(store, story) is True
    await store.checkpoint(KEY, story.snapshot)
    await wait_all_tasks_blocked()
    assert await append(store, story.say()) is False


async def test_sessions_are_apart(store: Store) -> None:
    stories = [Story(SessionKey(agent, id_)).say(f"{agent} {id_}") for agent in ["main", "Main"] for id_ in IDS]
    await appended(store, *stories)
    assert [await store.load(story.key) for story in stories] == [story.snapshot for story in stories]


# Edges ---------------------------------------------------------------------------------------------------------


async def edges_of(store: Store, story: Story) -> bool:
    """Whether the store has all edges of the story, in order."""
    taken = tuple(record for record in story.records if isinstance(record, Transitioned))
    return await store.transitions(story.key) == taken


async def test_an_unknown_session_has_taken_no_edge(store: Store) -> None:
    assert await store.transitions(KEY) == ()


@pytest.mark.parametrize("moves", [50, 128, 300])
async def test_every_edge_is_kept_however_many_there_are_and_however_often_files_are_written(
    closed_store: Store, moves: int
) -> None:
    story = Story()
    async with closed_store as store:
        while story.metadata.sequence < 700:
            for _ in range(moves):
                story.move("Active", "Idle").say()
            await append(store, story)
            assert await edges_of(store, story)
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
            assert await edges_of(store, story)
            assert len((await loaded(store)).context.transitions) < 256
    async with closed_store as store:
        assert await edges_of(store, story)
        assert await loaded(store) == story.snapshot


async def loaded(store: Store) -> Snapshot:
    snapshot = await store.load(KEY)
    assert snapshot is not None
    return snapshot


async def test_edges_outlive_what_a_summary_or_a_clear_replaces(closed_store: Store) -> None:
    story = Story().say("a", "assistant").say("b").move("Created", "Active").summarise(1).move("Active", "Idle").clear()
    async with closed_store as store:
        await append(store, story)
        await store.checkpoint(KEY, story.snapshot)
    async with closed_store as store:
        assert await edges_of(store, story)


# Fences ------------------------------------------------------------------------------------------------------


async def test_an_unexpected_sequence_is_stale_and_nothing_is_written(store: Store) -> None:
    story = Story().say()
    await append(store, story)
    before = story.snapshot
    records = story.say().take()
    for expected in [0, 1, 3, 100]:
        with pytest.raises(StaleWriteError, match=rf"stands at record 2, the writer expected {expected}; load it"):
            await store.append(KEY, 1, expected, records)
    assert await store.load(KEY) == before
    await store.append(KEY, 1, 2, records)
    assert await store.load(KEY) == story.snapshot


async def test_an_unknown_session_begins_at_nothing(store: Store) -> None:
    story = Story().say()
    records = story.take()
    with pytest.raises(StaleWriteError, match="stands at record 0"):
        await store.append(KEY, 1, 1, records[1:])
    assert await store.load(KEY) is None
    assert (await store.list("main")).sessions == ()
    await store.append(KEY, 1, 0, records)
    assert await store.load(KEY) == story.snapshot


async def test_an_owner_that_was_replaced_is_stale_and_nothing_is_written(store: Store) -> None:
    old, new = Story(), Story()
    await append(store, old)
    new.take()
    new.epoch = 2
    await append(store, new.say("new"))
    with pytest.raises(StaleWriteError, match=r"has a newer owner \(epoch 2, not 1\)"):
        await append(store, old.say("old"))
    with pytest.raises(StaleWriteError, match="newer owner"):
        await store.append(KEY, 1, 2, old.say("old").take())
    assert await store.load(KEY) == new.snapshot


async def test_records_with_a_gap_are_refused_and_nothing_is_written(store: Store) -> None:
    story = Story()
    await append(store, story)
    before = story.snapshot
    story.say().say().say()
    for holes in [[2, 4], [3, 4], [3, 2], [2, 2], [1, 2]]:
        with pytest.raises(StaleWriteError, match="do not follow record 1 one by one"):
            await store.append(KEY, 1, 1, [story.records[sequence - 1] for sequence in holes])
    assert await store.load(KEY) == before


@pytest.mark.parametrize("sequence", [0, 1])
async def test_of_two_appends_with_the_same_expectation_one_wins(store: Store, sequence: int) -> None:
    rivals = [Story(), Story()]
    if sequence:
        await append(store, rivals[0])
        rivals[1].take()
    won: list[Story] = []
    lost: list[Story] = []

    async def race(story: Story) -> None:
        try:
            await append(store, story)
        except StaleWriteError:
            lost.append(story)
        else:
            won.append(story)

    async with anyio.create_task_group() as group:
        for number, story in enumerate(rivals):
            group.start_soon(race, story.say(f"rival {number}"))
    assert (len(won), len(lost)) == (1, 1)
    assert await store.load(KEY) == won[0].snapshot


async def test_sessions_append_beside_one_another(store: Store) -> None:
    stories = [Story(SessionKey("main", f"session-{number}")) for number in range(20)]

    async def live(story: Story) -> None:
        for _ in range(3):
            await append(store, story.say(story.key.id))

    async with anyio.create_task_group() as group:
        for story in stories:
            group.start_soon(live, story)
    assert [await store.load(story.key) for story in stories] == [story.snapshot for story in stories]


# Reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_checkpointed", [True, False])
async def test_archived_and_recent_and_waiting_messages_are_read(store: Store, *, is_checkpointed: bool) -> None:
    story = Story().converse("a", "b", "c").summarise(2).summarise(2)
    await append(store, story.say("d"))
    if is_checkpointed:
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
    texts = ["a", "about a", "b", "about b", "c", "about c", "d"]
    for start, stop in [(1, 100), (1, 1), (2, 4), (3, 7), (7, 8), (8, 100), (4, 2), (1, 8)]:
        messages = await store.read(KEY, start, stop)
        assert [message.number for message in messages] == list(range(start, min(stop, 8)))
        assert [message.text for message in messages] == texts[start - 1 : stop - 1]


async def test_what_was_cleared_is_still_read(store: Store) -> None:
    story = Story().converse("a", "b").clear()
    await append(store, story)
    await store.checkpoint(KEY, story.snapshot)
    await append(store, story.converse("c").clear())
    assert [message.number for message in await store.read(KEY, 1, 100)] == [1, 2, 3, 4, 5, 6]


async def test_messages_that_left_out_of_order_are_read_in_order(store: Store) -> None:
    story = Story().say("a").say("b", "assistant").start().say("c").say("d", "assistant").summarise(2)
    await append(store, story.end().start().end().clear())
    await store.checkpoint(KEY, story.snapshot)
    await wait_all_tasks_blocked()
    assert [message.text for message in await store.read(KEY, 1, 100)] == ["a", "b", "c", "d"]


# Listing -----------------------------------------------------------------------------------------------------


async def test_a_list_is_paged_in_the_order_of_file_names(store: Store) -> None:
    await appended(store, *(Story(SessionKey("main", id_)) for id_ in IDS))
    for limit in [1, 2, 3, 7, 8, 9]:
        assert await everything(store, limit) == sorted(IDS, key=file_name)


async def test_a_list_begins_behind_its_cursor_though_that_session_is_unknown(store: Store) -> None:
    await appended(store, *(Story(SessionKey("main", id_)) for id_ in ["a", "c"]))
    page = await store.list("main", cursor="b")
    assert [metadata.session for metadata in page.sessions] == ["c"]


async def test_a_page_has_a_cursor_only_where_more_follows(store: Store) -> None:
    await appended(store, *(Story(SessionKey("main", id_)) for id_ in ["a", "b"]))
    first = await store.list("main", limit=1)
    assert first.cursor is not None
    assert (await store.list("main", first.cursor, limit=1)).cursor is None
    assert (await store.list("main", limit=2)).cursor is None


async def test_a_session_that_comes_between_pages_is_on_a_later_page(store: Store) -> None:
    await appended(store, *(Story(SessionKey("main", id_)) for id_ in ["a", "c"]))
    first = await store.list("main", limit=1)
    await append(store, Story(SessionKey("main", "b")))
    second = await store.list("main", first.cursor)
    assert [metadata.session for metadata in second.sessions] == ["b", "c"]


async def test_a_list_shows_one_agent(store: Store) -> None:
    await appended(store, Story(SessionKey("main", "a")), Story(SessionKey("Main", "b")), Story(SessionKey("x", "c")))
    assert [await everything(store, agent=agent) for agent in ["main", "Main", "x", "y"]] == [["a"], ["b"], ["c"], []]


async def test_a_list_shows_each_session_as_it_stands(store: Store) -> None:
    old, new = Story(KEY).converse("a"), Story(OTHER)
    await appended(store, old, new)
    await store.checkpoint(KEY, old.snapshot)
    await wait_all_tasks_blocked()
    await append(store, old.say("more"))
    page = await store.list("main")
    assert page.sessions == (new.metadata, old.metadata)


# Checkpoints -------------------------------------------------------------------------------------------------


async def shown(store: Store) -> object:
    return await store.load(KEY), await store.read(KEY, 1, 1000), await store.list("main")


async def test_a_checkpoint_changes_nothing_that_is_shown(store: Store) -> None:
    story = Story().converse("a", "b").summarise(1)
    await append(store, story)
    before = await shown(store)
    await store.checkpoint(KEY, story.snapshot)
    assert await shown(store) == before
    await wait_all_tasks_blocked()
    assert await shown(store) == before


@pytest.mark.parametrize("covered", [1, 5, 9])
async def test_a_checkpoint_of_an_earlier_moment_changes_nothing_that_is_shown(store: Store, covered: int) -> None:
    story = Story().converse("a", "b")
    await append(store, story)
    before = await shown(store)
    await store.checkpoint(KEY, fold(KEY, None, story.records[:covered]).snapshot)
    await wait_all_tasks_blocked()
    assert await shown(store) == before
    await append(store, story.say("c"))
    assert await store.load(KEY) == story.snapshot


async def test_a_checkpoint_that_comes_late_takes_nothing_back(store: Store) -> None:
    story = Story().converse("a")
    early = story.snapshot
    await append(store, story.converse("b"))
    await store.checkpoint(KEY, story.snapshot)
    await wait_all_tasks_blocked()
    await append(store, story.say("c"))
    await store.checkpoint(KEY, early)
    await wait_all_tasks_blocked()
    assert await store.load(KEY) == story.snapshot
    assert [message.number for message in await store.read(KEY, 1, 100)] == [1, 2, 3, 4, 5]


async def test_a_session_goes_on_behind_its_checkpoint(store: Store) -> None:
    story = Story()
    for text in "abc":
        await append(store, story.converse(text))
        await store.checkpoint(KEY, story.snapshot)
        await append(store, story.say(text).start())
        assert await store.load(KEY) == story.snapshot
        await append(store, story.end())
    with pytest.raises(StaleWriteError):
        await store.append(KEY, 1, 3, story.records[3:4])


async def test_a_store_left_and_entered_again_shows_the_same(closed_store: Store) -> None:
    story = Story().converse("a", "b").summarise(3).say("c")
    async with closed_store as store:
        await append(store, story)
        before = await shown(store)
    async with closed_store as store:
        assert await shown(store) == before
        with pytest.raises(StaleWriteError):
            await store.append(KEY, 1, 0, story.records)
        await append(store, story.say("d"))
        assert await store.load(KEY) == story.snapshot


# Deleting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_checkpointed", [True, False])
async def test_a_deleted_session_is_nowhere_and_the_others_stay(store: Store, *, is_checkpointed: bool) -> None:
    story, other = Story().converse("a", "b").summarise(2).say("c"), Story(OTHER).converse("a").say("b")
    await appended(store, story, other)
    if is_checkpointed:
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
    assert await store.delete(KEY) is True
    assert await store.load(KEY) is None
    assert await store.read(KEY, 1, 100) == ()
    assert await store.size(KEY) == 0
    assert (await store.list("main")).sessions == (other.metadata,)
    assert await store.unfinished("main", ["Created"]) == (other.metadata,)
    assert await store.load(OTHER) == other.snapshot
    await append(store, other.say("on"))
    assert await store.load(OTHER) == other.snapshot


async def test_only_what_is_there_is_deleted(store: Store) -> None:
    assert await store.delete(KEY) is False
    await append(store, Story())
    assert await store.delete(OTHER) is False
    assert await store.delete(SessionKey("other", KEY.id)) is False
    assert [await store.delete(KEY) for _ in range(3)] == [True, False, False]


async def test_a_writer_of_a_deleted_session_is_stale(store: Store) -> None:
    story = Story().say()
    await append(store, story)
    await store.delete(KEY)
    with pytest.raises(StaleWriteError, match="stands at record 0"):
        await append(store, story.say())
    assert await store.load(KEY) is None


async def test_a_new_session_under_the_id_of_a_deleted_one_begins_with_its_first_record(store: Store) -> None:
    old = Story(epoch=7).converse("old").summarise(1)
    await append(store, old)
    await store.checkpoint(KEY, old.snapshot)
    await wait_all_tasks_blocked()
    await store.delete(KEY)
    await append(store, new := Story().say("new"))
    assert await store.load(KEY) == new.snapshot
    assert [message.text for message in await store.read(KEY, 1, 100)] == ["new"]
    with pytest.raises(StaleWriteError):
        await append(store, old.say("late"))
    assert await store.delete(KEY)


async def test_a_checkpoint_of_a_deleted_session_changes_nothing(store: Store) -> None:
    old = Story().converse("old", "old").say("old")
    await append(store, old)
    await store.delete(KEY)
    await store.checkpoint(KEY, old.snapshot)
    await wait_all_tasks_blocked()
    assert await store.load(KEY) is None
    await append(store, new := Story().say("new"))
    await store.checkpoint(KEY, old.snapshot)
    await wait_all_tasks_blocked()
    assert await store.load(KEY) == new.snapshot
    assert [message.text for message in await store.read(KEY, 1, 100)] == ["new"]
    await append(store, new.say("on"))
    assert await store.load(KEY) == new.snapshot


async def test_a_deleted_session_does_not_come_back_with_the_next_opening(closed_store: Store) -> None:
    async with closed_store as store:
        await append(store, story := Story().converse("a").clear())
        await store.checkpoint(KEY, story.snapshot)
        await append(store, story.say())
        await store.delete(KEY)
    async with closed_store as store:
        assert await store.load(KEY) is None
        assert (await store.list("main")).sessions == ()


# Unfinished sessions and sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_checkpointed", [True, False])
async def test_unfinished_are_sessions_with_waiting_messages_or_turns_and_those_in_a_state(
    store: Store, *, is_checkpointed: bool
) -> None:
    stories = {
        "waiting": Story(SessionKey("main", "waiting")).say(),
        "turn": Story(SessionKey("main", "turn")).say().start(),
        "settled": Story(SessionKey("main", "settled")).converse("a"),
        "active": Story(SessionKey("main", "active")).converse("a").move("Created", "Active"),
    }
    await appended(store, *stories.values(), Story(SessionKey("other", "elsewhere")).say())
    if is_checkpointed:
        for story in stories.values():
            await store.checkpoint(story.key, story.snapshot)
        await wait_all_tasks_blocked()

    async def found(*states: str) -> dict[str, Metadata]:
        unfinished = await store.unfinished("main", states)
        assert len({each.session for each in unfinished}) == len(unfinished)
        return {each.session: each for each in unfinished}

    told = {name: story.metadata for name, story in stories.items()}
    assert await found() == {name: told[name] for name in ["waiting", "turn"]}
    assert await found("Active", "Idle") == {name: told[name] for name in ["waiting", "turn", "active"]}
    assert await found("Created", "Active") == told
    await append(store, stories["turn"].reply().end())
    await append(store, stories["settled"].say())
    assert (await found()).keys() == {"waiting", "settled"}


@pytest.mark.parametrize("is_checkpointed", [True, False])
async def test_those_that_owe_a_message_to_a_channel_are_found(store: Store, *, is_checkpointed: bool) -> None:
    owing = Story(SessionKey("main", "owing")).converse("a").owe().converse("b").owe("discord")
    cleared = Story(SessionKey("main", "cleared")).converse("a").owe().clear()
    delivered = Story(SessionKey("main", "delivered")).converse("a").owe().deliver(2)
    waiting = Story(SessionKey("main", "waiting")).say()
    stories = [owing, cleared, delivered, waiting]
    await appended(store, *stories, Story(SessionKey("other", "elsewhere")).say().owe())
    if is_checkpointed:
        for story in stories:
            await store.checkpoint(story.key, story.snapshot)
        await wait_all_tasks_blocked()

    async def found() -> dict[str, Metadata]:
        return {each.session: each for each in await store.owing("main")}

    assert await found() == {"owing": owing.metadata, "cleared": cleared.metadata}
    await appended(store, owing.deliver(2), cleared.deliver(2), waiting.start().reply().end().owe())
    assert await found() == {"owing": owing.metadata, "waiting": waiting.metadata}
    await store.delete(waiting.key)
    assert await found() == {"owing": owing.metadata}
    assert await store.load(owing.key) == owing.snapshot


async def test_the_size_of_a_session_grows_with_it_and_counts_what_left_the_context(store: Store) -> None:
    assert await store.size(KEY) == 0
    story = Story().say("x" * 5000)
    await append(store, story)
    small = await store.size(KEY)
    assert small >= 5000
    await append(store, story.start().reply("y" * 20_000).end())
    large = await store.size(KEY)
    assert large >= small + 20_000
    await append(store, story.clear())
    await store.checkpoint(KEY, story.snapshot)
    await wait_all_tasks_blocked()
    assert await store.size(KEY) >= 25_000
