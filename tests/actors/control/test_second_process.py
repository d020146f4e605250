"""A second process uses the sessions as their host does: it sends, streams, asks, subscribes and reads.

The owner is a process of its own here, and the test the second one; where it matters little, both are one.
"""

import inspect
import signal
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from itertools import chain, product
from pathlib import Path
from typing import Any, Final, TypeAlias

import anyio
import pytest

from argentos import (
    Address,
    Emit,
    FileStore,
    OfflineModel,
    RemoteSupervisor,
    ReplayModel,
    Reply,
    Request,
    Session,
    Supervisor,
    SupervisorInterface,
    Turn,
    errors,
)
from argentos.actors import CursorExpired, EventsMissed, RecordAppended, Subscription, Transcript, TranscriptMessage
from argentos.actors.control import protocol
from argentos.actors.control.remote import RemoteSession
from argentos.actors.sessions.local_session import LocalSession
from argentos.errors import (
    InputError,
    MailboxFullError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    NoReplyError,
    OwnerGoneError,
    OwnerLostError,
    StoreBusyError,
    StoreError,
    SupervisorStoppedError,
)
from argentos.storage import Accepted, Replied, inline
from tests.actors.conftest import Running
from tests.actors.suspensions import Cut, How, Suspensions, hows, suspensions
from tests.prefork import python

pytestmark = pytest.mark.anyio

Owners: TypeAlias = Callable[[], subprocess.Popen[str]]

OWNER = """
import sys
import anyio
from argentos import FileStore, Reply, Supervisor

class Talker:
    async def reply(self, request, emit):
        text = request.messages[-1].text
        await emit("You said: ")
        if text == "wait":
            await anyio.sleep_forever()
        return Reply("You said: " + text)

async def main():
    async with Supervisor(FileStore(sys.argv[1]), Talker(), grace=0) as supervisor:
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)

anyio.run(main, backend=sys.argv[2])
"""

ASKER = """
import sys
import anyio
from argentos import Supervisor

async def main():
    async with Supervisor.connect(sys.argv[1]) as remote:
        reply = await remote.session("shared").ask("from the cron job", message_id="cron-1")
        print(reply.text)

anyio.run(main, backend=sys.argv[2])
"""


