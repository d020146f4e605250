"""Code that is not ours: whatever it raises costs the call in which it did, and nobody else anything."""

import ast
import asyncio
import contextlib
import math
import re
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self, cast

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from argentos import (
    Config,
    Emit,
    FileStore,
    ManualClock,
    MemoryStore,
    OfflineModel,
    RecordAppended,
    ReplayModel,
    Reply,
    Request,
    Supervisor,
)
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import (
    ArgentError,
    CallbackError,
    CompactionFailedError,
    ContextOverflowError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    NoReplyError,
    ReplyInterruptedError,
    SessionFailedError,
    StoreError,
    SupervisorStoppedError,
)
from argentos.llm import count_tokens
from argentos.storage import Metadata, Record, Replied, SessionKey, TurnDelayed, TurnEnded
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class PanicError(BaseException):
    """What is no `Exception`, as a panic of Rust code is not."""


class Unreachable(OfflineModel):
    async def reply(self, _request: Request, _emit: Emit) -> Reply:
        raise ModelUnavailableError("try again later", is_transient=False)


async def test_each_of_several_who_wait_gets_an_error_of_its_own(running: Running) -> None:
    seen: list[ArgentError] = []

    async with running(Unreachable()) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        for _ in range(4):
            with pytest.raises(ModelUnavailableError, match="try again later") as raised:
                await turn.reply()
            seen.append(raised.value)
    assert len({id(error) for error in seen}) == 4
    assert len({len(traceback.extract_tb(error.__traceback__)) for error in seen}) == 1


