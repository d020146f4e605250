"""Tests of appending: records are loaded as they were given, and only the newest writer may give them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from msgspec import structs

from argentos.errors import StaleWriteError
from argentos.storage.messages import Address, SessionKey
from argentos.storage.records import Accepted, Record
from argentos.storage.store import Store
from argentos.storage.testing.case import BLOCKS, IDS, StoreCase, shown
from argentos.storage.testing.story import KEY, Story, append, appended

__all__ = ["AppendingCases", "FencingCases"]

_TEXTS = ("", " ", "\0", "\n\r\t\x1b\x7f", "\u2028\u2029\ufeff", '"\\/', "e\u0301é", "🏳️‍🌈", "\U0010ffff", "x" * 100_000)


class AppendingCases(StoreCase):
    """Records are loaded as they were given."""

    async def test_an_unknown_session_is_nowhere(self, store: Store) -> None:
        assert await store.load(KEY) is None
        assert await store.read(KEY, 1, 100) == ()
        assert await store.transitions(KEY) == ()
        assert await store.checkpoints(KEY) == ()
        assert await store.list("main") == ((), None, ())
        assert await store.unfinished("main", ["Created", "Active"]) == ()
        assert await store.owing("main") == ()
        assert await store.size(KEY) == 0
        assert await store.delete(KEY) is False

    async def test_what_is_appended_is_loaded_as_its_fold(self, store: Store) -> None:
        story = Story()
        for _ in range(3):
            await append(store, story)
            assert await store.load(KEY) == story.snapshot
            story.converse("hello").say("more")

    async def test_many_records_are_written_as_one(self, store: Store) -> None:
        story = Story().converse("a", "b").summarise(2).clear().say("c")
        await append(store, story)
        assert await store.load(KEY) == story.snapshot

    async def test_little_that_is_new_asks_for_no_checkpoint(self, store: Store) -> None:
        assert await append(store, Story()) is False

    async def test_records_of_every_kind_are_kept_with_all_that_they_say(self, store: Store) -> None:
        story = Story().mark().say("a", "assistant").owe().ask("b").delay(2.5).start().end("failed")
        story.retry(2).start().reply("c")
        story.update("a title", "one", "two", owner="ada", system="You are terse.").move("Created", "Compacted")
        story.ask_compaction("boats", 4).decline()
        story.ask_compaction().resume(3).keep().summarise(1).charge(0.5).deliver(1, "blocked")
        story.clear().say("d").end("stopped")
        story.undo().rewind(1).undo().rewind(1, again=1)
        for record in story.take():
            await store.append(KEY, 1, record.sequence - 1, [record])
        assert await store.load(KEY) == story.snapshot
        assert await store.read(KEY, 1, 100) == story.messages
        assert await store.checkpoints(KEY) == story.checkpoints

    async def test_times_addresses_and_names_are_kept_to_the_last_digit(self, store: Store) -> None:
        story = Story().say("hello").owe()
        moment = datetime(2031, 12, 31, 23, 59, 59, 999_999, UTC)
        address = Address("discord", "456", guild="9", channel_id="7", account="ü")
        said = story.records[-1]
        assert isinstance(said, Accepted)
        story.records[-1] = structs.replace(said, at=moment, address=address, sender="Ünal", by="ada", parent="m-0")
        await append(store, story)
        (message,) = await store.read(KEY, 1, 2)
        assert (message.at, message.address, message.sender, message.id) == (moment, address, "Ünal", "m-1")
        assert message.at.utcoffset() == timedelta()

    async def test_texts_are_kept_to_the_letter(self, store: Store) -> None:
        story = Story()
        for text in _TEXTS:
            story.say(text)
        await append(store, story)
        assert [message.text for message in await store.read(KEY, 1, 100)] == list(_TEXTS)

    async def test_blocks_are_kept_whole(self, store: Store) -> None:
        await append(store, story := Story().show(*BLOCKS).say("a text"))
        blocks, text = await store.read(KEY, 1, 3)
        assert (blocks.blocks, blocks.text, text.blocks) == (BLOCKS, "Look: ü", ())
        assert await store.load(KEY) == story.snapshot

    async def test_sessions_are_apart(self, store: Store) -> None:
        stories = [Story(SessionKey(agent, id_)).say(f"{agent} {id_}") for agent in ["main", "Main"] for id_ in IDS]
        await appended(store, *stories)
        assert [await store.load(story.key) for story in stories] == [story.snapshot for story in stories]
        assert [await store.read(story.key, 1, 9) for story in stories] == [story.messages for story in stories]

    async def test_what_is_handed_in_stays_as_it_is_and_may_be_used_again(self, store: Store) -> None:
        story = Story().converse("a").owe().say("b")
        handed = story.take()
        before = [*handed]
        await store.append(KEY, 1, 0, handed)
        assert handed == before
        snapshot, edges = story.snapshot, dict(story.metadata.edges)
        await store.checkpoint(KEY, snapshot)
        assert (snapshot, snapshot.metadata.edges) == (story.snapshot, edges)
        handed.clear()
        assert await store.load(KEY) == story.snapshot
        assert await store.read(KEY, 1, 100) == story.messages

    async def test_an_append_that_is_cancelled_is_there_whole_or_not_at_all(self, store: Store) -> None:
        for steps in range(12):
            story = Story(SessionKey("main", f"session-{steps}"))
            await append(store, story)
            before = story.snapshot
            records = story.converse("a", "b").take()
            await _append_for(store, story, records, steps)
            assert await store.load(story.key) in (before, story.snapshot)
            with suppress(StaleWriteError):  # they are there, or about to be
                await store.append(story.key, 1, 1, records)
            await append(store, story.say("on"))
            assert await store.load(story.key) == story.snapshot


async def _append_for(store: Store, story: Story, records: Sequence[Record], steps: int) -> None:
    """Append, and be cancelled after so many rounds of the event loop."""
    async with anyio.create_task_group() as group:
        group.start_soon(store.append, story.key, 1, records[0].sequence - 1, records)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()


class FencingCases(StoreCase):
    """A writer that has been overtaken, or lost its place, is refused."""

    async def test_an_unexpected_sequence_is_stale_and_nothing_is_written(self, store: Store) -> None:
        story = Story().say()
        await append(store, story)
        before = await shown(store)
        records = story.say().take()
        for expected in [0, 1, 3, 100]:
            with pytest.raises(StaleWriteError):
                await store.append(KEY, 1, expected, records)
        assert await shown(store) == before
        await store.append(KEY, 1, 2, records)
        assert await store.load(KEY) == story.snapshot

    async def test_an_unknown_session_begins_at_nothing(self, store: Store) -> None:
        story = Story().say()
        records = story.take()
        with pytest.raises(StaleWriteError):
            await store.append(KEY, 1, 1, records[1:])
        assert await store.load(KEY) is None
        assert (await store.list("main")).sessions == ()
        await store.append(KEY, 1, 0, records)
        assert await store.load(KEY) == story.snapshot

    async def test_an_owner_that_was_replaced_is_stale_and_nothing_is_written(self, store: Store) -> None:
        old, new = Story(), Story()
        await append(store, old)
        new.take()
        new.epoch = 2
        await append(store, new.say("new"))
        with pytest.raises(StaleWriteError):
            await append(store, old.say("old"))
        with pytest.raises(StaleWriteError):
            await store.append(KEY, 1, 2, old.say("old").take())
        assert await store.load(KEY) == new.snapshot
        await append(store, new.say("on"))
        assert await store.load(KEY) == new.snapshot

    async def test_records_with_a_gap_are_refused_and_nothing_is_written(self, store: Store) -> None:
        story = Story()
        await append(store, story)
        before = await shown(store)
        story.say().say().say()
        for holes in [[2, 4], [3, 4], [3, 2], [2, 2], [1, 2]]:
            with pytest.raises(StaleWriteError):
                await store.append(KEY, 1, 1, [story.records[sequence - 1] for sequence in holes])
        assert await shown(store) == before

    @pytest.mark.parametrize("sequence", [0, 1])
    async def test_of_two_appends_with_the_same_expectation_one_wins(self, store: Store, sequence: int) -> None:
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

    async def test_sessions_append_beside_one_another(self, store: Store) -> None:
        stories = [Story(SessionKey("main", f"session-{number}")) for number in range(20)]

        async def live(story: Story) -> None:
            for _ in range(3):
                await append(store, story.say(story.key.id))

        async with anyio.create_task_group() as group:
            for story in stories:
                group.start_soon(live, story)
        assert [await store.load(story.key) for story in stories] == [story.snapshot for story in stories]
