"""A person's word on a call: the turn waits for it, durably, and holds nothing meanwhile."""

import threading
from typing import Any

import anyio
import pytest

from argentos import (
    Address,
    Agent,
    ApprovalWanted,
    Config,
    ManualClock,
    MemoryStore,
    Message,
    Reply,
    Supervisor,
    Text,
    tool,
)
from argentos.errors import (
    ApprovalDecidedError,
    ApprovalNotFoundError,
    NoReplyError,
    NotAnApproverError,
    SessionError,
)
from tests.actors.conftest import count_words
from tests.actors.core.tools import Scripted, call, check_request

pytestmark = pytest.mark.anyio

DAY = 86_400.0
PHONE = Address("telegram", "123")


class World:
    """A store and a clock that outlast supervisors, and a mail account that counts what is sent."""

    def __init__(self, clock: ManualClock, store: MemoryStore) -> None:
        self.clock, self.store = clock, store
        self.sent: list[str] = []

        @tool(needs_approval=True)
        async def send_mail(to: str) -> str:
            """Send a mail."""
            self.sent.append(to)
            return f"sent to {to}"

        @tool(needs_approval=lambda given: given["amount"] > 100)
        async def pay(amount: int) -> str:
            """Pay."""
            self.sent.append(str(amount))
            return f"paid {amount}"

        self.tools = (send_mail, pay)

    def supervisor(self, model: Any, config: Config | None = None, **options: Any) -> Supervisor:
        agent = Agent(model, tools=self.tools, approvers=options.pop("approvers", None))
        settings: dict[str, Any] = {"clock": self.clock, "count": count_words, "count_inline": 10**6, "grace": 0}
        return Supervisor(self.store, agent, config=config, **settings, **options)

    async def wait(self, supervisor: Supervisor, count: int = 1) -> None:
        with anyio.fail_after(5):
            while len(await supervisor.approvals()) != count:
                await anyio.lowlevel.checkpoint()

    async def rest(self, supervisor: Supervisor) -> None:
        """Wait until the session has become idle, and has left memory."""
        with anyio.fail_after(5):
            while supervisor.health().live:
                self.clock.advance(3600)
                for _ in range(20):
                    await anyio.lowlevel.checkpoint()


@pytest.fixture
def world(clock: ManualClock, store: MemoryStore) -> World:
    return World(clock, store)


def asking(*names: str) -> Reply:
    return Reply([Text(text="May I?"), *(call("send_mail", f"c{at}", to=each) for at, each in enumerate(names))])


async def history(supervisor: Supervisor) -> tuple[Message, ...]:
    found = await supervisor.session("maren").history(full=True)
    check_request(found)
    return found