class Raising(MemoryStore):
    """Raises instead of storing what the session of the name `bad` is told."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if key.id == "bad":
            raise self.error
        return await super().append(key, epoch, expected_sequence, records)


@pytest.mark.parametrize("error", [ValueError("a bug"), PanicError("a bug"), SystemExit("a bug")])
async def test_whatever_a_store_raises_fails_the_session_that_it_was_raised_for(
    running: Running, error: BaseException
) -> None:
    async with running(OfflineModel(), on=Raising(error)) as supervisor:
        with pytest.raises(SessionFailedError, match="a bug") as raised:
            await supervisor.session("bad").send("Hello?")
        assert raised.value.__cause__ is error
        with anyio.fail_after(5):
            assert (await supervisor.session("good").ask("Hello?")).text


async def read_outbox(supervisor: Supervisor) -> None:
    async with supervisor.outbox("telegram"):
        pass


READS: dict[str, tuple[str, Callable[[Supervisor], Awaitable[object]]]] = {
    "info": ("load", lambda supervisor: supervisor.session("away").info()),
    "history": ("read", lambda supervisor: supervisor.session("maren").history(full=True)),
    "transcript": ("read", lambda supervisor: supervisor.session("maren").transcript()),
    "list": ("list", lambda supervisor: supervisor.list()),
    "stored": ("size", lambda supervisor: supervisor.stored()),
    "backup": ("backup", lambda supervisor: supervisor.backup(Path("backup"))),
    "outbox": ("owing", read_outbox),
}


@pytest.mark.parametrize("error", [ValueError("a bug"), PanicError("a bug"), SystemExit("a bug")])
@pytest.mark.parametrize(("method", "call"), READS.values(), ids=READS.keys())
async def test_whatever_a_store_raises_when_it_is_read_is_an_error_of_ours(
    running: Running, method: str, call: Callable[[Supervisor], Awaitable[object]], error: BaseException
) -> None:
    async def raise_it(*_: object, **__: object) -> None:
        raise error

    store = type("Unreadable", (MemoryStore,), {method: raise_it})()
    async with running(OfflineModel(), on=store, outbox=["telegram"], resume=False) as supervisor:
        if method != "load":
            await supervisor.session("maren").ask("Hello?")
        with pytest.raises(StoreError, match="a bug") as raised:
            await call(supervisor)
        assert raised.value.__cause__ is error


# Models ---------------------------------------------------------------------------------------------------------------


class Hostile(OfflineModel):
    """Does what the message says, and otherwise says Yes."""

    def __init__(self, **deeds: Callable[[], Awaitable[object]]) -> None:
        self.deeds = deeds

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        deed = self.deeds.get(request.messages[-1].text)
        if deed is not None:
            await deed()
        return Reply("Yes.")


def raising(error: BaseException) -> Callable[[], Awaitable[object]]:
    async def raise_it() -> None:
        raise error

    return raise_it


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("no idea"),
        PanicError("no idea"),
        SystemExit("no idea"),
        GeneratorExit("no idea"),
        BaseExceptionGroup("no idea", [PanicError("no idea")]),
    ],
)
async def test_whatever_a_model_raises_fails_its_turn_and_no_other(running: Running, error: BaseException) -> None:
    async with running(Hostile(raise_=raising(error)), max_turns=1) as supervisor:
        turn = await supervisor.session("maren").send("raise_")
        with pytest.raises(ModelError, match="no idea") as raised:
            await turn.reply()
        assert raised.value.__cause__ is error
        assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
        assert (await supervisor.session("other").ask("Hello?")).text == "Yes."
        assert supervisor.health().is_well


async def test_a_model_that_raises_the_cancellation_of_another_task_fails_its_turn(running: Running) -> None:
    kept: list[BaseException] = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as error:
            kept.append(error)
            raise
    async with running(Hostile(raise_=raising(kept[0])), max_turns=1) as supervisor:
        with pytest.raises(ModelError, match="cancelled from inside"):
            await supervisor.session("maren").ask("raise_")
        assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."


async def test_an_error_that_cannot_be_shown_fails_its_turn_too(running: Running) -> None:
    class MuteError(PanicError):
        def __repr__(self) -> str:
            raise PanicError

        __str__ = __repr__

    async with running(Hostile(raise_=raising(MuteError()))) as supervisor:
        with pytest.raises(ModelError, match="MuteError"):
            await supervisor.session("maren").ask("raise_")
        assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."


class WordlessError(ModelError):
    def __str__(self) -> str:
        raise PanicError


class MoodyError(ModelError):
    @property
    def is_transient(self) -> bool:  # type: ignore[override] # pyright: ignore[reportIncompatibleVariableOverride]
        raise PanicError


class ParticularError(ModelError):
    def __new__(cls, code: int, text: str) -> Self:
        return super().__new__(cls, code, text)

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")


class InimitableError(ModelError):
    def copy(self) -> Self:
        raise PanicError


def odd(error: ModelError, **attributes: object) -> ModelError:
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (ModelRefusedError("half of \ud83d"), ModelRefusedError, r"half of \ud83d"),
        (ContextOverflowError("half of \ud83d"), ContextOverflowError, r"half of \ud83d"),
        (RuntimeError("half of \ud83d"), ModelError, r"the model failed: RuntimeError('half of \ud83d')"),
        (ModelError("x" * 10**6), ModelError, "x" * 500),
        (ModelError(), ModelError, "the model failed: ModelError('')"),
        (WordlessError("no"), ModelError, "WordlessError"),
        (MoodyError("no"), ModelError, "no"),
        (ParticularError(7, "no"), ModelError, "7: no"),
        (InimitableError("no"), ModelError, "no"),
        (odd(ModelUnavailableError("no"), is_transient="no"), ModelUnavailableError, "no"),
        *(
            (odd(ModelUnavailableError("no"), retry_after=seconds), ModelUnavailableError, "no")
            for seconds in ("soon", math.nan, -1.0, 10**400, b"")
        ),
    ],
    ids=repr,
)
async def test_an_error_of_a_model_is_one_of_ours_whatever_it_says(
    tmp_path: Path, clock: ManualClock, error: BaseException, kind: type[ModelError], sentence: str
) -> None:
    config = Config(retry_attempts=1)
    model = Hostile(raise_=raising(error))
    async with Supervisor(FileStore(tmp_path), model, clock=clock, config=config, grace=0) as supervisor:
        session = supervisor.session("maren")
        with anyio.fail_after(5):
            async with supervisor.events() as events:
                turn = await session.send("raise_")
                async for event in events:
                    match event:
                        case RecordAppended(record=TurnDelayed()):
                            clock.advance(10)
                        case RecordAppended(record=TurnEnded()):
                            break
                        case _:
                            pass
            with pytest.raises(ModelError) as raised:
                await turn.reply()
        assert type(raised.value) is kind
        assert str(raised.value) == sentence
        info = await session.info()
        assert (info.failed, info.waiting, info.failure) == (1, 0, sentence)
        assert (await session.ask("Hello?")).text == "Yes."
        assert supervisor.health().is_well


class Stubborn:
    """Waits in a thread, however it is cancelled, until it is told to go on."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.may_end = threading.Event()

    async def __call__(self) -> None:
        self.begun.set()
        await anyio.to_thread.run_sync(self.may_end.wait, 20)


