"""A message that is sent again under its id: recognised, answered as before, and never taken for another one."""

from collections.abc import Sequence
from functools import partial

import anyio
import pytest

from argentos import Address, Config, Emit, MemoryStore, Message, ReplayModel, Reply, Request
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import InputError, MailboxFullError
from argentos.storage import Record, SessionKey
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

HERE = Address("telegram", "1")


class Watched(MemoryStore):
    """A store that tells which messages were read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[tuple[int, int]] = []

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        self.reads.append((start, stop))
        return await super().read(key, start, stop)


class Echo:
    name = "echo"

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply(f"re: {request.messages[-1].text}")


async def test_the_same_message_gets_the_first_reply_without_a_look_at_the_archive(running: Running) -> None:
    store = Watched()
    async with running(Echo(), on=store) as supervisor:
        session = supervisor.session("maren")
        replies = [await session.ask(f"text {each}", message_id=f"m{each}") for each in range(20)]
        said = await session.say("by the way", message_id="said")
        assert [await session.ask(f"text {each}", message_id=f"m{each}") for each in range(20)] == replies
        assert await session.say("by the way", message_id="said") == said
        assert store.reads == []
        assert (await session.info()).messages == 41


async def test_of_the_archive_no_more_is_read_than_finds_the_message(running: Running) -> None:
    store = Watched()
    async with running(Echo(), on=store) as supervisor:
        session = supervisor.session("maren")
        replies = [await session.ask(f"text {each}", message_id=f"m{each}") for each in range(400)]
        await session.clear()
        assert await session.ask("text 399", message_id="m399") == replies[399]
        assert store.reads == [(301, 801)]
        assert await session.ask("text 3", message_id="m3") == replies[3]
        with pytest.raises(InputError, match="another text"):
            await session.ask("text 4", message_id="m3")


async def test_another_text_or_address_under_an_id_that_is_taken_is_refused(running: Running) -> None:
    async with running(Echo()) as supervisor:
        session = supervisor.session("maren")
        reply = await session.ask("Hello?", message_id="m1", address=HERE, sender="Maren")
        with pytest.raises(InputError, match=r"the id 'm1' belongs to message 1, which has another text"):
            await session.send("Something else", message_id="m1", address=HERE)
        with pytest.raises(InputError, match=r"message 1, which came from another address"):
            await session.send("Hello?", message_id="m1", address=Address("discord", "1"))
        with pytest.raises(InputError, match="a message of the other side"):
            await session.say("Hello?", message_id="m1")
        assert await session.ask("Hello?", message_id="m1", address=HERE, sender="Maren B.") == reply
        assert (await session.info()).messages == 2


async def test_another_text_under_the_id_of_a_message_that_waits_is_refused(running: Running) -> None:
    model = ReplayModel(live=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("one", message_id="m1")
        await session.send("two", message_id="m2")
        for message_id in ("m1", "m2"):
            with pytest.raises(InputError, match="another text"):
                await session.send("three", message_id=message_id)
        again = await session.send("one", message_id="m1")
        model.feed("Yes.")
        assert (await again.reply()) == (await turn.reply())


async def test_in_a_full_mailbox_what_was_accepted_is_recognised(running: Running) -> None:
    model = ReplayModel(live=True)
    async with running(model, config=Config(mailbox_limit=2)) as supervisor:
        session = supervisor.session("maren")
        for each in ("one", "two", "three"):
            await session.send(each, message_id=each)
        with pytest.raises(MailboxFullError):
            await session.send("four", message_id="four")
        for each in ("one", "two", "three"):
            with anyio.fail_after(5):
                assert (await session.send(each, message_id=each)).message_id == each
        with pytest.raises(InputError, match="another text"):
            await session.send("another", message_id="two")


class Gated(MemoryStore):
    """A store whose appends wait at a gate, open in the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = anyio.Event()
        self.gate.set()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        await self.gate.wait()
        return await super().append(key, epoch, expected_sequence, records)


class Silent(Echo):
    async def reply(self, request: Request, _emit: Emit) -> Reply:
        await anyio.sleep_forever()
        return Reply(request.session)


async def test_it_is_compared_also_where_the_context_is_cleared_in_the_same_moment(running: Running) -> None:
    store = Gated()
    told: list[str] = []

    async def send_again() -> None:
        try:
            await session.send("Hello?", message_id="m-1", address=Address("discord", "1"))
        except InputError as error:
            told.append(str(error))

    async with running(Silent(), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.send("Hello?", message_id="m-1", address=HERE)
        store.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            for work in (partial(session.say, "meanwhile"), send_again, session.clear):
                group.start_soon(work)
                await anyio.wait_all_tasks_blocked()
            store.gate.set()
    assert len(told) == 1
    assert "came from another address" in told[0]


@pytest.mark.parametrize("message_id", [None, "said"])
async def test_what_is_said_is_found_though_the_context_is_cleared_in_the_same_moment(
    running: Running, message_id: str | None
) -> None:
    store = Gated()
    said: list[Message] = []

    async def say() -> None:
        said.append(await session.say("by the way", message_id=message_id))

    async with running(Echo(), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        store.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            for work in (partial(session.say, "meanwhile"), say, session.clear):
                group.start_soon(work)
                await anyio.wait_all_tasks_blocked()
            store.gate.set()
    assert [(each.number, each.text) for each in said] == [(4, "by the way")]


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_the_ids_of_a_very_long_session_are_known(running: Running, *, is_restarted: bool) -> None:
    said = [TranscriptMessage(role="assistant", text=f"text {n}", id=f"a{n}", reply_to=()) for n in range(12_000)]
    store = MemoryStore()
    async with running(on=store) as supervisor:
        await supervisor.session("maren").adopt(Transcript(session="maren", messages=tuple(said)))
        if not is_restarted:
            assert (await supervisor.session("maren").say("text 7", message_id="a7")).number == 8
    async with running(on=store) as supervisor:
        session = supervisor.session("maren")
        for number in (0, 4999, 5000, 11_999):
            assert (await session.say(f"text {number}", message_id=f"a{number}")).number == number + 1
        assert (await session.say("more", message_id="b1")).number == 12_001
        assert (await session.say("more", message_id="b1")).number == 12_001
