"""What the agent said to a channel is given to its reader, at least once, in order, until it was delivered."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from argentos import Address, Config, Emit, FileStore, ManualClock, MemoryStore, Reply, Request, Supervisor
from argentos.actors.outbox.deliveries import Deliveries, Delivery
from argentos.errors import (
    InputError,
    MessageNotFoundError,
    SessionFailedError,
    SessionNotFoundError,
    SessionParkedError,
    StoreDamagedError,
)
from argentos.storage import Delivered, Record, SessionKey, Snapshot, Store, inline
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

TELEGRAM = Address("telegram", "123")
DISCORD = Address("discord", "456")
CHANNELS = ("telegram", "discord")


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "state", run=inline)


class Echo:
    name = "echo"
    can_summarise = True

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply("So far." if request.instruction else f"Re: {request.messages[-1].text}")


async def following(reader: Deliveries) -> Delivery:
    with anyio.fail_after(5):
        return await anext(reader)


async def nothing_comes(reader: Deliveries) -> bool:
    """Once everybody waits, the reader still does."""
    given: list[Delivery] = []

    async def read() -> None:
        given.append(await anext(reader))

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    return not given


async def deliver_all(supervisor: Supervisor, channel: str = "telegram") -> list[str]:
    """Deliver until nothing more comes."""
    texts: list[str] = []

    async def read(deliveries: Deliveries) -> None:
        async for delivery in deliveries:
            texts.append(delivery.message.text)
            await delivery.done()

    async with supervisor.outbox(channel) as deliveries, anyio.create_task_group() as group:
        group.start_soon(read, deliveries)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    return texts


async def test_a_reply_is_given_with_its_address_until_it_is_done(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        reply = await supervisor.session("maren").ask("one", address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            given = await following(deliveries)
            assert (given.session, given.message, given.address) == ("maren", reply, TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            again = await following(deliveries)
            assert (again.id, again.message) == (given.id, reply)
            await again.done()
            await again.done()
            assert await nothing_comes(deliveries)
        async with supervisor.outbox("telegram") as deliveries:
            assert await nothing_comes(deliveries)


async def test_a_reader_that_waits_is_given_what_comes(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        texts: list[str] = []

        async def read() -> None:
            async with supervisor.outbox("telegram") as deliveries:
                async for delivery in deliveries:
                    texts.append(delivery.message.text)
                    await delivery.done()

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            for number in range(3):
                await supervisor.session("maren").ask(f"{number}", address=TELEGRAM)
                await supervisor.session("ada").say(f"note {number}", address=TELEGRAM)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        assert sorted(texts) == ["Re: 0", "Re: 1", "Re: 2", "note 0", "note 1", "note 2"]
        assert [text for text in texts if text.startswith("Re")] == ["Re: 0", "Re: 1", "Re: 2"]


async def test_only_what_the_agent_says_to_a_named_channel_is_owed(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=["telegram"]) as supervisor:
        session = supervisor.session("maren")
        await session.ask("elsewhere", address=DISCORD)
        await session.ask("nowhere")
        await session.say("By the way.", address=TELEGRAM)
        await session.say("By the way.", address=DISCORD)
        assert await deliver_all(supervisor) == ["By the way."]


async def test_what_was_not_delivered_is_given_again_by_the_next_process_under_the_same_id(
    running: Running, store: Store
) -> None:
    ids: list[str] = []
    for _ in range(2):
        async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
            if not ids:
                await supervisor.session("maren").ask("one", address=TELEGRAM)
            async with supervisor.outbox("telegram") as deliveries:
                ids.append((await following(deliveries)).id)
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_the_next_message_of_a_session_waits_for_the_one_in_front_and_other_sessions_go_on(
    running: Running, store: Store
) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        for session in ("ada", "maren"):
            for text in ("one", "two"):
                await supervisor.session(session).ask(text, address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            first, other = await following(deliveries), await following(deliveries)
            assert {first.session, other.session} == {"ada", "maren"}
            assert await nothing_comes(deliveries)
            await other.done()
            second = await following(deliveries)
            assert (second.session, second.message.text) == (other.session, "Re: two")
            await first.done()
            assert (await following(deliveries)).session == first.session


async def test_channels_do_not_wait_for_each_other(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        session = supervisor.session("user-jason")
        await session.ask("one", address=TELEGRAM)
        await session.ask("two", address=DISCORD)
        async with supervisor.outbox("telegram") as telegram, supervisor.outbox("discord") as discord:
            first, second = await following(telegram), await following(discord)
            assert (first.message.text, second.message.text) == ("Re: one", "Re: two")
            await second.done()
            await first.done()
            assert await nothing_comes(telegram)
            assert await nothing_comes(discord)


async def test_messages_that_were_collected_together_are_answered_where_each_came_from(
    running: Running, store: Store, clock: ManualClock
) -> None:
    config = Config(collect_for=5.0)
    async with running(Echo(), on=store, config=config, outbox=CHANNELS) as supervisor:
        session = supervisor.session("user-jason")
        await session.send("one", address=TELEGRAM)
        await session.send("two", address=TELEGRAM)
        turn = await session.send("three", address=DISCORD)
        clock.advance(5)
        await turn.reply()
        assert await deliver_all(supervisor, "telegram") == ["Re: two"]
        assert await deliver_all(supervisor, "discord") == ["Re: three"]


async def test_what_is_owed_outlasts_clearing_and_compaction(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, config=Config(max_context_tokens=500), outbox=CHANNELS) as supervisor:
        session = supervisor.session("maren")
        for number in range(3):
            await session.ask(f"{number} " + "word " * 30, address=TELEGRAM)
        await session.compact()
        await session.ask("last", address=TELEGRAM)
        await session.clear()
        assert await session.history() == ()
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        assert [text.split()[1] for text in await deliver_all(supervisor)] == ["0", "1", "2", "last"]


async def test_a_deleted_session_owes_nothing_and_a_new_one_of_its_name_owes_its_own(
    running: Running, store: Store, clock: ManualClock
) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        session = supervisor.session("maren")
        await session.ask("old", address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            old = await following(deliveries)
            await session.delete()
            clock.advance(1)
            await session.ask("new", address=TELEGRAM)
            await old.done()
            new = await following(deliveries)
            assert new.message.text == "Re: new"
            assert new.id != old.id
            await session.delete()
            await new.done()
            assert await nothing_comes(deliveries)


async def test_a_channel_that_is_not_served_is_refused_with_those_that_are(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        with pytest.raises(InputError, match="'slack', only: discord, telegram"):
            async with supervisor.outbox("slack"):
                pass
    with pytest.raises(InputError, match=r"\('telegram',\)"):
        Supervisor(store, Echo(), outbox="telegram")


async def test_a_channel_has_one_reader_at_a_time(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        async with supervisor.outbox("telegram"):
            with pytest.raises(InputError, match="has a reader already"):
                async with supervisor.outbox("telegram"):
                    pass
            async with supervisor.outbox("discord"):
                pass
        async with supervisor.outbox("telegram"):
            pass


async def test_a_message_sent_again_is_owed_once(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        session = supervisor.session("maren")
        for _ in range(2):
            await session.ask("one", message_id="m-1", address=TELEGRAM)
            await session.say("two", message_id="a-1", address=TELEGRAM)
        assert await deliver_all(supervisor) == ["Re: one", "two"]


async def test_delivering_is_no_activity_and_keeps_nothing_in_memory(
    running: Running, store: Store, clock: ManualClock
) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one", address=TELEGRAM)
        await session.ask("two", address=TELEGRAM)
        clock.advance(1800)
        await anyio.wait_all_tasks_blocked()
        clock.advance(7 * 24 * 3600)
        await anyio.wait_all_tasks_blocked()
        before = await session.info()
        assert (supervisor.live, before.state) == (0, "Idle")
        assert await deliver_all(supervisor) == ["Re: one", "Re: two"]
        after = await session.info()
        assert (after.state, after.last_activity, after.edges) == (before.state, before.last_activity, before.edges)
        await anyio.wait_all_tasks_blocked()
        assert supervisor.live == 0


class Slow(MemoryStore):
    """That a message was delivered takes its time to become durable."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = anyio.Event()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if any(isinstance(record, Delivered) for record in records):
            await self.may_go_on.wait()
        return await super().append(key, epoch, expected_sequence, records)