async def test_a_model_that_ignores_its_cancellation_is_answered_for_when_it_is_due(running: Running) -> None:
    wait = Stubborn()
    async with running(Hostile(wait=wait), config=Config(turn_timeout=0.05), max_turns=1) as supervisor:
        session = supervisor.session("maren")
        try:
            with anyio.fail_after(5), pytest.raises(ModelUnavailableError, match="no sign of life"):
                await session.ask("wait")
            with anyio.fail_after(5):  # its place is given on
                assert (await supervisor.session("other").ask("Hello?")).text == "Yes."
                assert (await session.ask("Hello?")).text == "Yes."
        finally:
            wait.may_end.set()
        await anyio.wait_all_tasks_blocked()
        history = [message.text for message in await session.history()]
        assert history == ["wait", "Hello?", "Yes."]  # what it says later goes nowhere


async def test_a_turn_is_stopped_though_its_model_ignores_that(running: Running) -> None:
    wait = Stubborn()
    async with running(Hostile(wait=wait), max_turns=1) as supervisor:
        session = supervisor.session("maren")
        try:
            turn = await session.send("wait")
            await wait.begun.wait()
            with anyio.fail_after(5):
                await session.stop()
                with pytest.raises(NoReplyError):
                    await turn.reply()
                assert (await session.ask("Hello?")).text == "Yes."
        finally:
            wait.may_end.set()