async def test_a_call_runs_once_a_person_has_approved_it(world: World) -> None:
    async with world.supervisor(Scripted(asking("ada"), "Sent.")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("mail ada", address=PHONE)
        await world.wait(supervisor)
        (wanted,) = await session.approvals()
        assert (wanted.session, wanted.name, wanted.input, wanted.address) == (
            "maren",
            "send_mail",
            {"to": "ada"},
            PHONE,
        )
        assert world.sent == []
        await session.approve(wanted.call_id, by="jason")
        assert (await turn.reply()).text == "Sent."
        assert world.sent == ["ada"]
        assert await session.approvals() == ()
        pieces = [piece async for piece in turn]
        assert ApprovalWanted("c0", "send_mail", {"to": "ada"}) in pieces
        await history(supervisor)


async def test_a_denied_call_is_not_run_and_the_model_hears_why(world: World) -> None:
    model = Scripted(asking("ada"), "I did not.")
    async with world.supervisor(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("mail ada")
        await world.wait(supervisor)
        await session.deny("c0", "not her")
        assert (await turn.reply()).text == "I did not."
    assert world.sent == []
    assert model.requests[-1].messages[-1].blocks[0]["content"] == "not run: a person denied it: not her"


async def test_what_needs_no_approval_runs_meanwhile(world: World) -> None:
    model = Scripted(Reply([call("pay", "c0", amount=50), call("pay", "c1", amount=500)]), "Paid.")
    async with world.supervisor(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("pay")
        with anyio.fail_after(5):
            while world.sent != ["50"] or len(await session.approvals()) != 1:
                await anyio.lowlevel.checkpoint()
        await session.approve("c1")
        assert (await turn.reply()).text == "Paid."
        assert world.sent == ["50", "500"]
        await history(supervisor)


@pytest.mark.parametrize("waits", [False, True], ids=["in a thread", "in the event loop"])
async def test_a_tool_that_does_not_tell_in_time_holds_up_nobody_and_a_person_is_asked(
    clock: ManualClock, store: MemoryStore, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    monkeypatch.setattr("argentos.actors.core.decisions.responses._JUDGING", 0.05)
    told = threading.Event()

    async def wait(_: dict[str, Any]) -> bool:
        await anyio.sleep_forever()
        return False

    @tool(needs_approval=wait if waits else lambda _: told.wait(10) and False)
    async def send_mail(to: str) -> str:
        """Send a mail."""
        return f"sent to {to}"

    agents = {"slow": Agent(Scripted(asking("ada"), "Sent."), tools=[send_mail]), "quick": Agent(Scripted("Yes."))}
    async with Supervisor(store, agents, clock=clock, count=count_words, count_inline=10**6, grace=0) as supervisor:
        turn = await supervisor.session("maren", agent="slow").send("mail ada")
        assert (await supervisor.session("ada", agent="quick").ask("Are you there?")).text == "Yes."
        with anyio.fail_after(5):
            while not await supervisor.approvals():  # noqa: ASYNC110 - its time has to be over first
                await anyio.sleep(0.01)
        await supervisor.session("maren", agent="slow").approve("c0")
        assert (await turn.reply()).text == "Sent."
        told.set()


async def test_each_of_several_is_decided_by_itself(world: World) -> None:
    model = Scripted(asking("ada", "bob", "eve"), "Done.")
    async with world.supervisor(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("mail them")
        await world.wait(supervisor, 3)
        await session.deny("c1")
        await session.approve("c2")
        await session.approve("c0")
        assert (await turn.reply()).text == "Done."
        assert sorted(world.sent) == ["ada", "eve"]
        found = await history(supervisor)
    assert [block.get("is_error", False) for block in found[2].blocks] == [False, True, False]


async def test_the_first_word_counts(world: World) -> None:
    async with world.supervisor(Scripted(asking("ada"), "Sent.")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("mail ada")
        await world.wait(supervisor)
        errors: list[SessionError] = []

        async def decide(by: str) -> None:
            try:
                await session.approve("c0", by=by) if by == "jason" else await session.deny("c0", by=by)
            except ApprovalDecidedError as error:
                errors.append(error)

        async with anyio.create_task_group() as group:
            group.start_soon(decide, "jason")
            group.start_soon(decide, "ada")
        await turn.reply()
        assert len(errors) == 1
        assert "the first word counts" in str(errors[0])
        with pytest.raises(ApprovalNotFoundError):
            await session.approve("c9")


async def test_a_session_that_waits_for_a_person_becomes_idle_and_leaves_memory(world: World) -> None:
    async with world.supervisor(Scripted(asking("ada"), "Sent."), outbox=["telegram"]) as supervisor:
        session = supervisor.session("maren")
        await session.send("mail ada", address=PHONE)
        await world.wait(supervisor)
        await world.rest(supervisor)
        assert (await session.info()).state == "Idle"
        await session.approve("c0")
        async with supervisor.outbox("telegram") as outbox:
            asked = await anext(aiter(outbox))
            assert [block["type"] for block in asked.message.blocks] == ["text", "tool_use"]
            await asked.done()
            answered = await anext(aiter(outbox))
            assert (answered.message.text, answered.address) == ("Sent.", PHONE)


async def test_a_person_is_asked_through_the_outbox_as_soon_as_a_call_waits(world: World) -> None:
    async with (
        world.supervisor(Scripted(asking("ada"), "Sent."), outbox=["telegram"]) as supervisor,
        supervisor.outbox("telegram") as outbox,
    ):
        session = supervisor.session("maren")
        await session.send("mail ada", address=PHONE)
        with anyio.fail_after(5):
            asked = await anext(outbox)
        assert (asked.message.text, asked.address) == ("May I?", PHONE)
        await asked.done()
        await session.approve("c0")
        assert (await anext(outbox)).message.text == "Sent."


async def test_nobody_decides_in_time(world: World) -> None:
    model = Scripted(asking("ada"), "Too late.")
    async with world.supervisor(model, Config(approval_expires=2 * DAY)) as supervisor:
        session = supervisor.session("maren")
        await session.send("mail ada", message_id="m-1")
        await world.wait(supervisor)
        await world.rest(supervisor)
        world.clock.advance(2 * DAY)
        with anyio.fail_after(5):
            while len(model.requests) < 2:
                await anyio.lowlevel.checkpoint()
        with pytest.raises(ApprovalDecidedError, match="nobody decided in time"):
            await session.approve("c0")
    assert world.sent == []
    assert "nobody allowed it in time" in model.requests[-1].messages[-1].blocks[0]["content"]


async def test_two_restarts_and_three_days_later_the_turn_goes_on(world: World) -> None:
    async with world.supervisor(Scripted(asking("ada"))) as supervisor:
        await supervisor.session("maren").send("mail ada", address=PHONE)
        await world.wait(supervisor)
    world.clock.advance(DAY)
    async with world.supervisor(Scripted()) as supervisor:
        assert len(await supervisor.approvals()) == 1
        world.clock.advance(2 * DAY)
    model = Scripted("Sent.")
    async with world.supervisor(model, outbox=["telegram"]) as supervisor:
        (wanted,) = await supervisor.approvals()
        await supervisor.session(wanted.session).approve(wanted.call_id)
        async with supervisor.outbox("telegram") as outbox:
            assert (await anext(aiter(outbox))).message.text == "Sent."
        found = await history(supervisor)
    assert world.sent == ["ada"]
    assert len(found) == 4


@pytest.mark.parametrize("mode", ["collect", "followup", "interrupt"])
async def test_who_writes_instead_denies_what_waits_and_the_turn_goes_on(world: World, mode: Any) -> None:
    model = Scripted(asking("ada"), "I did not.", "As you say.")
    async with world.supervisor(model, Config(queue_mode=mode)) as supervisor:
        session = supervisor.session("maren")
        first = await session.send("mail ada", address=PHONE)
        await world.wait(supervisor)
        second = await session.send("no, do not", address=PHONE)
        if mode != "interrupt":
            assert (await first.reply()).text == "I did not."
        assert (await second.reply()).text in {"As you say.", "I did not."}
        with pytest.raises(ApprovalDecidedError, match="the person wrote instead"):
            await session.approve("c0")
        await history(supervisor)
    assert world.sent == []


async def test_a_stop_ends_a_turn_that_waits(world: World) -> None:
    async with world.supervisor(Scripted(asking("ada"), "Hello.")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("mail ada")
        await world.wait(supervisor)
        await session.stop()
        with pytest.raises(NoReplyError):
            await turn.reply()
        assert await supervisor.approvals() == ()
        await history(supervisor)
        assert (await session.ask("hi")).text == "Hello."


async def test_only_the_word_of_an_approver_counts(world: World) -> None:
    async with world.supervisor(Scripted(asking("ada"), "Sent."), approvers=["jason"]) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("mail ada")
        await world.wait(supervisor)
        for who in (None, "mallory"):
            with pytest.raises(NotAnApproverError, match="decided by jason"):
                await session.approve("c0", by=who)
        await session.approve("c0", by="jason")
        assert (await turn.reply()).text == "Sent."