async def test_whoever_is_cancelled_while_a_delivery_is_noted_holds_its_session_up_for_seconds_only(
    running: Running, clock: ManualClock
) -> None:
    store = Slow()
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor, supervisor.outbox("telegram") as deliveries:
        for text in ("one", "two"):
            await supervisor.session("maren").ask(text, address=TELEGRAM)
        first = await following(deliveries)
        async with anyio.create_task_group() as group:
            group.start_soon(first.done)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        assert await nothing_comes(deliveries)
        store.may_go_on.set()
        clock.advance(10)
        second = await following(deliveries)
        assert second.message.text == "Re: two"
        await second.done()
        assert await nothing_comes(deliveries)


async def test_whoever_is_cancelled_while_a_message_is_looked_up_loses_none(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        await supervisor.session("maren").ask("one", address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await anext(deliveries)
            assert scope.cancelled_caught
            assert (await following(deliveries)).message.text == "Re: one"


class Unreadable(MemoryStore):
    """One session cannot be loaded for a while."""

    is_mended = False

    async def load(self, key: SessionKey) -> Snapshot | None:
        if key.id == "ada" and not self.is_mended:
            raise StoreDamagedError("history.json is damaged")
        return await super().load(key)


async def test_a_session_that_cannot_be_read_holds_up_no_other_and_is_tried_again(
    running: Running, clock: ManualClock
) -> None:
    store = Unreadable()
    store.is_mended = True
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        for name in ("ada", "maren"):
            await supervisor.session(name).ask("one", address=TELEGRAM)
    store.is_mended = False
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor, supervisor.outbox("telegram") as deliveries:
        given = await following(deliveries)
        assert given.session == "maren"
        await given.done()
        assert await nothing_comes(deliveries)
        store.is_mended = True
        clock.advance(10)
        assert (await following(deliveries)).session == "ada"


class Fragile(MemoryStore):
    """Appends to one session fail in a way that nobody foresaw."""

    fails = False

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if key.id == "ada" and self.fails:
            raise RuntimeError("a bug")
        return await super().append(key, epoch, expected_sequence, records)


async def test_a_parked_session_holds_up_no_other_and_is_served_when_it_goes_on(
    running: Running, clock: ManualClock
) -> None:
    store = Fragile()
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor, supervisor.outbox("telegram") as deliveries:
        for name in ("ada", "maren"):
            await supervisor.session(name).ask("one", address=TELEGRAM)
        ada, maren = await following(deliveries), await following(deliveries)
        store.fails = True
        for _ in range(4):
            with pytest.raises((SessionFailedError, SessionParkedError)):
                await supervisor.session("ada").say("two")
        with pytest.raises(SessionParkedError):
            await ada.done()
        await maren.done()
        assert await nothing_comes(deliveries)
        store.fails = False
        await supervisor.session("ada").unpark()
        clock.advance(10)
        again = await following(deliveries)
        assert again.id == ada.id
        await again.done()


async def test_iterating_over_deliveries_ends_with_the_supervisor_as_over_events(
    running: Running, store: Store
) -> None:
    ended: list[str] = []

    async def read(supervisor: Supervisor, started: anyio.Event) -> None:
        async with supervisor.outbox("telegram") as deliveries:
            started.set()
            async for _ in deliveries:
                pass
        ended.append("telegram")

    async with anyio.create_task_group() as group, running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        started = anyio.Event()
        group.start_soon(read, supervisor, started)
        await started.wait()
        await anyio.wait_all_tasks_blocked()
    assert ended == ["telegram"]


@pytest.mark.parametrize("begins", ["before", "behind"])
async def test_once_the_supervisor_has_drained_iterating_ends_behind_what_is_owed(
    running: Running, store: Store, begins: str
) -> None:
    given: list[str] = []

    async def read(supervisor: Supervisor) -> None:
        async with supervisor.outbox("telegram") as deliveries:
            async for delivery in deliveries:
                given.append(delivery.message.text)
                await (delivery.retry(3600) if delivery.message.text == "later" else delivery.done())

    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor, anyio.create_task_group() as group:
        for number in range(3):
            await supervisor.session(f"s-{number}").say(f"{number}", address=TELEGRAM)
        await supervisor.session("later").say("later", address=TELEGRAM)
        if begins == "before":
            group.start_soon(read, supervisor)
            await anyio.wait_all_tasks_blocked()
        await supervisor.session("s-1").say("last", address=TELEGRAM)
        await supervisor.drain()
        if begins == "behind":
            group.start_soon(read, supervisor)
    assert sorted(given) == ["0", "1", "2", "last", "later"]


async def test_the_log_tells_of_a_channel_to_which_much_is_owed(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(outbox=CHANNELS, on=MemoryStore()) as supervisor:
        for _ in range(1000):
            assert not caplog.records
            await supervisor.session("maren").say("I am here.", address=TELEGRAM)
    (record,) = caplog.records
    assert "owes 1000 messages to the channel 'telegram'" in record.getMessage()


# Deliveries that fail -----------------------------------------------------------------------------------------


async def test_a_delivery_is_given_again_after_so_many_seconds_and_other_sessions_go_on(
    running: Running, store: Store, clock: ManualClock
) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        await supervisor.session("maren").ask("one", address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            first = await following(deliveries)
            await first.retry(30, "too many requests")
            await supervisor.session("maren").ask("two", address=TELEGRAM)
            await supervisor.session("ada").ask("three", address=TELEGRAM)
            other = await following(deliveries)
            assert other.session == "ada"
            await other.retry(0)
            assert (await following(deliveries)).id == other.id
            clock.advance(29)
            assert await nothing_comes(deliveries)
            clock.advance(1)
            again = await following(deliveries)
            assert (again.id, first.attempt, again.attempt) == (first.id, 1, 2)
            await again.done()
            assert (await following(deliveries)).message.text == "Re: two"


async def test_a_delivery_that_arrived_after_all_need_not_be_given_again(
    running: Running, store: Store, clock: ManualClock
) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        for text in ("one", "two"):
            await supervisor.session("maren").ask(text, address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            first = await following(deliveries)
            await first.retry(30)
            await first.done()
            second = await following(deliveries)
            assert (second.message.text, second.attempt) == ("Re: two", 1)
            await first.retry(30)  # it was settled
            await second.done()
            clock.advance(60)
            assert await nothing_comes(deliveries)


async def test_a_wait_ends_with_its_reader(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        await supervisor.session("maren").ask("one", address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            await (await following(deliveries)).retry(3600)
        async with supervisor.outbox("telegram") as deliveries:
            assert (await following(deliveries)).attempt == 1


async def test_a_delivery_that_can_never_be_made_is_given_up_for_good(
    running: Running, store: Store, clock: ManualClock
) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        for text in ("one", "two"):
            await supervisor.session("maren").ask(text, address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            await (await following(deliveries)).fail("the user has blocked the bot")
            assert (await following(deliveries)).message.text == "Re: two"
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        assert await deliver_all(supervisor) == ["Re: two"]
        (failed,) = await supervisor.owed()
        assert (failed.session, failed.channel, failed.number) == ("maren", "telegram", 2)
        assert (failed.since, failed.failure, failed.is_final) == (clock.now(), "the user has blocked the bot", True)
        info = await supervisor.session("maren").info()
        assert (info.owed, info.undeliverable) == (0, 1)


async def test_the_owner_gives_up_what_is_owed_and_the_next_one_follows(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        for text in ("one", "two", "three"):
            await supervisor.session("maren").ask(text, address=TELEGRAM)
        await supervisor.drop("maren", 2, "nobody wants it any more")  # while nobody delivers
        async with supervisor.outbox("telegram") as deliveries:
            waiting = await following(deliveries)
            await waiting.retry(3600, "too many requests")
            assert await nothing_comes(deliveries)
            await supervisor.drop("maren", 4, "it is late")  # while it waits to be tried again
            last = await following(deliveries)
            assert last.message.text == "Re: three"
            await supervisor.drop("maren", 6, "it is late, too")  # while it is being delivered
            await last.done()
            assert await nothing_comes(deliveries)
        reasons = [(each.number, each.failure, each.is_final) for each in await supervisor.owed()]
        assert reasons == [
            (2, "nobody wants it any more", True),
            (4, "it is late", True),
            (6, "it is late, too", True),
        ]


async def test_what_was_given_up_is_delivered_after_all_in_front_of_what_waits(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        for text in ("one", "two", "three"):
            await supervisor.session("maren").ask(text, address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            await (await following(deliveries)).fail("the user has blocked the bot")
            await (await following(deliveries)).retry(3600, "too many requests")
            await supervisor.retry_delivery("maren", 2)  # whatever waits behind it
            again = await following(deliveries)
            assert (again.message.text, again.attempt) == ("Re: one", 1)
            await again.fail("still blocked")
            await supervisor.drop("maren", 4, "it is late")
        await supervisor.retry_delivery("maren", 2)
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        assert await deliver_all(supervisor) == ["Re: one", "Re: three"]
        assert [(each.number, each.failure) for each in await supervisor.owed()] == [(4, "it is late")]


async def test_what_was_not_given_up_cannot_be_tried_again(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        await supervisor.session("maren").ask("one", address=TELEGRAM)
        for number in (1, 2, 3):
            with pytest.raises(MessageNotFoundError, match=f"message {number} of .*maren was not given up"):
                await supervisor.retry_delivery("maren", number)
        with pytest.raises(SessionNotFoundError):
            await supervisor.retry_delivery("nobody", 1)


async def test_what_is_not_owed_cannot_be_given_up(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        await supervisor.session("maren").ask("one", address=TELEGRAM)
        for number in (1, 3):
            with pytest.raises(MessageNotFoundError, match=f"message {number} of .*maren is owed to no"):
                await supervisor.drop("maren", number, "it is late")
        with pytest.raises(SessionNotFoundError):
            await supervisor.drop("nobody", 1, "it is late")
        with pytest.raises(InputError, match="the reason is empty"):
            await supervisor.drop("maren", 2, " ")
        assert await deliver_all(supervisor) == ["Re: one"]


@pytest.mark.parametrize("reason", ["", " \n", None, "half \ud83d"])
async def test_a_delivery_is_given_up_for_a_reason_only(running: Running, store: Store, reason: str) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        await supervisor.session("maren").ask("one", address=TELEGRAM)
        async with supervisor.outbox("telegram") as deliveries:
            delivery = await following(deliveries)
            with pytest.raises(InputError, match="the reason"):
                await delivery.fail(reason)
            for seconds in (-1, float("nan"), float("inf")):
                with pytest.raises(InputError, match="the time until the next attempt"):
                    await delivery.retry(seconds)
        assert await deliver_all(supervisor) == ["Re: one"]


async def test_what_is_owed_can_be_seen(running: Running, store: Store, clock: ManualClock) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        asked_at = clock.now()
        for text in ("one", "two"):
            await supervisor.session("maren").ask(text, address=TELEGRAM)
        await supervisor.session("maren").clear()  # they are in the archive
        clock.advance(60)
        await supervisor.session("ada").ask("three", address=DISCORD)
        await supervisor.session("hela").ask("four")
        async with supervisor.outbox("telegram") as deliveries:
            await (await following(deliveries)).retry(30, "too many requests")
            owed = await supervisor.owed()
            assert [(each.session, each.channel, each.number, each.since) for each in owed] == [
                ("maren", "telegram", 2, asked_at),
                ("maren", "telegram", 4, asked_at),
                ("ada", "discord", 2, clock.now()),
            ]
            assert [(each.attempts, each.failure) for each in owed] == [(1, "too many requests"), (0, ""), (0, "")]
        assert [each.session for each in await supervisor.owed("discord")] == ["ada"]
        assert await supervisor.owed("matrix") == ()
        assert (await supervisor.session("maren").info()).owed == 2


async def test_many_deliveries_that_failed_are_forgotten_in_time(running: Running, store: Store) -> None:
    async with running(Echo(), on=store, outbox=CHANNELS) as supervisor:
        session = supervisor.session("maren")
        async with supervisor.outbox("telegram") as deliveries:
            for number in range(105):
                await session.say(f"{number}", address=TELEGRAM)
                await (await following(deliveries)).fail(f"reason {number} " + "x" * 1000)
        failed = await supervisor.owed()
        assert [each.number for each in failed] == list(range(6, 106))
        assert {len(each.failure) for each in failed} == {500}
