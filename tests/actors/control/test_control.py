"""The control socket: what other processes can ask of the owner of a state directory, and what they cannot do to it."""

import json
import os
import resource
import select
import socket
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import anyio.abc
import anyio.lowlevel
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from argentos import Address, Config, FileStore, OfflineModel, ReplayModel, Supervisor, errors
from argentos.actors.control import operations, protocol, socket_file
from argentos.actors.control.client import Client
from argentos.actors.control.owner import OwnerInfo
from argentos.actors.control.remote import RemoteSupervisor
from argentos.errors import (
    ArgentError,
    DiagramError,
    InputError,
    NoReplyError,
    NothingToCompactError,
    OwnerGoneError,
    OwnerLostError,
    SessionError,
    SessionExistsError,
    SessionNotFoundError,
    StoreBusyError,
    SupervisorStoppedError,
)
from argentos.storage import SessionKey

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]
Ask: TypeAlias = Callable[[RemoteSupervisor], Awaitable[object]]
Served: TypeAlias = Callable[..., AbstractAsyncContextManager[tuple[Supervisor, RemoteSupervisor]]]


@pytest.fixture
def served(running: Running, tmp_path: Path) -> Served:
    """A supervisor on files, and its owner's socket as another process sees it."""

    @asynccontextmanager
    async def serve(
        *models: Any, directory: Path = tmp_path, **options: Any
    ) -> AsyncGenerator[tuple[Supervisor, RemoteSupervisor]]:
        async with (
            Supervisor.connect(directory, patience=5) as owner,
            running(*models, on=FileStore(directory), **options) as supervisor,
        ):
            yield supervisor, owner

    return serve


async def ping(directory: Path, patience: float = 5) -> OwnerInfo:
    async with Supervisor.connect(directory, patience=patience) as owner:
        return await owner.ping()


def socket_of(directory: Path) -> Path:
    return directory / "control.sock"


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def short_window() -> Config:
    return Config(max_context_tokens=500, keep_recent_tokens=20)


# Where it is ------------------------------------------------------------------------------------------


async def test_the_socket_is_there_for_its_user_alone_while_the_supervisor_runs(served: Served, tmp_path: Path) -> None:
    async with served() as (_, owner):
        mode = socket_of(tmp_path).lstat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert await owner.ping() == OwnerInfo("main", ("main",), takes_messages=True, directory=str(tmp_path))
    assert not socket_of(tmp_path).exists()


async def test_the_socket_is_private_whatever_the_umask(served: Served, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with served():
            assert stat.S_IMODE(socket_of(tmp_path).lstat().st_mode) == 0o600
    finally:
        os.umask(before)


async def test_whoever_only_reads_serves_nothing(running: Running, served: Served, tmp_path: Path) -> None:
    async with served():
        pass
    async with running(on=FileStore(tmp_path, read_only=True)):
        assert not socket_of(tmp_path).exists()


async def test_without_an_owner_nothing_is_done(tmp_path: Path) -> None:
    with pytest.raises(OwnerGoneError, match="no process owns"):
        await ping(tmp_path)
    assert names_in(tmp_path) == []


async def test_a_socket_that_a_killed_owner_left_is_replaced(served: Served, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_of(tmp_path)))
    with pytest.raises(OwnerGoneError):
        await ping(tmp_path)
    async with served() as (_, owner):
        assert (await owner.ping()).agent == "main"


