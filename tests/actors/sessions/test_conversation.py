"""What an embedder does with a session: send, ask, stream, say, stop, clear."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, TypeAlias

import anyio
import anyio.lowlevel
import pytest

from argentos import (
    Address,
    Config,
    Emit,
    ManualClock,
    Message,
    OfflineModel,
    RecordAppended,
    ReplayModel,
    Reply,
    Request,
    Supervisor,
)
from argentos.errors import (
    InputError,
    MailboxFullError,
    MessageTooLargeError,
    ModelError,
    ModelRefusedError,
    NoReplyError,
    SessionExistsError,
    SessionNotFoundError,
    SupervisorStoppedError,
)
from argentos.storage import MemoryStore

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


class Failing:
    """A model that streams a little, and then raises."""

    name = "failing"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def reply(self, request: Request, emit: Emit) -> Reply:
        await emit("half a ")
        await anyio.lowlevel.checkpoint()
        raise self.error
        return Reply(request.session)


async def test_a_question_is_answered(running: Running) -> None:
    async with running(ReplayModel(["Good morning."])) as supervisor:
        reply = await supervisor.session("maren").ask("Hello?")
        assert (reply.role, reply.text, reply.number) == ("assistant", "Good morning.", 2)


async def test_a_reply_streams_piece_by_piece_to_every_reader(running: Running) -> None:
    async with running(OfflineModel()) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        first = [piece async for piece in turn.text()]
        second = [piece async for piece in turn.text()]
        reply = await turn.reply()
        assert len(first) > 5
        assert first == second
        assert "".join(first) == reply.text


async def test_the_reply_carries_the_address_of_its_message(running: Running) -> None:
    address = Address("telegram", "123")
    async with running(ReplayModel(["Yes."])) as supervisor:
        reply = await supervisor.session("maren").ask("There?", address=address, message_id="m-1", sender="Maren")
        assert reply.address == address
        assert reply.reply_to == ("m-1",)


async def test_a_message_is_durable_when_send_returns(running: Running, store: MemoryStore) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        session = supervisor.session("maren")
        await session.send("Keep this.", message_id="m-1")
        snapshot = await store.load(session.key)
        assert snapshot is not None
        assert [message.text for message in snapshot.context.messages] == ["Keep this."]


async def test_messages_that_arrive_during_a_turn_are_gathered_into_the_next(running: Running) -> None:
    model = ReplayModel(live=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turns = [await session.send(text, message_id=text) for text in ("one", "two", "three")]
        model.feed("first")
        assert (await turns[0].reply()).reply_to == ("one",)
        model.feed("second")
        assert (await turns[1].reply()).reply_to == ("two", "three")
        assert await turns[1].reply() == await turns[2].reply()
        assert [message.text for message in await session.history()] == ["one", "two", "three", "first", "second"]


async def test_the_same_id_sent_during_its_turn_joins_that_turn(running: Running) -> None:
    model = ReplayModel(live=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        first = await session.send("Hello?", message_id="m-1")
        again = await session.send("Hello?", message_id="m-1")
        model.feed("Yes.")
        assert await first.reply() == await again.reply()
        assert (await session.info()).messages == 2


async def test_the_same_id_sent_later_is_answered_with_the_first_reply(running: Running) -> None:
    async with running(ReplayModel(["Once.", "Twice?"])) as supervisor:
        session = supervisor.session("maren")
        first = await session.ask("Hello?", message_id="m-1")
        await session.ask("And?", message_id="m-2")
        assert await session.ask("Hello?", message_id="m-1") == first
        assert (await session.info()).messages == 4


async def test_a_resent_message_is_recognised_in_the_archive_and_after_a_restart(running: Running) -> None:
    async with running(ReplayModel(["Once."])) as supervisor:
        first = await supervisor.session("maren").ask("Hello?", message_id="m-1")
        await supervisor.session("maren").clear()
    async with running(ReplayModel()) as supervisor:
        assert await supervisor.session("maren").ask("Hello?", message_id="m-1") == first


async def test_a_resent_message_that_got_no_reply_says_so(running: Running) -> None:
    async with running(ReplayModel([""])) as supervisor:
        session = supervisor.session("maren")
        for _ in range(2):
            with pytest.raises(NoReplyError):
                await session.ask("Hello?", message_id="m-1")
        assert (await session.info()).messages == 1


async def test_the_same_id_twice_at_once_is_one_message(running: Running) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        session = supervisor.session("maren")
        replies: list[Message] = []

        async def ask() -> None:
            replies.append(await session.ask("Hello?", message_id="m-1"))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            group.start_soon(ask)
        assert replies[0] == replies[1]
        assert (await session.info()).messages == 2


async def test_two_writers_of_fifty_messages_leave_a_hundred_in_order(running: Running) -> None:
    async with running(OfflineModel()) as supervisor:
        session = supervisor.session("maren")

        async def write(name: str) -> None:
            for number in range(50):
                await session.send(f"{name} {number}")

        async with anyio.create_task_group() as group:
            group.start_soon(write, "a")
            group.start_soon(write, "b")
        texts = [message.text for message in await session.history() if message.role == "user"]
        assert len(texts) == 100
        for name in "ab":
            assert [text for text in texts if text.startswith(name)] == [f"{name} {number}" for number in range(50)]


async def test_the_agent_can_speak_first(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        message = await session.say("Your crane is at nine.", message_id="reminder")
        assert await session.say("Your crane is at nine.", message_id="reminder") == message
        assert [each.role for each in await session.history()] == ["assistant"]
        assert (await session.info()).state == "Active"


async def test_a_turn_without_a_reply_raises_no_reply_and_just_ends_its_stream(running: Running) -> None:
    async with running(ReplayModel([""])) as supervisor:
        turn = await supervisor.session("maren").send("ok, later")
        assert [piece async for piece in turn.text()] == []
        with pytest.raises(NoReplyError) as caught:
            await turn.reply()
        assert caught.value.outcome == "no_reply"


@pytest.mark.parametrize("error", [ModelRefusedError("the key is wrong"), RuntimeError("a bug in a model")])
async def test_a_failing_model_fails_the_turn_and_keeps_the_message(running: Running, error: Exception) -> None:
    async with running(Failing(error)) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(ModelError):
            await session.ask("Hello?")
        assert [message.text for message in await session.history()] == ["Hello?"]
        assert (await session.info()).waiting == 0


async def test_stop_ends_the_turn_and_gives_up_what_waits(running: Running) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        session = supervisor.session("maren")
        turns = [await session.send(text) for text in ("one", "two")]
        assert (await session.stop()).waiting == 0
        for turn in turns:
            with pytest.raises(NoReplyError, match="stopped"):
                await turn.reply()
        assert [message.text for message in await session.history()] == ["one", "two"]


async def test_after_a_stop_the_next_message_is_answered(running: Running) -> None:
    model = ReplayModel(live=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.send("one")
        await session.stop()
        model.feed("Here again.")
        assert (await session.ask("two")).reply_to != ()


async def test_clear_empties_the_context_and_keeps_the_archive(running: Running) -> None:
    async with running(ReplayModel(["Yes.", "Fresh."])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        info = await session.clear()
        assert (info.tokens, info.messages) == (0, 2)
        assert await session.history() == ()
        await session.ask("Again?")
        assert [message.text for message in await session.history()] == ["Again?", "Fresh."]
        assert [message.text for message in await session.history(full=True)] == ["Hello?", "Yes.", "Again?", "Fresh."]


async def test_clear_ends_a_running_turn(running: Running) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("one")
        await session.clear()
        with pytest.raises(NoReplyError, match="cleared"):
            await turn.reply()


async def test_a_full_mailbox_refuses_and_accepts_nothing(running: Running) -> None:
    model = ReplayModel(live=True)
    async with running(model, config=Config(mailbox_limit=3)) as supervisor:
        session = supervisor.session("maren")
        await session.send("in the turn")
        for number in range(3):
            await session.send(f"waits {number}")
        with pytest.raises(MailboxFullError):
            await session.send("too many")
        assert (await session.info()).messages == 4
        await session.stop()  # the control lane is never full


async def test_a_message_that_no_window_holds_is_refused_and_makes_no_session(running: Running) -> None:
    async with running(config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(MessageTooLargeError):
            await session.send("word " * 400)
        with pytest.raises(SessionNotFoundError):
            await session.info()


@pytest.mark.parametrize("text", ["", "  \n", "half a pair \ud83d"])
async def test_a_text_that_cannot_be_a_message_is_refused(running: Running, text: str) -> None:
    async with running() as supervisor:
        with pytest.raises(InputError):
            await supervisor.session("maren").send(text)


@pytest.mark.parametrize("message_id", ["", "x" * 513, "\ud83d"])
async def test_an_id_that_cannot_be_one_is_refused(running: Running, message_id: str) -> None:
    async with running() as supervisor:
        with pytest.raises(InputError):
            await supervisor.session("maren").send("Hello?", message_id=message_id)


@pytest.mark.parametrize("session_id", ["", "a\nb", "a\0b", "\x85", "é" * 257, "\ud83d", None, 1.5, True])
async def test_a_session_id_that_cannot_be_one_is_refused_before_any_io(running: Running, session_id: Any) -> None:
    async with running() as supervisor:
        with pytest.raises(InputError):
            supervisor.session(session_id)


async def test_an_unknown_session_is_not_found_and_not_made(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("nobody")
        for call in (session.info, session.history, session.clear, session.compact, session.stop):
            with pytest.raises(SessionNotFoundError):
                await call()
        assert await supervisor.list() == []


async def test_a_session_made_by_hand_has_its_owner_from_the_first_moment_on(
    running: Running, store: MemoryStore
) -> None:
    async with running(OfflineModel(), on=store) as supervisor, supervisor.events() as events:
        session = supervisor.session("boat")
        made = await session.create(title="The boat", tags=["sea"], owner="maren", system="Be kind.")
        assert (made.state, made.title, made.tags, made.owner, made.system) == (
            "Created",
            "The boat",
            ("sea",),
            "maren",
            "Be kind.",
        )
        assert {event.owner for event in events.pending() if isinstance(event, RecordAppended)} == {"maren"}
        with pytest.raises(InputError, match="the owner"):
            await supervisor.session("other").create(owner="x" * 600)
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("other").info()


async def test_a_session_can_be_made_by_hand_once(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        assert (await session.create()).state == "Created"
        with pytest.raises(SessionExistsError):
            await session.create()


async def test_outside_async_with_nothing_is_accepted(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
    with pytest.raises(SupervisorStoppedError):
        await session.send("Hello?")


async def test_the_list_has_the_latest_activity_first(running: Running, clock: ManualClock) -> None:
    async with running(ReplayModel(["Yes."] * 3)) as supervisor:
        for name in ("a", "b", "c"):
            clock.advance(1)
            await supervisor.session(name).ask("Hello?")
        assert [info.id for info in await supervisor.list()] == ["c", "b", "a"]
        assert [info.id for info in await supervisor.list(limit=2)] == ["c", "b"]
        since = clock.now() - timedelta(seconds=1)
        assert [info.id for info in await supervisor.list(active_since=since)] == ["c", "b"]
        assert [info.id for info in await supervisor.list(limit=1, active_since=since)] == ["c"]


async def test_agents_have_sessions_of_their_own(running: Running) -> None:
    async with running(agent="main") as supervisor:
        await supervisor.session("maren").ask("Hello?")
    async with running(agent="other") as supervisor:
        assert await supervisor.list() == []
