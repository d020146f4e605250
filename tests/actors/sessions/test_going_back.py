"""Rewind, regenerate and fork, one by one; `test_branches` has them all together."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from argentos import (
    Address,
    Agent,
    Config,
    Emit,
    FileStore,
    Image,
    MemoryStore,
    Reply,
    Request,
    Rewound,
    Session,
    Supervisor,
    ToolUse,
    Usage,
    tool,
)
from argentos.errors import (
    CheckpointNotFoundError,
    InputError,
    MessageNotFoundError,
    ModelError,
    NoReplyError,
    NothingToRegenerateError,
    SessionExistsError,
    SessionNotFoundError,
)
from argentos.storage import hashes_in, inline
from argentos.storage.repair.doctor import check
from tests.actors.conftest import Running, count_words

pytestmark = pytest.mark.anyio

TELEGRAM = Address("telegram", "1")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Counting:
    """A model that counts its replies; it waits where it is told to be slow, and fails where it is told to."""

    name = "counting"

    def __init__(self) -> None:
        self.replies = 0
        self.fails = True
        self.asked, self.may_reply = anyio.Event(), anyio.Event()
        self.requests: list[Request] = []

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        last = request.messages[-1].text
        if last == "slow":
            self.asked.set()
            await self.may_reply.wait()
        if last == "fail" and self.fails:
            raise RuntimeError("no")
        self.replies += 1
        return Reply(f"{last}: {self.replies}")


async def texts(session: Session) -> list[str]:
    return [message.text for message in await session.history()]


def numbers(messages: Sequence[object]) -> list[int]:
    return [getattr(message, "number") for message in messages]  # noqa: B009 - of whatever has one


# Rewind -----------------------------------------------------------------------------------------------------


async def test_a_rewind_sends_the_rest_to_the_archive_and_undo_brings_it_back(running: Running) -> None:
    async with running(Counting()) as supervisor:
        session = supervisor.session("maren")
        for text in ("one", "two", "three"):
            await session.ask(text)
        await session.rewind(before=3)
        assert await texts(session) == ["one", "one: 1"]
        assert len(await session.history(full=True)) == 6
        await session.ask("four")
        await session.undo()
        assert await texts(session) == ["one", "one: 1", "two", "two: 2", "three", "three: 3", "four", "four: 4"]


async def test_a_rewind_ends_the_turn_that_runs_and_gives_up_what_waits(running: Running) -> None:
    model = Counting()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        turn, behind = await session.send("slow"), await session.send("later")
        await model.asked.wait()
        info = await session.rewind(before=3)
        assert info.waiting == 0
        for each in (turn, behind):
            with pytest.raises(NoReplyError):
                await each.reply()
        assert await texts(session) == ["one", "one: 1"]
        assert [message.text for message in await session.history(full=True)] == ["one", "one: 1", "slow", "later"]


async def test_a_number_that_is_not_in_the_context_is_refused(running: Running) -> None:
    async with running(Counting()) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(SessionNotFoundError):
            await session.rewind(before=1)
        await session.ask("one")
        with pytest.raises(MessageNotFoundError, match="maren has no message of the number 3; its last one is 2"):
            await session.rewind(before=3)
        await session.clear()
        with pytest.raises(MessageNotFoundError, match="message 1 of session maren has left its context; undo"):
            await session.rewind(before=1)
        with pytest.raises(InputError):
            await session.rewind(before=0)


async def test_a_call_that_waits_for_a_person_is_not_run_behind_a_rewind() -> None:
    done: list[str] = []

    @tool(needs_approval=True)
    async def send_mail(to: str) -> str:
        """Send a mail."""
        done.append(to)
        return "sent"

    class Mailing:
        name = "mailing"

        async def reply(self, request: Request, _emit: Emit) -> Reply:
            last = request.messages[-1].text
            return Reply([ToolUse("c1", "send_mail", {"to": "ada"})]) if last == "mail" else Reply("yes")

    async with Supervisor(MemoryStore(), Agent(Mailing(), tools=[send_mail]), count=count_words) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        await session.send("mail")
        while not await session.approvals():
            await anyio.lowlevel.checkpoint()
        await session.rewind(before=4)  # the call itself
        assert await session.approvals() == ()
        assert await texts(session) == ["one", "yes", "mail"]
        assert await session.ask("two")
        assert done == []


# Regenerate -------------------------------------------------------------------------------------------------


async def test_another_reply_is_made_to_the_same_message_and_address(running: Running) -> None:
    async with running(Counting(), outbox=("telegram",)) as supervisor, supervisor.outbox("telegram") as outbox:
        session = supervisor.session("maren")
        first = await session.ask("one", message_id="m-1", address=TELEGRAM)
        turn = await session.regenerate()
        second = await turn.reply()
        assert (first.text, second.text) == ("one: 1", "one: 2")
        assert (first.id, second.id) == ("m-1:reply", "m-1:reply-2")
        assert (second.address, second.reply_to) == (TELEGRAM, ("m-1",))
        assert await texts(session) == ["one", "one: 2"]
        assert [message.text for message in await session.history(full=True)] == ["one", "one: 1", "one: 2"]
        delivery = await anext(outbox)
        assert delivery.message.id == second.id
        await delivery.done()
        assert (await session.info()).owed == 0


async def test_a_reply_that_was_not_delivered_is_withheld_until_it_is_back(running: Running) -> None:
    async with running(Counting(), outbox=("telegram",)) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one", address=TELEGRAM)
        await (await session.regenerate()).reply()
        assert [each.number for each in await supervisor.owed("telegram")] == [3]
    async with running(Counting(), outbox=("telegram",)) as supervisor, supervisor.outbox("telegram") as outbox:
        session = supervisor.session("maren")
        delivery = await anext(outbox)
        assert delivery.message.text == "one: 2"
        await delivery.done()
        assert (await session.undo()).owed == 1
        delivery = await anext(outbox)
        assert delivery.message.text == "one: 1"
        await delivery.done()
        assert (await session.info()).owed == 0


async def test_a_reply_that_was_delivered_is_not_owed_once_more_when_it_is_back(running: Running) -> None:
    async with running(Counting(), outbox=("telegram",)) as supervisor, supervisor.outbox("telegram") as outbox:
        session = supervisor.session("maren")
        await session.ask("one", address=TELEGRAM)
        await (await anext(outbox)).done()
        await (await session.regenerate()).reply()
        await (await anext(outbox)).done()
        assert (await session.undo()).owed == 0


async def test_a_reply_that_waits_to_be_tried_again_does_not_hold_up_the_other_one(running: Running) -> None:
    async with running(Counting(), outbox=("telegram",)) as supervisor, supervisor.outbox("telegram") as outbox:
        session = supervisor.session("maren")
        await session.ask("one", address=TELEGRAM)
        await (await anext(outbox)).retry(3600)
        await (await session.regenerate()).reply()
        with anyio.fail_after(5):
            assert (await anext(outbox)).message.text == "one: 2"


async def test_a_message_that_is_sent_again_gets_the_latest_reply(running: Running) -> None:
    async with running(Counting()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one", message_id="m-1")
        await (await session.regenerate()).reply()
        assert (await session.ask("one", message_id="m-1")).text == "one: 2"


async def test_what_cannot_be_made_once_more_is_refused_in_a_sentence(running: Running) -> None:
    model = Counting()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.say("hello")
        with pytest.raises(NothingToRegenerateError, match="has no reply; ask for one first"):
            await session.regenerate()
        await session.ask("one")
        turn = await session.send("slow")
        await model.asked.wait()
        with pytest.raises(NothingToRegenerateError, match="is answering; wait for its reply, or stop it"):
            await session.regenerate()
        model.may_reply.set()
        await turn.reply()
        with pytest.raises(Exception, match="no"):
            await session.ask("fail")
        with pytest.raises(NothingToRegenerateError, match="try it again with `retry`"):
            await session.regenerate()


async def test_the_old_reply_comes_back_and_a_turn_that_makes_a_new_one_ends(running: Running) -> None:
    model = Counting()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        model.may_reply.set()
        await session.ask("slow")
        model.may_reply, model.asked = anyio.Event(), anyio.Event()
        turn = await session.regenerate()
        await model.asked.wait()
        await session.undo()
        with pytest.raises(NoReplyError):
            await turn.reply()
        assert await texts(session) == ["slow", "slow: 1"]
        assert (await session.info()).waiting == 0


async def test_events_tell_what_left(running: Running) -> None:
    async with running(Counting()) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        await session.ask("one")
        await (await session.regenerate()).reply()
        await session.rewind(before=1)
        found = [getattr(event, "record", None) for event in events.pending()]
        again, back = [record for record in found if isinstance(record, Rewound)]
        assert (again.checkpoint, again.messages, again.again) == ("c1", (2,), (1,))
        assert (back.checkpoint, back.parent, back.messages) == ("c2", "c1", (1, 3))


# Fork -------------------------------------------------------------------------------------------------------


async def test_a_fork_goes_on_by_itself(running: Running) -> None:
    model = Counting()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        await session.update(title="boats", system="Be brief.")
        await session.ask("two")
        info = await session.fork("other", at=2)
        fork = supervisor.session("other")
        assert (info.parent, info.title, info.system, info.state) == ("maren", "boats", "Be brief.", "Active")
        assert await texts(fork) == ["one", "one: 1"]
        reply = await fork.ask("three")
        assert reply.number == 4
        assert [each.text for each in model.requests[-1].messages] == ["one", "one: 1", "three"]
        assert await texts(session) == ["one", "one: 1", "two", "two: 2"]
        with pytest.raises(SessionExistsError):
            await session.fork("other")


async def test_a_fork_knows_what_the_model_counts(running: Running) -> None:
    class Reporting(Counting):
        async def reply(self, request: Request, emit: Emit) -> Reply:
            tokens = 3 * sum(message.tokens for message in request.messages)
            return structs.replace(await super().reply(request, emit), usage=Usage(self.name, tokens, 30))

    async with running(Reporting()) as supervisor:
        session = supervisor.session("maren")
        for _ in range(4):
            await session.ask("word " * 200)
        info, fork = await session.info(), await session.fork("other")
        assert fork.is_guess
        assert info.tokens <= fork.tokens < 1.4 * info.tokens


async def test_what_failed_can_be_tried_again_in_a_fork(running: Running) -> None:
    model = Counting()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(ModelError):
            await session.ask("fail", message_id="m-1")
        await session.clear()
        assert (await session.fork("other", at="c1")).failed == 1
        model.fails = False
        assert (await (await supervisor.session("other").retry("m-1")).reply()).text == "fail: 1"


async def test_a_fork_at_a_checkpoint_has_what_was_in_front_of_it(running: Running) -> None:
    async with running(Counting()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        await session.clear()
        await session.ask("two")
        await session.fork("before", at="c1")
        await session.fork("inside", at=1)
        assert await texts(supervisor.session("before")) == ["one", "one: 1"]
        assert await texts(supervisor.session("inside")) == ["one"]
        with pytest.raises(CheckpointNotFoundError, match="has no checkpoint 'c2'; there are c1 to c1"):
            await session.fork("x", at="c2")
        with pytest.raises(MessageNotFoundError, match="has no message of the number 9; its last one is 4"):
            await session.fork("x", at=9)
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("nobody").fork("x")
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("x").info()


async def test_what_has_no_answer_yet_is_not_taken_along(running: Running) -> None:
    model = Counting()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        turn = await session.send("slow")
        await model.asked.wait()
        await session.send("later")
        await session.fork("other")
        assert await texts(supervisor.session("other")) == ["one", "one: 1"]
        model.may_reply.set()
        assert (await turn.reply()).text == "slow: 2"


async def test_a_fork_larger_than_the_window_is_compacted_by_its_first_message(running: Running) -> None:
    store = MemoryStore()
    async with running(Counting(), on=store) as supervisor:
        session = supervisor.session("maren")
        for number in range(8):
            await session.ask(f"{number}" + " word" * 60)
    async with running(Counting(), on=store, config=Config(max_context_tokens=600)) as supervisor:
        info = await supervisor.session("maren").fork("small")
        assert (info.compactions, info.messages) == (0, 16)
        await supervisor.session("small").ask("on")
        assert (await supervisor.session("small").info()).compactions == 1


async def test_a_fork_links_the_attachments_and_outlives_its_parent(tmp_path: Path) -> None:
    state = tmp_path / "state"
    picture = Image({"type": "base64", "media_type": "image/png", "data": PIXEL})
    async with Supervisor(FileStore(state, run=inline), Counting(), count=count_words) as supervisor:
        session = supervisor.session("maren")
        await session.ask([picture])
        await session.fork("other")
        (sha256,) = hashes_in((await session.history())[0].raw)
        data = await session.attachment(sha256)
        files = [state / "agents/main/sessions" / name / "attachments" / sha256 for name in ("maren", "other")]
        assert files[0].stat().st_ino == files[1].stat().st_ino
        await session.delete()
        assert await supervisor.session("other").attachment(sha256) == data
    assert [*check(state)] == []
    async with Supervisor(FileStore(state, run=inline), Counting(), count=count_words) as supervisor:
        assert await supervisor.session("other").attachment(sha256) == data
        assert (await supervisor.session("other").info()).parent == "maren"
