"""What becomes of messages that come while a turn runs, or shortly after each other."""

from collections.abc import Sequence

import anyio
import anyio.lowlevel
import pytest
from msgspec import structs

from argentos import Address, Config, Emit, ManualClock, Reply, Request, Session, Turn
from argentos.errors import MailboxFullError, NoReplyError
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Listening:
    """A model that waits for leave before each reply, and keeps what was new in each request."""

    name = "listening"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.ended = 0
        self.leave = anyio.Semaphore(0)

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        before = {text for texts in self.asked for text in texts}
        self.asked.append([each.text for each in request.messages if each.role == "user" and each.text not in before])
        try:
            await self.leave.acquire()
            return Reply(f"reply {len(self.asked)}")
        finally:
            self.ended += 1


async def send(session: Session, *texts: str) -> list[Turn]:
    turns = [await session.send(text, message_id=text) for text in texts]
    await anyio.wait_all_tasks_blocked()
    return turns


async def replies(turns: Sequence[Turn]) -> list[str]:
    found: list[str] = []
    for turn in turns:
        try:
            with anyio.fail_after(5):
                found.append((await turn.reply()).text)
        except NoReplyError as error:
            found.append(error.outcome)
    return found


@pytest.mark.parametrize(
    ("config", "asked", "answers"),
    [
        (Config(), [["one"], ["two", "three", "four"]], ["reply 1"] + ["reply 2"] * 3),
        (Config(collect_max=2), [["one"], ["two", "three"], ["four"]], ["reply 1", "reply 2", "reply 2", "reply 3"]),
        (
            Config(queue_mode="followup"),
            [["one"], ["two"], ["three"], ["four"]],
            ["reply 1", "reply 2", "reply 3", "reply 4"],
        ),
        (
            Config(queue_mode="interrupt"),
            [["one"], ["two"], ["three"], ["four"]],
            ["stopped", "stopped", "stopped", "reply 4"],
        ),
    ],
    ids=["collect", "collect at most two", "followup", "interrupt"],
)
async def test_messages_that_come_while_a_turn_runs_follow_the_mode(
    running: Running, config: Config, asked: list[list[str]], answers: list[str]
) -> None:
    model = Listening()
    async with running(model, config=config) as supervisor:
        session = supervisor.session("maren")
        turns: list[Turn] = []
        for text in ("one", "two", "three", "four"):
            turns += await send(session, text)
        for _ in range(4):
            model.leave.release()
        assert await replies(turns) == answers
        await anyio.wait_all_tasks_blocked()
        assert model.ended == len(model.asked)
        assert (await session.info()).waiting == 0
    assert model.asked == asked


async def test_a_turn_waits_until_no_more_messages_come(running: Running, clock: ManualClock) -> None:
    model = Listening()
    async with running(model, config=Config(collect_for=2.0)) as supervisor:
        session = supervisor.session("maren")
        turns = await send(session, "one")
        for text in ("two", "three"):
            clock.advance(1.5)
            turns += await send(session, text)
        clock.advance(1.9)
        await anyio.wait_all_tasks_blocked()
        assert model.asked == []
        clock.advance(0.1)
        model.leave.release()
        assert await replies(turns) == ["reply 1"] * 3
    assert model.asked == [["one", "two", "three"]]


async def test_a_turn_waits_no_longer_than_for_the_most_messages_it_answers(running: Running) -> None:
    model = Listening()
    async with running(model, config=Config(collect_for=60.0, collect_max=2)) as supervisor:
        turns = await send(supervisor.session("maren"), "one", "two")
        model.leave.release()
        assert await replies(turns) == ["reply 1"] * 2


async def test_messages_that_were_being_collected_are_answered_after_a_restart(
    running: Running, clock: ManualClock
) -> None:
    config = Config(collect_for=60.0)
    async with running(Listening(), config=config) as supervisor:
        await send(supervisor.session("maren"), "one")
    clock.advance(61.0)
    model = Listening()
    model.leave.release()
    async with running(model, config=config) as supervisor:
        turn = await supervisor.session("maren").send("one", message_id="one")
        assert await replies([turn]) == ["reply 1"]


async def test_the_time_of_collecting_runs_from_the_message_across_restarts(
    running: Running, clock: ManualClock
) -> None:
    config = Config(collect_for=60.0)
    async with running(Listening(), config=config) as supervisor:
        await send(supervisor.session("maren"), "one")
    clock.advance(59.0)
    model = Listening()
    model.leave.release()
    async with running(model, config=config) as supervisor:
        turn = await supervisor.session("maren").send("one", message_id="one")
        await anyio.wait_all_tasks_blocked()
        assert model.asked == []
        clock.advance(1.0)
        assert await replies([turn]) == ["reply 1"]


async def test_a_message_of_the_agent_interrupts_nothing(running: Running) -> None:
    model = Listening()
    async with running(model, config=Config(queue_mode="interrupt")) as supervisor:
        session = supervisor.session("maren")
        turns = await send(session, "one")
        await session.say("By the way.")
        model.leave.release()
        assert await replies(turns) == ["reply 1"]