async def test_the_end_waits_for_a_model_that_ignores_it_no_longer_than_its_patience(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    wait = Stubborn()
    try:
        with anyio.fail_after(5):
            async with running(Hostile(wait=wait), patience=0.05) as supervisor:
                turn = await supervisor.session("maren").send("wait")
                await wait.begun.wait()
        with pytest.raises(SupervisorStoppedError):
            await turn.reply()
        told = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
        assert [told_ for told_ in told if "session maren" in told_ and "left alone" in told_]
    finally:
        wait.may_end.set()


async def test_a_compaction_does_not_wait_for_a_model_that_ignores_its_end(running: Running) -> None:
    class Summariser(Hostile):
        can_summarise = True

        async def reply(self, request: Request, _emit: Emit) -> Reply:
            if request.instruction:
                await wait()
            return Reply("Yes.")

    wait = Stubborn()
    config = Config(max_context_tokens=500, compaction_timeout=0.05)
    try:
        async with running(Summariser(), config=config) as supervisor:
            session = supervisor.session("maren")
            with anyio.fail_after(5):
                for number in range(6):
                    await session.say(f"{number}: " + "word " * 60)
                await session.compact()
            summary = await session.summary()
            wait.may_end.set()
        assert summary is not None
        assert summary.method == "extractive"
    finally:
        wait.may_end.set()


class Slow(OfflineModel):
    """Says a word every so many seconds, and so many of them."""

    def __init__(self, pause: float, words: list[str], end: float = 0.0) -> None:
        self.pause, self.words, self.end = pause, words, end

    async def reply(self, request: Request, emit: Emit) -> Reply:
        for word in self.words:
            await emit(word)
            await anyio.sleep(self.pause)
        await anyio.sleep(self.end)
        return Reply(f"{request.session} " + "".join(self.words))


async def test_the_time_of_a_turn_begins_anew_with_every_piece(running: Running) -> None:
    async with running(Slow(0.1, ["a"] * 12), config=Config(turn_timeout=1)) as supervisor:
        assert (await supervisor.session("maren").ask("Hello?")).text


async def test_an_empty_piece_is_a_sign_of_life_and_nothing_more(running: Running) -> None:
    async with running(Slow(0.1, [""] * 12), config=Config(turn_timeout=1)) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        assert [piece async for piece in turn.text()] == ["maren "]


async def test_a_turn_that_falls_silent_is_given_up(running: Running) -> None:
    async with running(Slow(0.0, ["a"], end=60), config=Config(turn_timeout=0.05)) as supervisor:
        with anyio.fail_after(5), pytest.raises(ReplyInterruptedError, match="nothing more"):
            await supervisor.session("maren").ask("Hello?")


async def test_a_turn_without_end_is_given_up_at_its_limit(running: Running) -> None:
    config = Config(turn_timeout=10, turn_limit=0.2)
    async with running(Slow(0.01, ["a"] * 10_000), config=config) as supervisor:
        with anyio.fail_after(5), pytest.raises(ReplyInterruptedError, match="turnLimit"):
            await supervisor.session("maren").ask("Hello?")


class Chatterer(OfflineModel):
    """Says something again and again without ever waiting, until it is closed, or has said it for too long."""

    def __init__(self, piece: str) -> None:
        self.piece = piece
        self.closed_after = 0

    async def reply(self, request: Request, emit: Emit) -> Reply:
        if request.session == "other":
            return Reply("Yes.")
        said = 0
        try:
            while said < 3_000_000:
                await emit(self.piece)
                said += 1
        finally:
            self.closed_after = said
        return Reply("Enough.")


@pytest.mark.parametrize("piece", ["", "word "])
async def test_a_model_that_never_waits_between_its_pieces_keeps_nobody_from_being_served(
    running: Running, piece: str
) -> None:
    model = Chatterer(piece)
    async with running(model, config=Config(turn_limit=0.2)) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        assert (await supervisor.session("other").ask("Hello?")).text == "Yes."
        with pytest.raises(ReplyInterruptedError, match="turnLimit"):
            await turn.reply()
    assert 0 < model.closed_after < 3_000_000


HELD_UP: Final = re.compile(r"the model of session (?P<session>\w+) kept the event loop for (?P<seconds>[\d.]+) s")


async def test_a_model_that_keeps_the_event_loop_is_named_in_the_log(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async def block() -> None:
        time.sleep(0.3)  # noqa: ASYNC251 - what must not be

    async with running(Hostile(block=block)) as supervisor:
        await supervisor.session("maren").ask("block")
        await supervisor.session("other").ask("Hello?")
    (told,) = [found for found in map(HELD_UP.match, caplog.messages) if found and found["session"] == "maren"]
    assert float(told["seconds"]) >= 0.3


# Contexts -------------------------------------------------------------------------------------------------------------

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


async def test_a_turn_sees_the_context_of_the_supervisor_and_of_no_request(running: Running) -> None:
    seen: list[str] = []

    async def look() -> None:
        seen.append(tenant.get())
        tenant.set("a model")

    async def ask_as(name: str) -> None:
        tenant.set(name)
        for _ in range(2):
            await supervisor.session(name).ask("look")

    tenant.set("the host")
    async with running(Hostile(look=look)) as supervisor, anyio.create_task_group() as group:
        for name in ("alice", "bob", "carol"):
            group.start_soon(ask_as, name)
    assert seen == ["the host"] * 6


async def test_a_counter_sees_the_context_of_the_supervisor_and_of_no_request(running: Running) -> None:
    seen: list[str] = []

    def count(text: str) -> int:
        seen.append(tenant.get())
        tenant.set("a counter")
        return len(text)

    tenant.set("the host")
    for inline in (0, 1000):
        async with running(OfflineModel(), count=count, count_inline=inline) as supervisor:
            token = tenant.set("alice")
            await supervisor.session("maren").ask("Hello?")
            tenant.reset(token)
    assert set(seen) == {"the host"}


# Counters -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [0, 1000])
@pytest.mark.parametrize("error", [ValueError("no idea"), PanicError("no idea"), SystemExit("no idea")])
async def test_whatever_a_counter_raises_refuses_the_message_that_it_was_to_count(
    running: Running, error: BaseException, inline: int
) -> None:
    def count(text: str) -> int:
        if text == "bad":
            raise error
        return len(text)

    async with running(Hostile(), count=count, count_inline=inline) as supervisor:
        with pytest.raises(CallbackError, match="no idea") as raised:
            await supervisor.session("maren").send("bad")
        assert raised.value.__cause__ is error
        assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
        assert supervisor.health().is_well


@pytest.mark.parametrize("error", [ValueError("no idea"), PanicError("no idea")])
async def test_a_reply_that_a_counter_cannot_count_fails_its_turn_and_no_other(
    running: Running, error: BaseException
) -> None:
    def count(text: str) -> int:
        if text == "Yes." and faults:
            raise faults.pop()
        return len(text)

    faults = [error]
    async with running(Hostile(), count=count, count_inline=0) as supervisor:
        with pytest.raises(ModelError, match="no idea"):
            await supervisor.session("maren").ask("Hello?")
        assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."


async def test_a_counter_that_cannot_count_the_system_prompt_is_told_of_at_opening(running: Running) -> None:
    def count(_: str) -> int:
        raise PanicError("no idea")

    with pytest.raises(CallbackError, match="no idea"):
        async with running(Hostile(), count=count, system="Be kind."):
            raise AssertionError("it opened")


async def test_what_was_left_is_answered_though_the_counter_knows_no_empty_text(
    running: Running, store: MemoryStore
) -> None:
    def count(text: str) -> int:
        return len(text) // (1 if text else 0)

    async with running(ReplayModel(live=True), on=store) as supervisor:
        await supervisor.session("maren").send("Hello?", message_id="m-1")
    async with running(Hostile(), on=store, count=count, count_inline=0) as supervisor:
        with anyio.fail_after(5):
            assert (await supervisor.session("maren").ask("Hello?", message_id="m-1")).text == "Yes."


async def test_a_counter_of_the_hosts_runs_in_threads(running: Running) -> None:
    threads: set[threading.Thread] = set()

    def count(text: str) -> int:
        threads.add(threading.current_thread())
        return len(text.split())

    config = Config(max_context_tokens=500)
    async with running(OfflineModel(), count=count, count_inline=None, config=config, system="Be kind.") as supervisor:
        session = supervisor.session("maren")
        for number in range(8):
            await session.ask(f"{number}: " + "word " * 30)
        await session.compact()
    assert threads
    assert threading.current_thread() not in threads


async def test_a_message_that_is_being_counted_holds_up_nobody_and_can_be_cancelled(running: Running) -> None:
    may_end = threading.Event()

    def count(text: str) -> int:
        if text == "slow":
            may_end.wait(20)
        return len(text)

    try:
        async with running(Hostile(), count=count, count_inline=0) as supervisor:
            async with anyio.create_task_group() as group:
                for number in range(8):
                    group.start_soon(supervisor.session(f"slow-{number}").send, "slow")
                await anyio.wait_all_tasks_blocked()
                with anyio.fail_after(5):
                    assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
                    group.cancel_scope.cancel()
            with anyio.fail_after(5):
                assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
    finally:
        may_end.set()


class Hung:
    """A counter that does not come back from the text `hang`, until it is told to."""

    def __init__(self) -> None:
        self.may_end = threading.Event()

    def __call__(self, text: str) -> int:
        if "hang" in text:
            self.may_end.wait(30)
        return len(text.split())


@pytest.fixture
def hung() -> Generator[Hung]:
    counter = Hung()
    yield counter
    counter.may_end.set()


async def test_a_counter_that_does_not_come_back_refuses_its_message_in_time(running: Running, hung: Hung) -> None:
    async with running(Hostile(), count=hung, count_inline=0, count_timeout=0.5) as supervisor:
        async with anyio.create_task_group() as group:  # more than may be counted at once
            for number in range(40):
                group.start_soon(refuses, supervisor.session(f"hung-{number}").send, "hang")
        with anyio.fail_after(60):
            await refuses(supervisor.session("said").say, "hang")
            assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."


async def refuses(send: Callable[[str], Awaitable[object]], text: str) -> None:
    with pytest.raises(CallbackError, match=r"not answered within 0\.5 s"):
        await send(text)


async def test_a_counter_that_does_not_come_back_holds_up_no_end_nor_who_sends_meanwhile(
    running: Running, hung: Hung
) -> None:
    async def send() -> None:
        with pytest.raises(SupervisorStoppedError):
            await supervisor.session("maren").send("hang")

    with anyio.fail_after(10):
        async with (
            anyio.create_task_group() as group,
            running(Hostile(), count=hung, count_inline=0) as supervisor,
        ):
            group.start_soon(send)
            await anyio.wait_all_tasks_blocked()


async def test_a_compaction_ends_though_the_counter_does_not_come_back(running: Running, store: MemoryStore) -> None:
    async with running(Hostile(), on=store) as supervisor:
        for number in range(6):
            await supervisor.session("maren").say(f"{number}: " + "hang " * 60)
    hung, config = Hung(), Config(max_context_tokens=500)
    try:
        async with running(
            Hostile(), on=store, count=hung, count_inline=0, count_timeout=0.1, config=config
        ) as supervisor:
            session = supervisor.session("maren")
            with anyio.fail_after(60), pytest.raises(CompactionFailedError, match="history is kept"):
                await session.compact()
            assert (await session.info()).state == "Active"
            assert len(await session.history()) == 6
    finally:
        hung.may_end.set()


async def test_a_transcript_may_take_long_to_count_but_none_of_its_texts(running: Running) -> None:
    def count(text: str) -> int:
        may_end.wait(30 if text == "hang" else 0.03)
        return 1

    may_end = threading.Event()
    texts = ["Hello?"] * 20
    try:
        async with running(Hostile(), count=count, count_inline=0, count_timeout=1.5) as supervisor:
            await supervisor.session("slow").adopt(transcript_of_texts(*texts))
            with anyio.fail_after(60), pytest.raises(CallbackError, match="not answered"):
                await supervisor.session("hung").adopt(transcript_of_texts(*texts, "hang"))
    finally:
        may_end.set()


def transcript_of_texts(*texts: str) -> Transcript:
    messages = tuple(TranscriptMessage(role="user", text=text) for text in texts)
    return Transcript(session="any", messages=messages)


async def test_a_text_that_makes_the_tokenizer_panic_is_taken(running: Running) -> None:
    text = " " * 1_000_000 + "x"
    async with running(Hostile(), count=count_tokens, count_inline=None) as supervisor:
        assert (await supervisor.session("maren").ask(text)).text == "Yes."
        assert (await supervisor.session("other").ask("Hello?")).text == "Yes."


# Clocks ---------------------------------------------------------------------------------------------------------------


class BrokenClock:
    """A clock of the host's, that raises or is at no time of all when it is told to."""

    def __init__(self, monotonic: float | None = None) -> None:
        self.is_broken = False
        self._monotonic = monotonic

    def now(self) -> datetime:
        if self.is_broken:
            raise PanicError("no time")
        return datetime.now(UTC)

    def monotonic(self) -> float:
        if not self.is_broken:
            return time.monotonic()
        if self._monotonic is None:
            raise PanicError("no time")
        return self._monotonic

    async def sleep_until(self, deadline: float) -> None:
        await anyio.sleep(max(0.0, deadline - time.monotonic()))
        if self.is_broken:
            raise PanicError("no time")


@pytest.mark.parametrize("monotonic", [None, float("inf"), float("-inf"), float("nan")])
async def test_a_clock_that_cannot_tell_the_time_stands_still_and_ends_nobody(
    running: Running, monotonic: float | None
) -> None:
    clock = BrokenClock(monotonic)
    config = Config(collect_for=0.05)
    async with running(Hostile(), clock=clock, config=config) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        clock.is_broken = True
        await anyio.sleep(0.1)
        await supervisor.session("other").send("Hello?")
        clock.is_broken = False
        with anyio.fail_after(10):
            assert (await turn.reply()).text == "Yes."
        assert supervisor.health().is_well


# What stands in the background ----------------------------------------------------------------------------------------


class Undeletable(MemoryStore):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error
        self.deleted = anyio.Event()

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:
        if key.id == "bad":
            raise self.error
        self.deleted.set()
        return await super().delete(key, set_aside=set_aside)


@pytest.mark.parametrize("error", [PermissionError(13, "no"), PanicError("no")])
async def test_a_session_that_cannot_be_deleted_keeps_no_other_and_ends_nobody(
    running: Running, clock: ManualClock, error: BaseException
) -> None:
    store = Undeletable(error)
    async with running(Hostile(), on=store) as supervisor:
        for name in ("bad", "good"):
            await supervisor.session(name).ask("Hello?")
        clock.advance(10 * 3600)
        await supervisor.session("recent").ask("Hello?")
    async with running(Hostile(), on=store, config=Config(retain_for=3600.0)) as supervisor:
        await anyio.wait_all_tasks_blocked()
        clock.advance(600)  # the grace
        with anyio.fail_after(5):
            await store.deleted.wait()
        assert (await supervisor.session("other").ask("Hello?")).text == "Yes."


class Unlisted(MemoryStore):
    """Raises when it is asked for the first time for what was left."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.errors = [error]

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        if self.errors:
            raise self.errors.pop()
        return await super().unfinished(agent, states)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), PanicError("a bug")])
async def test_what_was_left_is_taken_up_though_finding_it_failed_at_first(
    running: Running, error: BaseException
) -> None:
    store = Unlisted(error)
    async with running(ReplayModel(live=True), on=store, resume=False) as supervisor:
        await supervisor.session("maren").send("Hello?", message_id="m-1")
    async with running(Hostile(), on=store) as supervisor, supervisor.events() as events:
        with anyio.fail_after(10):
            async for event in events:
                if isinstance(event, RecordAppended) and isinstance(event.record, Replied):
                    assert event.record.text == "Yes."
                    break


# All at once ----------------------------------------------------------------------------------------------------------


class Worst(Hostile):
    """Everything that a model can do to those who run it, by the text of the message."""

    def __init__(self, wait: Stubborn) -> None:
        super().__init__(panic=raising(PanicError()), exit=raising(SystemExit(1)), cancel=self.cancel, wait=wait)

    async def cancel(self) -> None:
        with contextlib.suppress(RuntimeError):  # on trio no task can be cancelled like that
            task = asyncio.current_task()
            if task is not None:
                task.cancel()
        await anyio.lowlevel.checkpoint()
        raise PanicError

    async def reply(self, request: Request, emit: Emit) -> Reply:
        if request.messages[-1].text == "nonsense":
            await emit(cast("str", 7))
        return await super().reply(request, emit)


async def test_hostile_code_of_all_kinds_leaves_the_others_and_the_host_alone(running: Running, tmp_path: Path) -> None:
    def count(text: str) -> int:
        if text == "uncounted":
            raise PanicError
        return len(text)

    async def do(name: str, deed: str) -> None:
        for _ in range(5):
            with pytest.raises(ArgentError):
                await supervisor.session(name).ask(deed)

    wait = Stubborn()
    config = Config(turn_timeout=0.2)
    try:
        async with running(
            Worst(wait), on=FileStore(tmp_path), config=config, count=count, count_inline=0, max_turns=2, patience=5
        ) as supervisor:
            async with anyio.create_task_group() as group:
                for deed in ("panic", "exit", "cancel", "wait", "nonsense", "uncounted"):
                    group.start_soon(do, deed, deed)
                with anyio.fail_after(20):
                    for number in range(20):
                        assert (await supervisor.session(f"good-{number % 3}").ask("Hello?")).text == "Yes."
            assert supervisor.health().is_well
            wait.may_end.set()
    finally:
        wait.may_end.set()


_OPEN = """
import sys, threading
import anyio
from argentos import AnthropicModel, MemoryStore, Supervisor

loaded = {}

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("anthropic", "tiktoken"):
            loaded[name] = threading.current_thread() is threading.main_thread()

async def main():
    async with Supervisor(MemoryStore(), AnthropicModel(api_key="none", base_url="http://127.0.0.1:9")):
        print(loaded)

sys.meta_path.insert(0, Watch())
anyio.run(main, backend=sys.argv[1])
"""


def test_what_is_heavy_is_loaded_in_a_thread_while_the_supervisor_opens(anyio_backend: str) -> None:
    done = subprocess.run([sys.executable, "-c", _OPEN, anyio_backend], capture_output=True, text=True, check=True)  # noqa: S603 - this interpreter
    assert ast.literal_eval(done.stdout) == {"tiktoken": False, "anthropic": False}
