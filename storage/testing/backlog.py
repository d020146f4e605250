"""Tests of finding work: sessions that wait for an answer, or owe one."""

from argentos.storage.messages import SessionKey
from argentos.storage.snapshot import Metadata
from argentos.storage.store import Store
from argentos.storage.testing.case import StoreCase, both_ways, written
from argentos.storage.testing.story import Story, append, appended

__all__ = ["BacklogCases"]


class BacklogCases(StoreCase):
    """A supervisor finds the sessions that it has to take up again."""

    @both_ways
    async def test_unfinished_are_sessions_with_waiting_messages_or_turns_and_those_in_a_state(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        stories = {
            "waiting": Story(SessionKey("main", "waiting")).say(),
            "turn": Story(SessionKey("main", "turn")).ask(),
            "settled": Story(SessionKey("main", "settled")).converse("a"),
            "active": Story(SessionKey("main", "active")).converse("a").move("Created", "Active"),
        }
        await appended(store, *stories.values(), Story(SessionKey("other", "elsewhere")).say())
        await written(store, *stories.values(), is_checkpointed=is_checkpointed)

        async def found(*states: str) -> dict[str, Metadata]:
            unfinished = await store.unfinished("main", states)
            assert len({each.session for each in unfinished}) == len(unfinished)
            return {each.session: each for each in unfinished}

        told = {name: story.metadata for name, story in stories.items()}
        assert await found() == {name: told[name] for name in ["waiting", "turn"]}
        assert await found("Active", "Idle") == {name: told[name] for name in ["waiting", "turn", "active"]}
        assert await found("Created", "Active") == told
        await append(store, stories["turn"].reply())
        await append(store, stories["settled"].say())
        assert (await found()).keys() == {"waiting", "settled"}

    @both_ways
    async def test_those_that_owe_a_message_to_a_channel_are_found(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        owing = Story(SessionKey("main", "owing")).converse("a").owe().converse("b").owe("discord")
        cleared = Story(SessionKey("main", "cleared")).converse("a").owe().clear()
        delivered = Story(SessionKey("main", "delivered")).converse("a").owe().deliver(2)
        waiting = Story(SessionKey("main", "waiting")).say()
        stories = [owing, cleared, delivered, waiting]
        await appended(store, *stories, Story(SessionKey("other", "elsewhere")).say().owe())
        await written(store, *stories, is_checkpointed=is_checkpointed)

        async def found() -> dict[str, Metadata]:
            return {each.session: each for each in await store.owing("main")}

        assert await found() == {"owing": owing.metadata, "cleared": cleared.metadata}
        await appended(store, owing.deliver(2), cleared.deliver(2), waiting.start().reply().owe())
        assert await found() == {"owing": owing.metadata, "waiting": waiting.metadata}
        await store.delete(waiting.key)
        assert await found() == {"owing": owing.metadata}
        assert await store.load(owing.key) == owing.snapshot

    @both_ways
    async def test_what_could_not_be_delivered_is_found_with_what_is_owed(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        story = Story().converse("a").owe()
        await append(store, story.deliver(2, "the user has blocked the bot"))
        await written(store, story, is_checkpointed=is_checkpointed)
        assert story.metadata.undeliverable
        assert await store.owing("main") == (story.metadata,)
