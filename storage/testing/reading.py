"""Tests of reading: messages by number, those that came back once, and sessions in order."""

from pathlib import Path

import pytest
from anyio import wait_all_tasks_blocked

from argentos.storage.messages import SessionKey
from argentos.storage.names import file_name
from argentos.storage.store import Store
from argentos.storage.testing.case import IDS, StoreCase, both_ways, ids_of, written
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended

__all__ = ["EdgeCases", "GoingBackCases", "ListingCases", "ReadingCases"]


class ReadingCases(StoreCase):
    """Messages are read by number, those that left the context as well."""

    @both_ways
    async def test_archived_and_recent_and_waiting_messages_are_read(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        story = Story().converse("a", "b", "c").summarise(2).summarise(2)
        await append(store, story.say("d"))
        await written(store, story, is_checkpointed=is_checkpointed)
        texts = ["a", "about a", "b", "about b", "c", "about c", "d"]
        for start, stop in [(1, 100), (1, 1), (2, 4), (3, 7), (7, 8), (8, 100), (4, 2), (1, 8)]:
            messages = await store.read(KEY, start, stop)
            assert [message.number for message in messages] == list(range(start, min(stop, 8)))
            assert [message.text for message in messages] == texts[start - 1 : stop - 1]

    async def test_what_was_cleared_is_still_read(self, store: Store) -> None:
        story = Story().converse("a", "b").clear()
        await append(store, story)
        await store.checkpoint(KEY, story.snapshot)
        await append(store, story.converse("c").clear())
        assert await store.read(KEY, 1, 100) == story.messages

    async def test_messages_that_left_out_of_order_are_read_in_order(self, store: Store) -> None:
        story = Story().say("a").say("b", "assistant").start().say("c").say("d", "assistant").summarise(2)
        await append(store, story.end().start().end().clear())
        await written(store, story)
        assert [message.text for message in await store.read(KEY, 1, 100)] == ["a", "b", "c", "d"]

    async def test_the_size_of_a_session_grows_with_it_and_counts_what_left_the_context(self, store: Store) -> None:
        assert await store.size(KEY) == 0
        story = Story().say("x" * 5000)
        await append(store, story)
        small = await store.size(KEY)
        assert small >= 5000
        await append(store, story.start().reply("y" * 20_000).end())
        assert await store.size(KEY) >= small + 20_000
        await append(store, story.clear())
        await written(store, story)
        assert await store.size(KEY) >= 25_000


class EdgeCases(StoreCase):
    """All edges that a session took are told, those that left its snapshot as well."""

    @pytest.mark.parametrize("moves", [50, 128, 300])
    async def test_every_edge_is_kept_however_many_there_are_and_however_often_checkpoints_come(
        self, store: Store, moves: int
    ) -> None:
        story = Story()
        while story.metadata.sequence < 700:
            for _ in range(moves):
                story.move("Active", "Idle").say()
            await append(store, story)
            assert await store.transitions(KEY) == story.transitions
            await written(store, story)
            assert await store.transitions(KEY) == story.transitions
            assert await store.load(KEY) == story.snapshot

    @both_ways
    async def test_edges_outlive_what_a_summary_or_a_clear_replaces(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        story = Story().say("a", "assistant").say("b").move("Created", "Active").summarise(1)
        await append(store, story.move("Active", "Idle").clear())
        await written(store, story, is_checkpointed=is_checkpointed)
        assert await store.transitions(KEY) == story.transitions


class ListingCases(StoreCase):
    """Sessions are listed page by page, in the order of the file names of their ids."""

    async def test_a_list_is_paged_in_the_order_of_file_names(self, store: Store) -> None:
        await appended(store, *(Story(SessionKey("main", id_)) for id_ in IDS))
        for limit in [1, 2, 3, len(IDS) - 1, len(IDS), len(IDS) + 1]:
            assert await ids_of(store, limit) == sorted(IDS, key=file_name)

    async def test_a_list_begins_behind_its_cursor_though_that_session_is_unknown(self, store: Store) -> None:
        await appended(store, *(Story(SessionKey("main", id_)) for id_ in ["a", "c"]))
        page = await store.list("main", cursor="b")
        assert [metadata.session for metadata in page.sessions] == ["c"]

    async def test_a_page_has_a_cursor_only_where_more_follows(self, store: Store) -> None:
        await appended(store, *(Story(SessionKey("main", id_)) for id_ in ["a", "b"]))
        first = await store.list("main", limit=1)
        assert first.cursor is not None
        assert (await store.list("main", first.cursor, limit=1)).cursor is None
        assert (await store.list("main", limit=2)).cursor is None

    async def test_a_session_that_comes_between_pages_is_on_a_later_page(self, store: Store) -> None:
        await appended(store, *(Story(SessionKey("main", id_)) for id_ in ["a", "c"]))
        first = await store.list("main", limit=1)
        await append(store, Story(SessionKey("main", "b")))
        second = await store.list("main", first.cursor)
        assert [metadata.session for metadata in second.sessions] == ["b", "c"]

    async def test_a_list_goes_on_though_the_session_of_its_cursor_was_deleted(self, store: Store) -> None:
        await appended(store, *(Story(SessionKey("main", id_)) for id_ in ["a", "b", "c"]))
        first = await store.list("main", limit=2)
        await store.delete(SessionKey("main", "b"))
        assert [each.session for each in (await store.list("main", first.cursor)).sessions] == ["c"]

    async def test_a_list_shows_one_agent(self, store: Store) -> None:
        agents = {"main": ["a"], "Main": ["b"], "x": ["c"], "y": []}
        await appended(store, *(Story(SessionKey(agent, id_)) for agent, ids in agents.items() for id_ in ids))
        assert {agent: await ids_of(store, agent=agent) for agent in agents} == agents

    async def test_a_list_shows_each_session_as_it_stands(self, store: Store) -> None:
        old, new = Story(KEY).converse("a"), Story(OTHER)
        await appended(store, old, new)
        await written(store, old)
        await append(store, old.say("more").update("a title", "tag", owner="ada"))
        page = await store.list("main")
        assert page.sessions == (new.metadata, old.metadata)
        await wait_all_tasks_blocked()
        assert await store.list("main") == page

    @both_ways
    async def test_sessions_are_found_by_their_ids_as_a_list_shows_them(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        stories = [Story(SessionKey("main", id_)).converse("a") for id_ in IDS]
        await appended(store, *stories)
        for story in stories:
            await written(store, story, is_checkpointed=is_checkpointed)
        await append(store, stories[0].say("more").update("a title", "tag", owner="ada"))
        await store.delete(stories[1].key)
        page = await store.find("main", [*IDS, "nobody"])
        listed = (await store.list("main")).sessions
        assert {each.session: each for each in page.sessions} == {each.session: each for each in listed}
        assert len(page.sessions) == len(IDS) - 1
        assert (page.cursor, page.problems) == (None, ())
        assert await store.find("other", IDS) == await store.find("main", []) == ((), None, ())


class GoingBackCases(StoreCase):
    """Messages that come back from the archive, and the beginning of a fork."""

    @both_ways
    async def test_what_is_taken_back_is_in_the_context_again_and_read_once(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        story = Story().mark().converse("a", "b").summarise(2).converse("c").clear()
        await append(store, story)
        await written(store, story, is_checkpointed=is_checkpointed)
        for _ in range(2):
            await append(store, story.say("d", "assistant").undo())
            assert await store.load(KEY) == story.snapshot
            await written(store, story, is_checkpointed=is_checkpointed)
            assert await store.read(KEY, 1, 100) == story.messages
        assert story.archived == []
        assert story.context.summary is None
        assert [each.name for each in await store.checkpoints(KEY)] == ["c1", "c2"]

    async def test_what_left_again_after_it_came_back_is_read_once(self, store: Store) -> None:
        story = Story().mark().converse("a", "b").summarise(2)
        await append(store, story)
        for _ in range(3):
            await written(store, story)
            await append(store, story.undo().converse("c").summarise(3))
            assert await store.read(KEY, 1, 100) == story.messages
        await written(store, story)
        assert await store.read(KEY, 1, 100) == story.messages
        assert await store.checkpoints(KEY) == story.checkpoints

    @both_ways
    async def test_rewound_messages_are_read_and_their_place_is_told(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        story = Story().mark().converse("a", "b").rewind(1, again=1).start().reply("again").rewind(2)
        await append(store, story)
        await written(store, story, is_checkpointed=is_checkpointed)
        assert await store.load(KEY) == story.snapshot
        assert await store.read(KEY, 1, 100) == story.messages
        regeneration, rewind = await store.checkpoints(KEY)
        assert (regeneration.kind, regeneration.window, regeneration.taken) == ("regeneration", ((1, 4),), ((4, 4),))
        assert (rewind.kind, rewind.window, rewind.taken) == ("rewind", ((1, 3), (5, 5)), ((3, 3), (5, 5)))
        assert (rewind.before, rewind.last) == ("c1", 5)

    async def test_places_are_kept_over_many_openings(self, durable_place: Path) -> None:
        story = Story().mark()
        for number in range(4):
            async with self.make_store(durable_place) as store:
                await append(store, story.converse("a", "b").summarise(3, f"summary {number} " * 1000).clear().undo())
                await written(store, story)
            async with self.make_store(durable_place) as store:
                assert await store.checkpoints(KEY) == story.checkpoints
                assert await store.load(KEY) == story.snapshot
                assert await store.read(KEY, 1, 100) == story.messages

    @both_ways
    async def test_a_fork_begins_with_the_context_alone(self, store: Store, *, is_checkpointed: bool) -> None:
        story = Story().mark().converse("a", "b").summarise(2, "so far")
        await append(store, story)
        fork = Story(OTHER).fork(story)
        await append(store, fork.say("on"))
        await written(store, story, fork, is_checkpointed=is_checkpointed)
        assert await store.load(OTHER) == fork.snapshot
        assert [message.number for message in await store.read(OTHER, 1, 100)] == [3, 4, 5]
        assert await store.load(KEY) == story.snapshot
        assert fork.metadata.origin is not None
        assert fork.metadata.origin.session == KEY.id