def run(program: str, directory: Path, backend: str) -> subprocess.Popen[str]:
    return python(program, directory, backend, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.fixture
def owners(tmp_path: Path, anyio_backend_name: str) -> Generator[Owners]:
    """Start a process that owns the directory, and ends when told a line."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = run(OWNER, tmp_path, anyio_backend_name)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGCONT)
        process.kill()
        with process:
            pass


@asynccontextmanager
async def beside(supervisor: Supervisor, directory: Path) -> AsyncGenerator[RemoteSupervisor]:
    """A connection to a supervisor of this process."""
    async with Supervisor.connect(directory) as remote:
        assert (await remote.ping()).agent == supervisor.agent
        yield remote


# What it can do ------------------------------------------------------------------------------------------------


async def test_a_second_process_sends_streams_asks_and_reads(owners: Owners, tmp_path: Path) -> None:
    owners()
    async with Supervisor.connect(tmp_path) as remote:
        session = remote.session("maren")
        turn = await session.send("Hello?", message_id="m-1", address=Address("web", "7"), sender="Maren")
        assert [piece async for piece in turn.text()] == ["You said: ", "Hello?"]
        assert [piece async for piece in turn.text()] == ["You said: ", "Hello?"]  # for any number of readers
        reply = await turn.reply()
        assert (reply.text, reply.address, turn.number) == ("You said: Hello?", Address("web", "7"), 1)
        assert (await session.ask("Again?")).text == "You said: Again?"
        assert (await session.say("By the way", message_id="s-1")).text == "By the way"
        history = await session.history()
        assert [each.text for each in history][:2] == ["Hello?", "You said: Hello?"]
        assert [each.text for each in (await session.transcript()).messages] == [each.text for each in history]
        assert (await session.info()).messages == 5
        assert [each.id for each in await remote.list()] == ["maren"]


async def test_one_process_asks_while_another_subscribes(
    owners: Owners, tmp_path: Path, anyio_backend_name: str
) -> None:
    owners()
    async with Supervisor.connect(tmp_path) as remote, remote.events(session="shared") as events:
        asker = run(ASKER, tmp_path, anyio_backend_name)
        out, _ = await anyio.to_thread.run_sync(asker.communicate)
        assert out == "You said: from the cron job\n"
        records = [event.record for event in await until_replied(events) if isinstance(event, RecordAppended)]
        assert [each.text for each in records if isinstance(each, Accepted)] == ["from the cron job"]
        assert (await remote.session("shared").ask("from the cron job", message_id="cron-1")).text.endswith("cron job")


async def until_replied(events: Subscription) -> list[Any]:
    found: list[Any] = []
    with anyio.fail_after(20):
        async for event in events:
            found.append(event)
            if isinstance(event, RecordAppended) and isinstance(event.record, Replied):
                break
    return found


async def test_a_thousand_are_asked_over_one_connection_at_once(owners: Owners, tmp_path: Path) -> None:
    owners()
    replies: list[str] = []

    async def ask(number: int) -> None:
        replies.append((await remote.session(f"s-{number % 100}").ask(f"{number}", patience=50)).text)

    async with Supervisor.connect(tmp_path) as remote, anyio.create_task_group() as group:
        for number in range(1000):
            group.start_soon(ask, number)
    assert len(replies) == 1000
    assert all(each.startswith("You said: ") for each in replies)


def test_both_kinds_of_a_session_and_of_a_supervisor_have_the_methods_of_one_interface() -> None:
    for interface, kinds in (
        (Session, (LocalSession, RemoteSession)),
        (SupervisorInterface, (Supervisor, RemoteSupervisor)),
    ):
        for kind, name in product(kinds, public(interface)):
            if callable(getattr(interface, name)):
                assert inspect.signature(getattr(kind, name)) == inspect.signature(getattr(interface, name))
    assert public(LocalSession) == public(RemoteSession) == public(Session)


def public(kind: type) -> list[str]:
    return [name for name in dir(kind) if not name.startswith("_")]


# Events ------------------------------------------------------------------------------------------------------------


async def test_a_subscription_goes_on_behind_its_cursor_over_another_connection(
    running: Running, tmp_path: Path
) -> None:
    async with running(ReplayModel(["One.", "Two."]), on=FileStore(tmp_path)) as supervisor:
        async with beside(supervisor, tmp_path) as remote, remote.events(session="maren") as events:
            await remote.session("maren").ask("First")
            await until_replied(events)
            cursor = events.cursor
        await supervisor.session("maren").ask("Second")
        async with beside(supervisor, tmp_path) as remote, remote.events(after=cursor) as events:
            texts = [each.record.text for each in await until_replied(events) if isinstance(each.record, Accepted)]
        assert texts == ["Second"]


async def test_a_subscription_may_be_to_the_sessions_of_one_owner(running: Running, tmp_path: Path) -> None:
    async with running(ReplayModel(["One.", "Two."]), on=FileStore(tmp_path)) as supervisor:
        async with beside(supervisor, tmp_path) as remote, remote.events(owner="maren") as events:
            await remote.session("of-nobody").ask("First")
            await remote.session("hers").create()
            await remote.session("hers").update(owner="maren")
            await remote.session("hers").ask("Second")
            heard = await until_replied(events)
        assert {(each.session.id, each.owner) for each in heard} == {("hers", "maren")}


async def test_a_cursor_of_another_life_is_answered_with_all_sessions(running: Running, tmp_path: Path) -> None:
    async with running(on=FileStore(tmp_path)) as supervisor, beside(supervisor, tmp_path) as remote:
        await remote.session("maren").create()
        async with remote.events(after="of-another-life-7") as events:
            event = await anext(events)
            assert isinstance(event, CursorExpired)
            assert [each.id for each in event.sessions] == ["maren"]


async def test_all_sessions_of_a_cursor_that_expired_come_in_pieces(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LONGEST_ANSWER", 400_000)  # bytes; all of them take half a megabyte
    store = FileStore(tmp_path, run=inline)
    async with running(on=store) as supervisor, beside(supervisor, tmp_path) as remote:
        for number in range(30):
            session = supervisor.session(f"s-{number}")
            await session.create()
            await session.update(system="Be kind. " * 2000)
        async with remote.events(after="of-another-life-7") as events, supervisor.events(after="likewise") as here:
            event = await anext(events)
            assert isinstance(event, CursorExpired)
            assert event == await anext(here)
            await remote.session("s-1").say("And on.")
            assert isinstance(await anext(events), RecordAppended)


async def test_a_reader_that_falls_behind_is_told_how_many_it_missed(running: Running, tmp_path: Path) -> None:
    async with (
        running(on=FileStore(tmp_path)) as supervisor,
        beside(supervisor, tmp_path) as remote,
        supervisor.events() as all_events,
        remote.events(limit=2) as events,
    ):
        for number in range(5):
            await remote.session("maren").say(f"{number}")
        came = [*all_events.pending()]
        seen: list[Any] = []
        with anyio.fail_after(5):
            while events.cursor != came[-1].cursor:
                seen.append(await anext(events))
        missed = sum(each.count for each in seen if isinstance(each, EventsMissed))
        assert missed > 0
        assert missed + sum(isinstance(each, RecordAppended) for each in seen) == len(came)


async def test_the_events_end_with_the_supervisor(running: Running, tmp_path: Path) -> None:
    async with Supervisor.connect(tmp_path) as remote:
        async with running(on=FileStore(tmp_path)) as supervisor:
            subscription = remote.events()
            events = await subscription.__aenter__()
            await supervisor.session("maren").create()
        with anyio.fail_after(5):
            kinds = [type(event).__name__ async for event in events]
        assert "RecordAppended" in kinds
        await subscription.__aexit__(None, None, None)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_that_is_none_is_refused(tmp_path: Path, limit: int) -> None:
    async with Supervisor.connect(tmp_path) as remote:
        with pytest.raises(InputError, match="the limit"):
            async with remote.events(limit=limit):
                pass


async def test_the_error_of_a_session_that_begins_anew_travels(running: Running, tmp_path: Path) -> None:
    async with (
        running(on=FileStore(tmp_path)) as supervisor,
        beside(supervisor, tmp_path) as remote,
        remote.events() as events,
    ):
        supervisor._registry.fail(supervisor.session("maren").key, ZeroDivisionError("by zero"))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        event: Any = await anext(events)
        assert type(event).__name__ == "SessionRestarted"
        assert "ZeroDivisionError" in str(event.error)


# Lost connections ----------------------------------------------------------------------------------------------------


async def test_an_owner_that_is_killed_is_a_clear_error_and_the_next_owner_is_found(
    owners: Owners, tmp_path: Path
) -> None:
    first = owners()
    async with Supervisor.connect(tmp_path, patience=20) as remote:
        session = remote.session("maren")
        async with remote.events() as events:
            turn = await session.send("Hello?", message_id="m-0")
            await turn.reply()
            turn = await session.send("wait", message_id="m-1")
            assert await anext(aiter(turn.text())) == "You said: "
            first.kill()
            with anyio.fail_after(10):
                with pytest.raises(OwnerLostError, match="send the message again with its id"):
                    await turn.reply()
                with pytest.raises(OwnerLostError):
                    async for _ in turn:
                        pass
                with pytest.raises(OwnerLostError):
                    async for _ in events:
                        pass
        with pytest.raises(OwnerGoneError, match="no process owns"):
            await session.info()
        owners()
        assert (await session.ask("Hello?", message_id="m-0")).text == "You said: Hello?"
        again = await session.send("wait", message_id="m-1")
        assert await anext(aiter(again.text())) == "You said: "
        assert (await session.stop()).waiting == 0
        with pytest.raises(NoReplyError):
            await again.reply()
        assert [each.text for each in await session.history(full=True)].count("wait") == 1


async def test_a_reply_stream_that_was_cut_off_is_attached_to_again(running: Running, tmp_path: Path) -> None:
    model = ReplayModel(live=True)
    async with running(model, on=FileStore(tmp_path)) as supervisor:
        async with beside(supervisor, tmp_path) as remote:
            cut_off = await remote.session("maren").send("Hello?", message_id="m-1")
        with pytest.raises(SupervisorStoppedError, match="was closed here"):
            await cut_off.reply()
        async with beside(supervisor, tmp_path) as remote:
            turn = await remote.session("maren").send("Hello?", message_id="m-1")
            model.feed("Here I am.")
            assert "".join([piece async for piece in turn.text()]) == "Here I am."


async def test_an_owner_that_ends_in_order_and_begins_again_is_found(running: Running, tmp_path: Path) -> None:
    async with Supervisor.connect(tmp_path) as remote:
        for number in range(1, 4):
            async with running(on=FileStore(tmp_path)):
                await remote.session("maren").say(f"{number}")
            with pytest.raises(OwnerGoneError):
                await remote.session("maren").info()
        async with running(on=FileStore(tmp_path)):
            assert (await remote.session("maren").info()).messages == 3


async def test_an_owner_that_hangs_is_named_to_whoever_waits(owners: Owners, tmp_path: Path) -> None:
    owner = owners()
    async with Supervisor.connect(tmp_path, patience=4) as remote:
        turn = await remote.session("maren").send("wait")
        owner.send_signal(signal.SIGSTOP)
        with anyio.fail_after(20):
            with pytest.raises(StoreBusyError, match=rf"process {owner.pid} .* does not answer"):
                await turn.reply()
            with pytest.raises(StoreBusyError, match="does not answer"):
                await remote.session("maren").info()
        owner.send_signal(signal.SIGCONT)
        assert (await remote.session("maren").info()).waiting == 1


async def test_a_turn_that_takes_longer_than_the_patience_is_waited_for(owners: Owners, tmp_path: Path) -> None:
    owners()
    async with Supervisor.connect(tmp_path, patience=2.5) as remote:
        turn = await remote.session("maren").send("wait")
        with anyio.move_on_after(4) as scope:
            await turn.reply()
        assert scope.cancelled_caught
        await remote.session("maren").stop()


async def test_outside_of_its_context_nothing_is_asked(tmp_path: Path) -> None:
    remote = Supervisor.connect(tmp_path)
    with pytest.raises(SupervisorStoppedError, match="inside `async with`"):
        await remote.session("maren").info()


async def test_an_error_of_the_host_comes_out_as_it_is(running: Running, tmp_path: Path) -> None:
    with pytest.raises(MailboxFullError, match="mine"):
        async with running(on=FileStore(tmp_path)) as supervisor, beside(supervisor, tmp_path):
            raise MailboxFullError("mine")


# Errors ------------------------------------------------------------------------------------------------------------


class QuotaError(ModelRefusedError):
    """An error of a model of one's own."""

    code = "quota_used_up"
    retry_after = 3600.0


class Refusing:
    """Raises what it is given."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def reply(self, _request: Request, _emit: Emit) -> Reply:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        ModelRefusedError("no", retry_after=7.5),
        ModelUnavailableError("not for good", is_transient=False, retry_after=0.25),
        QuotaError("all used up"),
        QuotaError("all used up", is_transient=False, retry_after=60),
    ],
    ids=repr,
)
async def test_an_error_is_raised_in_another_process_as_it_is_here(
    error: ModelError, running: Running, tmp_path: Path
) -> None:
    async with running(Refusing(error), on=FileStore(tmp_path)) as supervisor, beside(supervisor, tmp_path) as remote:
        with pytest.raises(ModelError) as here:
            await supervisor.session("here").ask("Hello?")
        with pytest.raises(ModelError) as there:
            await remote.session("there").ask("Hello?")
    assert isinstance(here.value, type(there.value))  # the class itself is known in its own process only
    assert type(there.value).__name__ in errors.__all__
    told = [(str(each), each.code, each.is_transient, each.retry_after) for each in (here.value, there.value)]
    assert told[0] == told[1] == (str(error), error.code, error.is_transient, error.retry_after)


class QuotaOfTheStoreError(StoreError):
    """An error of a store of one's own."""

    code = "quota_of_the_store"
    is_transient = True
    retry_after = 3600.0


async def test_an_error_of_ones_own_is_raised_in_another_process_as_its_nearest_kind(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise QuotaOfTheStoreError("no more for today, \udc80")

    store = FileStore(tmp_path)
    async with running(on=store) as supervisor, beside(supervisor, tmp_path) as remote:
        monkeypatch.setattr(store, "append", full)
        with pytest.raises(QuotaOfTheStoreError):
            await supervisor.session("here").create()
        with pytest.raises(StoreError, match=r"no more for today, \\udc80") as there:
            await remote.session("there").create()
    error = there.value
    assert (type(error), error.code) == (StoreError, "quota_of_the_store")
    assert (error.is_transient, error.retry_after) == (True, 3600)


# Cancellation --------------------------------------------------------------------------------------------------------

TRANSCRIPT: Final = Transcript(session="x", messages=(TranscriptMessage(role="user", text="hi", id="1"),))


async def subscribe(session: Session, remote: RemoteSupervisor) -> None:
    async with remote.events(session=session.id):
        await anyio.lowlevel.checkpoint()


CALLS: Final[dict[str, Callable[[Any, Any, Path], Awaitable[object]]]] = {
    "send": lambda session, _, __: session.send("Hello?"),
    "ask": lambda session, _, __: session.ask("Hello?"),
    "say": lambda session, _, __: session.say("Hello."),
    "append": lambda session, _, __: session.append("Hello."),
    "current_turn": lambda session, _, __: session.current_turn(),
    "turn": lambda session, _, __: session.turn("m-1"),
    "update": lambda session, _, __: session.update(title="Ships"),
    "owed": lambda _, remote, __: remote.owed(),
    "drop": lambda session, remote, __: remote.drop(session.id, 1, "late"),
    "retry_delivery": lambda session, remote, __: remote.retry_delivery(session.id, 1),
    "retry": lambda session, _, __: session.retry(),
    "create": lambda session, _, __: session.create(),
    "adopt": lambda session, _, __: session.adopt(TRANSCRIPT),
    "transcript": lambda session, _, __: session.transcript(),
    "info": lambda session, _, __: session.info(),
    "summary": lambda session, _, __: session.summary(),
    "history": lambda session, _, __: session.history(full=True),
    "messages": lambda session, _, __: session.messages(1, 9),
    "transitions": lambda session, _, __: session.transitions(),
    "clear": lambda session, _, __: session.clear(),
    "undo": lambda session, _, __: session.undo(),
    "checkpoints": lambda session, _, __: session.checkpoints(),
    "fork": lambda session, _, __: session.fork(f"{session.id}-fork"),
    "rewind": lambda session, _, __: session.rewind(before=1),
    "regenerate": lambda session, _, __: session.regenerate(),
    "compact": lambda session, _, __: session.compact(),
    "compactions": lambda session, _, __: session.compactions(),
    "preview_compaction": lambda session, _, __: session.preview_compaction(),
    "stop": lambda session, _, __: session.stop(),
    "unpark": lambda session, _, __: session.unpark(),
    "delete": lambda session, _, __: session.delete(),
    "list": lambda _, remote, __: remote.list(),
    "stored": lambda _, remote, __: remote.stored(),
    "backup": lambda _, remote, path: remote.backup(path),
    "events": lambda session, remote, _: subscribe(session, remote),
    "ping": lambda _, remote, __: remote.ping(),
}


METHODS: Final = sorted({*public(RemoteSession), *public(RemoteSupervisor)} - {"id", "key", "session"})


@pytest.mark.parametrize("name", METHODS)
async def test_every_method_may_be_cancelled_at_any_moment(
    name: str, anyio_backend_name: str, running: Running, tmp_path: Path
) -> None:
    directory = tmp_path / "state"
    async with running(OfflineModel(), on=FileStore(directory)) as supervisor, beside(supervisor, directory) as remote:
        for how in hows(anyio_backend_name):
            for moment in chain(range(1, 60), range(60, 3000, 23)):
                session = remote.session(f"{how.value}-{moment}")
                path = tmp_path / f"{how.value}-{moment}"
                if not await is_cut(lambda: CALLS[name](session, remote, path), how, moment, anyio_backend_name):  # noqa: B023
                    break
                with anyio.fail_after(10):
                    await remote.ping()
            else:
                pytest.fail("it never came to its end")


async def is_cut(work: Callable[[], Awaitable[object]], how: How, moment: int, backend: str) -> bool:
    """Cancel a call at a moment; False if it ended before that."""
    cut = Cut(how)

    async def call() -> None:
        try:
            await work()
        except (InputError, OSError):
            raise
        except Exception:  # noqa: BLE001 - what it says is not the question here
            return

    with suspensions(backend) as counted:
        cancel_at(counted, moment, cut, how)
        with anyio.fail_after(10):
            await cut.run(call)
        counted.forget()
    return cut.was_cancelled


def cancel_at(counted: Suspensions, moment: int, cut: Cut, how: How) -> None:
    def cancel() -> None:
        cut.cancel()
        if how is How.TWICE:
            counted.then(1, cut.cancel)

    counted.then(moment, cancel)


async def test_a_call_in_a_loop_can_be_cancelled(running: Running, tmp_path: Path) -> None:
    async with running(on=FileStore(tmp_path)) as supervisor, beside(supervisor, tmp_path) as remote:
        await remote.session("maren").create()
        with anyio.fail_after(10), anyio.move_on_after(0.05):
            while True:
                await remote.session("maren").info()
        turn = await remote.session("maren").send("Hello?")
        assert isinstance(turn, Turn)


async def test_the_sessions_of_another_agent_are_reached_by_its_name(tmp_path: Path) -> None:
    agents = {"main": OfflineModel(), "sales": OfflineModel()}
    supervisor = Supervisor(FileStore(tmp_path), agents)
    async with supervisor, beside(supervisor, tmp_path) as remote:
        await remote.session("maren", agent="sales").ask("Hello?")
        assert [each.agent for each in await remote.list(agent="sales")] == ["sales"]
        assert [each.id for each in await remote.stored(agent="sales")] == ["maren"]
        assert await remote.list() == []
        assert len(await supervisor.session("maren", agent="sales").history()) == 2