@pytest.mark.parametrize("kind", ["file", "symbolic link", "link to a socket"])
async def test_what_is_no_socket_is_left_alone_and_the_supervisor_runs_without(
    served: Served, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    state = tmp_path / "state"
    state.mkdir()
    if kind == "file":
        socket_of(state).write_text("precious")
    elif kind == "symbolic link":
        elsewhere.write_text("precious")
        socket_of(state).symlink_to(elsewhere)
    else:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(elsewhere))
        socket_of(state).symlink_to(elsewhere)
    before = socket_of(state).lstat()
    async with served(ReplayModel(["Yes."]), directory=state) as (supervisor, _):
        assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
    assert socket_of(state).lstat() == before
    assert f"other commands cannot reach this process: {socket_of(state)}: it is no socket" in caplog.text
    assert elsewhere.exists() == (kind != "file")


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A directory whose path is longer than that of a socket may be."""
    path = tmp_path / ("d" * 100) / ("e" * 100)
    path.mkdir(parents=True)
    return path


async def test_a_long_path_is_no_obstacle(served: Served, deep: Path) -> None:
    async with served(directory=deep) as (_, owner):
        assert stat.S_ISSOCK(socket_of(deep).lstat().st_mode)
        assert (await owner.ping()).agent == "main"
    assert not socket_of(deep).exists()


async def test_without_proc_a_long_path_has_a_short_private_folder(
    served: Served, deep: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tmp_path_factory.mktemp("s")
    monkeypatch.setattr(socket_file, "_DESCRIPTORS", short / "no-proc")
    monkeypatch.setattr(socket_file, "_SHORT", short)
    with pytest.raises(OwnerGoneError):
        await ping(deep)
    async with served(directory=deep) as (_, owner):
        (folder,) = short.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (await owner.ping()).agent == "main"
    assert names_in(short) == []


async def test_a_short_folder_that_others_may_use_is_not_trusted(
    served: Served,
    deep: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    short = tmp_path_factory.mktemp("s")
    monkeypatch.setattr(socket_file, "_DESCRIPTORS", short / "no-proc")
    monkeypatch.setattr(socket_file, "_SHORT", short)
    async with served(directory=deep):
        (folder,) = short.iterdir()
    folder.mkdir(0o777)
    folder.chmod(0o777)
    async with served(directory=deep) as (_, owner):
        assert "is not private to this user" in caplog.text
        with pytest.raises(OwnerGoneError):
            await owner.ping()


# What can be asked ------------------------------------------------------------------------------------------


async def test_what_is_read_is_what_the_owner_reads(served: Served) -> None:
    async with served(ReplayModel(["One.", "Two."])) as (supervisor, owner):
        here, there = supervisor.session("maren"), owner.session("maren")
        await here.ask("Hello?", address=Address("telegram", "1"), sender="Maren")
        await here.clear()
        await here.ask("Again?")
        assert await there.history() == await here.history()
        assert await there.history(full=True) == await here.history(full=True)
        assert len(await there.history(full=True)) == 4
        assert await there.messages(2, 4) == await here.messages(2, 4) == (await here.history(full=True))[1:3]
        assert await there.summary() is None
        assert (await there.info()).messages == 4
        assert [each.id for each in await owner.list()] == ["maren"]
        assert await owner.stored() == await supervisor.stored()


async def test_a_session_is_made_cleared_stopped_and_deleted(served: Served) -> None:
    async with served(ReplayModel(live=True)) as (supervisor, owner):
        there = owner.session("maren")
        assert (await there.create()).state == "Created"
        turn = await supervisor.session("maren").send("Hello?")
        assert (await there.stop()).waiting == 0
        with pytest.raises(NoReplyError, match="stopped"):
            await turn.reply()
        assert (await there.clear()).tokens == 0
        assert await there.delete() is True
        with pytest.raises(SessionNotFoundError, match="no session maren"):
            await there.info()


async def test_a_compaction_is_answered_when_the_conversation_goes_on(served: Served) -> None:
    async with served(OfflineModel(), config=short_window()) as (supervisor, owner):
        for number in range(4):
            await supervisor.session("maren").ask(f"Part {number} of a long story. " * 3)
        info = await owner.session("maren").compact("the story")
        assert info.compactions == 1
        assert info.compaction is not None
        assert await owner.session("maren").compactions() == (info.compaction,)
        assert await owner.session("maren").summary() == await supervisor.session("maren").summary() is not None


async def test_a_compaction_is_previewed_and_bounded_there_too(served: Served) -> None:
    async with served(OfflineModel(), config=short_window()) as (supervisor, owner):
        for number in range(4):
            await supervisor.session("maren").ask(f"Part {number} of a long story. " * 3)
        before = await supervisor.session("maren").info()
        shown = await owner.session("maren").preview_compaction("the story", keep=2)
        assert (shown.kept, shown.method) == (2, "extractive")
        assert await supervisor.session("maren").info() == before
        await owner.session("maren").compact("the story", keep=2)
        assert len(await supervisor.session("maren").history()) == 2


async def test_a_reply_streams(served: Served) -> None:
    model = ReplayModel(live=True)
    async with served(model) as (supervisor, owner):
        turn = await owner.session("maren").send("Hello?", message_id="m-1", address=Address("cli", "me"))
        assert [each.text for each in await supervisor.session("maren").history()] == ["Hello?"]
        model.feed("Here I am.")
        assert "".join([text async for text in turn.text()]) == "Here I am."
        reply = await turn.reply()
        assert (reply.text, reply.reply_to, turn.attempt, turn.number) == ("Here I am.", ("m-1",), 1, 1)
        assert reply.address == Address("cli", "me")


async def test_a_message_sent_again_gets_the_first_reply(served: Served) -> None:
    async with served(ReplayModel(["First.", "Second."])) as (_, owner):
        session = owner.session("maren")
        replies = [await (await session.send("Hello?", message_id="m-1")).reply() for _ in range(2)]
        assert [each.text for each in replies] == ["First.", "First."]
        assert (await session.info()).messages == 2


async def test_a_turn_without_a_reply_just_ends_and_its_reply_says_why(served: Served) -> None:
    async with served(ReplayModel(live=True)) as (_, owner):
        turn = await owner.session("maren").send("Hello?")
        await owner.session("maren").stop()
        assert [text async for text in turn.text()] == []
        with pytest.raises(NoReplyError) as raised:
            await turn.reply()
        assert raised.value.outcome == "stopped"


async def test_a_client_that_leaves_does_not_end_the_turn(served: Served, tmp_path: Path) -> None:
    model = ReplayModel(live=True)
    async with served(model) as (supervisor, _):
        async with Supervisor.connect(tmp_path) as leaving:
            turn = await leaving.session("maren").send("Hello?", message_id="m-1")
        with pytest.raises(SupervisorStoppedError, match="was closed here"):
            await turn.reply()
        model.feed("Still here.")
        assert (await supervisor.session("maren").ask("Hello?", message_id="m-1")).text == "Still here."


async def test_a_long_history_comes_in_pages(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argentos.actors.control.operations._PAGE", 400)
    async with served() as (supervisor, owner):
        session = supervisor.session("maren")
        for number in range(20):
            await session.say(f"{number}")  # each counts, however short it is
            if number == 10:
                await session.clear()
        async with Client(tmp_path, 5) as client:
            pages = await client.values(operations.HISTORY, SessionKey("main", "maren"), full=True)
        assert sum(len(page) for page in pages) == 20
        assert 4 <= len(pages) <= 10
        assert await owner.session("maren").history(full=True) == await session.history(full=True)
        assert await owner.session("maren").history() == await session.history()


async def test_many_sessions_come_in_pages(served: Served, tmp_path: Path) -> None:
    async with served() as (supervisor, owner), Client(tmp_path, 5) as client:
        for number in range(250):
            await supervisor.session(f"s{number}").create()
        pages = await client.values(operations.SESSIONS, SessionKey("main", ""))
        assert [len(page) for page in pages] == [100, 100, 50]
        assert {each.id for each in await owner.list()} == {f"s{number}" for number in range(250)}


# What cannot ------------------------------------------------------------------------------------------


FAILURES: list[tuple[Ask, type[ArgentError], str]] = [
    (lambda owner: owner.session("nobody").info(), SessionNotFoundError, "no session nobody"),
    (lambda owner: owner.session("nobody").clear(), SessionNotFoundError, "no session nobody"),
    (lambda owner: owner.session("nobody").delete(), SessionNotFoundError, "no session nobody"),
    (lambda owner: owner.session("maren").create(), SessionExistsError, "maren already"),
    (lambda owner: owner.session("maren").compact(), NothingToCompactError, "no older messages"),
    (lambda owner: owner.session("maren").compact("x" * 801), InputError, "800 is the most"),
    (lambda owner: owner.session("maren").send("  "), InputError, "empty"),
    (lambda owner: owner.session("maren").send("half \ud83d"), InputError, "half a surrogate pair"),
    (lambda owner: owner.session("maren").send("x" * 5_000_000), InputError, "4 MiB at most"),
]


@pytest.mark.parametrize(("ask", "error", "sentence"), FAILURES)
async def test_an_error_comes_back_as_what_it_is(
    served: Served, ask: Ask, error: type[ArgentError], sentence: str
) -> None:
    async with served() as (supervisor, owner):
        await supervisor.session("maren").create()
        with pytest.raises(error, match=sentence) as raised:
            await ask(owner)
        assert type(raised.value) is error


@pytest.mark.parametrize(
    ("operation", "key", "arguments", "sentence"),
    [
        (operations.INFO, SessionKey("main", "a\nb"), {}, "the session id"),
        (operations.INFO, SessionKey("main", ""), {}, "the session id is empty"),
        (operations.SESSIONS, SessionKey("a\nb", ""), {}, "the agent's name"),
        (operations.SEND, SessionKey("main", "ada"), {}, "the arguments of 'send' cannot be read: .* `content`"),
        (operations.SEND, SessionKey("main", "ada"), {"content": 7}, r"the arguments of 'send' .* at `\$.content`"),
        (operations.SEND, SessionKey("main", "ada"), {"content": "hi", "to": "me"}, "unknown field `to`"),
        (operations.BACKUP, SessionKey("main", ""), {"target": "here"}, "no whole path of a file"),
        (operations.APPEND, SessionKey("main", "ada"), {"content": object()}, "an argument of 'append' cannot be sent"),
    ],
)
async def test_a_request_is_validated_by_the_owner_with_one_sentence_that_names_what(
    served: Served, operation: operations.Operation[Any], key: SessionKey, arguments: dict[str, Any], sentence: str
) -> None:
    async with served() as (_, owner), Client(owner.directory, 5) as client:
        with pytest.raises(InputError, match=sentence):
            await client.values(operation, key, **arguments)


@pytest.mark.parametrize("name", [each for each in errors.__all__ if each not in {"DiagramError", "EventRefusedError"}])
async def test_every_error_can_travel(name: str) -> None:
    kind = getattr(errors, name)
    has_outcome = kind in {NoReplyError, errors.ApprovalDecidedError}
    error = kind("Why not?", "stopped") if has_outcome else kind("Why not?")
    answer = protocol.read_answer(protocol.encode(protocol.failed(error)))
    assert isinstance(answer, protocol.Failed)
    came = protocol.error_of(answer)
    assert type(came) is kind
    assert str(came) == "Why not?"
    assert vars(came) == vars(error)


async def test_an_error_that_this_version_cannot_build_keeps_its_sentence() -> None:
    diagram = DiagramError("no", file="x.mmd", line=1, column=2)
    refused = errors.EventRefusedError("x.mmd:1:2: no", state="Open", event="push", guard=None)
    of_tomorrow = protocol.Failed(error="OfTomorrowError", sentence="x.mmd:1:2: no")
    for failed in (protocol.failed(diagram), protocol.failed(refused), of_tomorrow):
        error = protocol.error_of(failed)
        assert isinstance(error, ArgentError)
        assert str(error) == "x.mmd:1:2: no"


async def test_another_agents_sessions_are_read_and_deleted_but_not_changed(running: Running, tmp_path: Path) -> None:
    async with running(ReplayModel(["Yes."]), on=FileStore(tmp_path), agent="other") as supervisor:
        await supervisor.session("maren").ask("Hello?")
    async with running(ReplayModel(live=True), on=FileStore(tmp_path)), Supervisor.connect(tmp_path, "other") as owner:
        session = owner.session("maren")
        assert [each.id for each in await owner.list()] == ["maren"]
        assert len(await session.history()) == (await session.info()).messages == 2
        for change in (session.create, session.clear, session.stop, session.compact):
            with pytest.raises(SessionError, match="runs 'main', and not 'other', whose sessions can be looked at"):
                await change()
        with pytest.raises(SessionError, match="runs 'main'"):
            await session.send("Hello?")
        assert (await owner.ping()).agent == "main"
        assert await session.delete() is True
        assert await owner.list() == []


async def test_a_supervisor_that_does_maintenance_only_takes_no_messages(served: Served) -> None:
    async with served(resume=False) as (_, owner):
        assert (await owner.ping()).takes_messages is False
        with pytest.raises(StoreBusyError, match="takes no messages"):
            await owner.session("maren").send("Hello?")
        await owner.session("maren").create()


@pytest.mark.parametrize("line", [b'{"request":"info","protocol":2,"agent":"main","more":[]}', b'{"protocol":2}'])
async def test_another_version_is_refused_with_both_numbers(line: bytes) -> None:
    with pytest.raises(InputError, match="version 1 of the control protocol, not 2"):
        protocol.read_request(line)


# Broken and hostile clients --------------------------------------------------------------------------------


async def reach(directory: Path) -> anyio.abc.SocketStream:
    """A connection; where a crowd is before the door, as soon as there is room."""
    while True:
        try:
            return await anyio.abc.UNIXSocketStream.from_socket(socket_file.connect(directory))
        except BlockingIOError:
            await anyio.lowlevel.checkpoint()


async def read_last(stream: anyio.abc.ByteReceiveStream) -> Any:
    """The last answer to the one request that was sent."""
    buffered = BufferedByteReceiveStream(stream)
    with anyio.fail_after(10):
        while True:
            line = await buffered.receive_until(b"\n", protocol.LONGEST_ANSWER)
            if line and (answer := json.loads(line))["answer"] in {"done", "failed"}:
                return answer


async def read_all(stream: anyio.abc.ByteReceiveStream) -> bytes:
    data = b""
    with anyio.fail_after(10):
        while True:
            try:
                data += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return data


async def hung_up_on(stream: anyio.abc.SocketStream) -> None:
    """Wait until the other end has closed it, and read nothing of what is in it."""
    waiting = select.poll()
    waiting.register(stream.extra_attributes[anyio.abc.SocketAttribute.raw_socket](), 0)
    with anyio.fail_after(10):
        while not waiting.poll(0):
            await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(
    "sent",
    [
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\x00\n",
        b"[" * 100_000 + b"\n",
        b'{"request":"ping"}\n',
        b'{"request":"nonsense","agent":"main"}\n',
        b'{"request":"info","agent":"main","session":7}\n',
        b'{"request":"info","agent":"main","session":"' + b"x" * 1_000_000 + b'"}\n',
        b'{"request":"stored","agent":"main","arguments":{"sizes":1e999}}\n',
        b'{"request":"ping","agent":"main","sizes":true}\n',
        b"x" * (protocol.LONGEST_REQUEST + 10),
    ],
    ids=lambda sent: ascii(sent[:20]),
)
async def test_garbage_is_answered_with_a_sentence(served: Served, tmp_path: Path, sent: bytes) -> None:
    async with served() as (_, owner):
        stream = await reach(tmp_path)
        async with stream:
            try:
                await stream.send(sent)
            except anyio.BrokenResourceError:
                assert len(sent) > protocol.LONGEST_REQUEST  # it did not read to the end
            answer = await read_last(stream)
        assert (answer["answer"], answer["error"]) == ("failed", "InputError")
        assert len(answer["sentence"]) < 500
        assert (await owner.ping()).agent == "main"


async def test_a_client_that_sends_half_a_request_is_hung_up_on(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.actors.control.server_connection._PATIENCE", 0.05)
    async with served() as (_, owner):
        async with await reach(tmp_path) as stream:
            await stream.send(b'{"request":"list"')
            assert await read_all(stream) == b""
        assert (await owner.ping()).agent == "main"


async def test_a_client_that_leaves_in_the_middle_is_no_matter(served: Served, tmp_path: Path) -> None:
    async with served() as (supervisor, owner):
        await supervisor.session("maren").say("x" * 1_000_000)
        for sent in (b"", b'{"request":"li', b'{"request":"history","agent":"main","session":"maren"}\n'):
            async with await reach(tmp_path) as stream:
                await stream.send(sent or b"{")
        assert (await owner.session("maren").info()).messages == 1


async def test_a_client_that_never_reads_hurts_only_itself(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.actors.control.server_connection._PATIENCE", 0.2)
    async with served() as (supervisor, owner):
        for _ in range(3):
            await supervisor.session("maren").say("x" * 1_000_000)
        async with await reach(tmp_path) as stream:
            await stream.send(b'{"request":"history","agent":"main","session":"maren"}\n')
            assert (await owner.session("maren").info()).messages == 3
            await hung_up_on(stream)
            assert len(await read_all(stream)) < 1_000_000


async def test_a_crowd_that_asks_nothing_does_not_keep_others_out(served: Served, tmp_path: Path) -> None:
    async with served() as (supervisor, owner):
        crowd = [await reach(tmp_path) for _ in range(400)]
        await supervisor.session("maren").create()
        assert (await owner.session("maren").info()).state == "Created"
        for each in crowd:
            await each.aclose()
        assert (await owner.ping()).agent == "main"


async def test_where_all_are_at_work_the_next_is_told_so(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argentos.actors.control.server._REQUESTS", 2)
    model = ReplayModel(live=True)
    async with served(model) as (_, owner):
        turns = [await owner.session(name).send("Hello?") for name in ("maren", "jan")]
        with pytest.raises(StoreBusyError, match="too many requests"):
            await owner.ping()
        model.feed("Yes.")
        model.feed("Yes.")
        for turn in turns:
            await turn.reply()
        assert (await owner.ping()).agent == "main"


async def test_a_process_out_of_descriptors_lets_commands_in_when_there_are_some_again(
    served: Served, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as (_, owner):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        waiting = socket_file.connect(tmp_path)
        probe = os.dup(0)
        os.close(probe)
        resource.setrlimit(resource.RLIMIT_NOFILE, (probe, hard))
        try:
            while "could not be let in" not in caplog.text:
                await anyio.lowlevel.checkpoint()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        waiting.close()
        assert (await owner.ping()).agent == "main"


async def test_an_error_that_nobody_expected_keeps_nobody_out_for_long(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as (_, owner):
        monkeypatch.setattr("argentos.actors.control.server.ServerConnection", run_out_of_memory)
        waiting = socket_file.connect(tmp_path)
        with anyio.fail_after(5):
            while "the control socket failed" not in caplog.text:
                await anyio.lowlevel.checkpoint()
        monkeypatch.undo()
        waiting.close()
        assert (await owner.ping()).agent == "main"
        assert (await owner.session("maren").create()).id == "maren"
    assert "control.sock" not in names_in(tmp_path)


def run_out_of_memory(*_: object) -> None:
    raise MemoryError


# The end ------------------------------------------------------------------------------------------


async def test_whoever_waits_at_the_end_is_told(served: Served) -> None:
    async with served(ReplayModel(live=True)) as (_, owner):
        turn = await owner.session("maren").send("Hello?")
    with pytest.raises(SupervisorStoppedError, match="the supervisor was closed; the message is kept"):
        await turn.reply()


async def test_a_crowd_does_not_hold_up_the_end(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.actors.control.server._LONGEST_END", 60.0)
    with anyio.fail_after(20):
        async with served():
            crowd = [await reach(tmp_path) for _ in range(100)]
    for each in crowd:
        await each.aclose()


async def test_an_owner_that_hangs_up_in_the_middle_leaves_the_outcome_open(tmp_path: Path) -> None:
    file = socket_file.SocketFile(tmp_path)
    async with await anyio.abc.SocketListener.from_socket(file.socket) as listener:
        for answer, error in ((b"", OwnerGoneError), (b'{"answer":"taken","id":1}\n', OwnerLostError)):

            async def hang_up(answer: bytes = answer) -> None:
                async with await listener.accept() as stream:
                    await stream.receive()
                    await stream.send(answer or b"")

            async with anyio.create_task_group() as group:
                group.start_soon(hang_up)
                with pytest.raises(error) as raised:
                    async with Supervisor.connect(tmp_path) as owner:
                        await owner.session("maren").clear()
                assert type(raised.value) is error


async def test_an_owner_that_does_not_answer_is_named(tmp_path: Path) -> None:
    file = socket_file.SocketFile(tmp_path)
    (tmp_path / "lock").write_text(f"process {os.getpid()} (gateway)\n")
    named = rf"in use by process {os.getpid()} \(gateway\), which does not answer"
    with file.socket, pytest.raises(StoreBusyError, match=named):
        await ping(tmp_path, patience=0.05)


async def test_the_socket_serves_again_when_the_supervisor_runs_again(served: Served) -> None:
    async with served() as (supervisor, owner):
        pass
    async with supervisor, owner:
        assert (await owner.ping()).agent == "main"


# What was added to sessions ---------------------------------------------------------------------------


async def test_another_process_attaches_to_a_turn_and_appends_and_updates_and_looks_at_what_is_owed(
    served: Served,
) -> None:
    model = ReplayModel(live=True)
    async with served(model, outbox=["telegram"]) as (supervisor, owner):
        here, there = supervisor.session("maren"), owner.session("maren")
        await here.send("one", message_id="m-1", address=Address("telegram", "123"))
        await anyio.wait_all_tasks_blocked()
        current, by_id = await there.current_turn(), await there.turn("m-1")
        assert current is not None
        assert by_id is not None
        model.feed("Re: one")
        assert await by_id.reply() == await current.reply()
        assert await there.current_turn() is None
        assert await there.turn("m-2") is None
        assert (await there.append("By the way.", role="user")).number == 3
        info = await there.update(title="Maren", tags=("a", "b"), owner="u")
        assert (info.title, info.tags, info.owner) == ("Maren", ("a", "b"), "u")
        assert await there.update(tags=[]) == await here.info()
        assert [each.id for each in await owner.list(owner="u", prefix="mar")] == ["maren"]
        assert await owner.list(tag="a") == []
        assert await owner.owed() == await supervisor.owed() != ()
        await owner.drop("maren", (await owner.owed())[0].number, "it is late")
        (given_up,) = await supervisor.owed()
        assert (given_up.failure, given_up.is_final) == ("it is late", True)
        await owner.retry_delivery("maren", given_up.number)
        assert [(each.failure, each.is_final) for each in await supervisor.owed()] == [("", False)]
        with pytest.raises(SessionNotFoundError):
            await owner.session("nobody").current_turn()