async def test_a_message_waits_for_room_as_long_as_it_may(running: Running) -> None:
    model = Listening()
    outcomes: dict[str, Turn | MailboxFullError] = {}

    async def patiently(text: str) -> None:
        outcomes[text] = await supervisor.session("maren").send(text, message_id=text, patience=30.0)

    async with running(model, config=Config(mailbox_limit=2)) as supervisor:
        session = supervisor.session("maren")
        turns = await send(session, "one", "two", "three")
        with pytest.raises(MailboxFullError):
            await session.send("four")
        with pytest.raises(MailboxFullError):
            await session.send("four", patience=0.01)
        async with anyio.create_task_group() as group:
            for text in ("four", "five", "six"):
                group.start_soon(patiently, text)
            await anyio.wait_all_tasks_blocked()
            assert outcomes == {}
            for _ in range(8):
                model.leave.release()
        assert len(await replies(turns)) == 3
        assert {message.id for message in await session.history() if message.role == "user"} == {
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
        }


async def test_a_flood_that_is_refused_lets_others_be_served(running: Running) -> None:
    refused = 0

    async def flood() -> None:
        nonlocal refused
        while True:
            with pytest.raises(MailboxFullError):
                await supervisor.session("maren").send("More!")
            refused += 1

    async with running(Listening(), config=Config(mailbox_limit=1)) as supervisor, anyio.create_task_group() as group:
        await send(supervisor.session("maren"), "one", "two")
        for _ in range(100):
            group.start_soon(flood)
        for _ in range(10):
            await supervisor.session("hela").say("I am here.")
        group.cancel_scope.cancel()
    assert 0 < refused < 100


async def test_a_flood_that_is_accepted_lets_others_be_served(running: Running) -> None:
    accepted = 0

    async def flood() -> None:
        nonlocal accepted
        while True:
            await supervisor.session("maren").send("More!")
            accepted += 1

    async with running(Listening()) as supervisor, anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(flood)
        await anyio.lowlevel.checkpoint()
        await supervisor.session("hela").say("I am here.")
        group.cancel_scope.cancel()
    assert accepted < 200


# Messages from several addresses --------------------------------------------------------------------------------

ANN = Address("telegram", "ann")
BOB = Address("discord", "bob", guild="9", channel_id="7")


async def send_from(session: Session, *messages: tuple[Address | None, str]) -> list[Turn]:
    turns = [await session.send(text, message_id=text, address=address) for address, text in messages]
    await anyio.wait_all_tasks_blocked()
    return turns


@pytest.mark.parametrize(
    "other",
    [
        structs.replace(ANN, channel="discord"),
        structs.replace(ANN, user="bob"),
        structs.replace(ANN, guild="9"),
        structs.replace(ANN, channel_id="7"),
        structs.replace(ANN, account="second"),
        None,
    ],
    ids=["channel", "user", "guild", "channel id", "account", "none at all"],
)
async def test_messages_from_different_addresses_are_never_answered_together(
    running: Running, other: Address | None
) -> None:
    model = Listening()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turns = await send_from(
            session, (ANN, "one"), (ANN, "two"), (ANN, "three"), (other, "four"), (other, "five"), (ANN, "six")
        )
        for _ in range(4):
            model.leave.release()
        assert await replies(turns) == ["reply 1", *["reply 2"] * 2, *["reply 3"] * 2, "reply 4"]
        history = await session.history()
    assert model.asked == [["one"], ["two", "three"], ["four", "five"], ["six"]]
    assert [each.address for each in history if each.role == "assistant"] == [ANN, ANN, other, ANN]


async def test_each_channel_is_owed_the_reply_to_its_own_messages(running: Running) -> None:
    model = Listening()
    async with running(model, outbox=("telegram", "discord")) as supervisor:
        turns = await send_from(
            supervisor.session("family"), (ANN, "one"), (ANN, "Where is the key?"), (BOB, "When do we sail?")
        )
        for _ in range(3):
            model.leave.release()
        await replies(turns)
        async with supervisor.outbox("telegram") as telegram, supervisor.outbox("discord") as discord:
            with anyio.fail_after(5):
                given = [await anext(telegram)]
                await given[0].done()
                given += [await anext(telegram), await anext(discord)]
    assert [(each.message.reply_to, each.address) for each in given] == [
        (("one",), ANN),
        (("Where is the key?",), ANN),
        (("When do we sail?",), BOB),
    ]


async def test_messages_from_several_addresses_are_told_apart_when_they_are_collected(
    running: Running, clock: ManualClock
) -> None:
    model = Listening()
    async with running(model, config=Config(collect_for=2.0)) as supervisor:
        turns = await send_from(supervisor.session("maren"), (ANN, "one"), (BOB, "two"))
        clock.advance(2.0)
        await anyio.wait_all_tasks_blocked()
        model.leave.release()
        await anyio.wait_all_tasks_blocked()
        clock.advance(2.0)
        model.leave.release()
        assert await replies(turns) == ["reply 1", "reply 2"]


async def test_a_message_interrupts_only_a_turn_of_its_own_address(running: Running) -> None:
    model = Listening()
    async with running(model, config=Config(queue_mode="interrupt")) as supervisor:
        session = supervisor.session("maren")
        turns = await send_from(session, (ANN, "one"))  # of which the model has heard when it is interrupted
        turns += await send_from(session, (BOB, "two"), (ANN, "three"))
        for _ in range(3):
            model.leave.release()
        assert await replies(turns) == ["stopped", "reply 2", "reply 3"]
    assert model.asked == [["one"], ["two"], ["three"]]
