"""What comes from a host, a model or a counter is taken, or refused with a sentence, before it reaches a session."""

import math
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec import structs

from argentos import Address, Agent, Config, Emit, FileStore, Message, OfflineModel, Reply, Request, Supervisor
from argentos.actors import Transcript, TranscriptMessage, TranscriptSummary
from argentos.errors import (
    ArgentError,
    CallbackError,
    InputError,
    MailboxFullError,
    ModelError,
    StoreFailedError,
    SupervisorStoppedError,
)
from argentos.storage import Usage
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

address: Any = Address  # for what a type checker would refuse
file_store: Any = FileStore
reply: Any = Reply
summary: Any = TranscriptSummary
make_supervisor: Any = Supervisor
usage: Any = Usage
NAIVE = datetime(2026, 5, 8)  # noqa: DTZ001 - that is the point
HALF = "half \ud83d"
ODD_IDS = [
    "spaces/AAAA/threads/BBBB",
    "../../etc/passwd",
    "..",
    ".",
    ".hidden",
    "a%2Fb",
    "a/b",
    "👩\u200d👩\u200d👧",
    "Ada",
    "ada",
    "adá",
    "ada\u0301",
    " ",
    "con",
    "x" * 512,
    "x" * 511 + "y",
    "🙂" * 128,
]


class Saying:
    """A model that gives the same reply each time, whatever that is, and counts how often it is asked."""

    name: Any = "saying"
    token_ratio: Any = 1.0
    can_summarise: Any = False

    def __init__(self, *pieces: Any) -> None:
        self.pieces = pieces
        self.asked = 0

    async def reply(self, _request: Request, emit: Emit) -> Reply:
        self.asked += 1
        for piece in self.pieces:
            if isinstance(piece, Reply):
                return piece
            await emit(piece)
        return Reply("")


# Ids ------------------------------------------------------------------------------------------------------------


async def test_numbers_are_taken_for_the_texts_of_ids(running: Running) -> None:
    numbered: Any = 4711
    async with running() as supervisor:
        session = supervisor.session(numbered)
        await session.ask("hi", message_id=numbered, address=Address("telegram", numbered), sender=numbered)
        first = (await supervisor.session("4711").history())[0]
    assert (session.id, first.id, first.sender) == ("4711", "4711", "4711")
    assert first.address == Address("telegram", "4711")


@pytest.mark.parametrize("odd", [True, 1.5, None, b"id", ["id"], HALF, "", "a\nb", "x" * 513])
async def test_what_is_no_id_is_refused_wherever_one_is_asked_for(running: Running, odd: Any) -> None:
    async with running(outbox=("telegram",)) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(InputError, match="the session id"):
            supervisor.session(odd)
        with pytest.raises(InputError, match="the channel"):
            async with supervisor.outbox(odd):
                pass
        with pytest.raises(InputError, match="the user of the address"):
            await session.send("hi", address=Address("telegram", odd))
        if odd is not None:
            with pytest.raises(InputError, match="the message id"):
                await session.send("hi", message_id=odd)
        if odd not in (None, "", "a\nb"):  # any short text is a name to show
            with pytest.raises(InputError, match="the sender"):
                await session.say("hi", sender=odd)
        if odd is not None:
            with pytest.raises(InputError, match="the guild of the address"):
                await session.ask("hi", address=Address("discord", "1", guild=odd))
        assert await supervisor.list() == []
    if odd is not None:
        with pytest.raises(InputError, match="the agent's name"):
            make_supervisor(FileStore("never made"), OfflineModel(), agent=odd)


async def test_every_id_has_a_folder_of_its_own_and_comes_back_in_lists(running: Running, tmp_path: Path) -> None:
    async with running(on=FileStore(tmp_path / "state")) as supervisor:
        for each in ODD_IDS:
            await supervisor.session(each).ask(f"I am {each}", message_id=each, address=Address("chat", each))
    async with running(on=FileStore(tmp_path / "state")) as supervisor:
        assert sorted(info.id for info in await supervisor.list()) == sorted(ODD_IDS)
        for each in ODD_IDS:
            assert (await supervisor.session(each).history())[0].text == f"I am {each}"
    assert os.listdir(tmp_path) == ["state"]  # noqa: PTH208 - names, and nothing is waited for
    assert len(os.listdir(tmp_path / "state" / "agents" / "main" / "sessions")) == len(ODD_IDS)  # noqa: PTH208


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_what_a_session_takes_its_copy_takes_too(running: Running, odd: str) -> None:
    async with running() as supervisor:
        session = supervisor.session("one")
        await session.ask("Hello?", message_id=odd, address=Address(odd, odd, guild=odd), sender=odd)
        await session.say("By the way", message_id=f"{odd[:100]}~", sender=odd)
        copy = supervisor.session("another")
        await copy.adopt(await session.transcript())
        assert [each.id for each in await copy.history()] == [each.id for each in await session.history()]


async def test_debts_of_sessions_whose_ids_look_alike_have_ids_of_their_own(running: Running) -> None:
    seen: set[str] = set()
    for agent, session_id in (("main", "a/b"), ("a", "b"), ("main", "a%2Fb")):
        async with running(agent=agent, outbox=("chat",)) as supervisor, supervisor.outbox("chat") as deliveries:
            await supervisor.session(session_id).say("hi", address=Address("chat", "u"))
            delivery = await anext(deliveries)
            await delivery.done()
            seen.add(delivery.id)
    assert len(seen) == 3


# What a host gives ----------------------------------------------------------------------------------------------

Call = Callable[[Any, Any], Awaitable[object]]
ODD_CALLS: list[tuple[Call, str]] = [
    (lambda _, session: session.send(None), "the message is nothing"),
    (lambda _, session: session.send(b"hi"), "the message is bytes"),
    (lambda _, session: session.ask(5), "the message is the number 5"),
    (lambda _, session: session.say(["hi"]), "content block 1 of the message is the text 'hi'"),
    (lambda _, session: session.send(HALF), "the text of the message has half a surrogate pair at character 5"),
    (lambda _, session: session.send("hi", address="telegram:1"), "the address is the text 'telegram:1'"),
    (lambda _, session: session.send("hi", address=Address("", "1")), "the channel of the address is empty"),
    (lambda _, session: session.send("hi", patience=math.nan), "the patience is the number nan"),
    (lambda _, session: session.send("hi", patience=-1), "the patience is the number -1"),
    (lambda _, session: session.send("hi", patience=True), "the patience is true"),
    (lambda _, session: session.send("hi", patience="5"), "the patience is the text '5'"),
    (lambda _, session: session.compact(5), "the focus is the number 5"),
    (lambda _, session: session.history(full="yes"), "full is the text 'yes'"),
    (lambda _, session: session.delete(unless_active_since=NAIVE), "unless_active_since is 2026-05-08"),
    (lambda _, session: session.delete(unless_active_since=5), "unless_active_since is the number 5"),
    (lambda _, session: session.adopt("{}"), "the transcript is the text '{}'"),
    (lambda supervisor, _: supervisor.list(limit=-1), "the limit is the number -1"),
    (lambda supervisor, _: supervisor.list(limit=True), "the limit is true"),
    (lambda supervisor, _: supervisor.list(active_since=NAIVE), "active_since is 2026-05-08"),
    (lambda supervisor, _: supervisor.stored(sizes=1), "sizes is the number 1"),
    (lambda supervisor, _: supervisor.backup(5), "the path of the backup is the number 5"),
    (lambda supervisor, _: supervisor.backup("a\0b"), r"the path of the backup is the text 'a\x00b'"),
    (lambda supervisor, _: _enter(supervisor.events(0)), "the limit is the number 0"),
    (lambda supervisor, _: _enter(supervisor.events(math.inf)), "the limit is the number inf"),
]


async def _enter(context: Any) -> None:
    async with context:
        pass


@pytest.mark.parametrize(("call", "sentence"), ODD_CALLS, ids=[sentence for _, sentence in ODD_CALLS])
async def test_what_a_host_gives_is_refused_with_a_sentence_and_hurts_nobody(
    running: Running, call: Call, sentence: str
) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("hi")
        for _ in range(5):  # a session is parked by four failures
            with pytest.raises(InputError) as refused:
                await call(supervisor, session)
            assert str(refused.value).startswith(sentence)
        assert (await session.ask("still there?")).text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_turns": 0}, "max_turns is the number 0, which is out of range; use a whole number from 1"),
        ({"max_turns": -1}, "max_turns is the number -1"),
        ({"max_turns": True}, "max_turns is true"),
        ({"max_turns": "8"}, "max_turns is the text '8'"),
        ({"grace": math.nan}, "the grace is the number nan"),
        ({"grace": -1}, "the grace is the number -1"),
        ({"patience": "10"}, "the patience is the text '10'"),
        ({"resume": "no"}, "resume is the text 'no'"),
        ({"config": {}}, "the config is an object; give a Config"),
        ({"count": 5}, "the counter is the number 5"),
        ({"clock": "now"}, "the clock is the text 'now'"),
        ({"outbox": "telegram"}, "the outbox is the text 'telegram'; give several names, as ('telegram',)"),
        ({"outbox": 5}, "the outbox is the number 5"),
        ({"outbox": ("a\nb",)}, r"the channel 'a\nb' cannot be used"),
        ({"outbox": (None,)}, "the channel is nothing"),
    ],
)
async def test_what_a_supervisor_is_made_of_is_checked(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        Supervisor(FileStore("never made"), OfflineModel(), **options)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"model": 7}, "the model is the number 7"),
        ({"model": OfflineModel}, "the model is"),
        ({"system": None}, "the system prompt is nothing"),
        ({"system": HALF}, "the system prompt has half a surrogate pair"),
        ({"config": {}}, "the config is an object; give a Config"),
    ],
)
def test_what_an_agent_is_made_of_is_checked(options: dict[str, Any], sentence: str) -> None:
    parts: dict[str, Any] = {"model": OfflineModel(), **options}
    with pytest.raises(InputError) as refused:
        Agent(parts.pop("model"), **parts)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: make_supervisor("state", OfflineModel()), "the store is the text 'state'; give a FileStore"),
        (lambda: make_supervisor(file_store("never made"), "claude"), "the model is the text 'claude'"),
        (lambda: file_store(5), "the path of the state directory is the number 5"),
        (lambda: file_store(b"state"), "the path of the state directory is bytes"),
        (lambda: file_store("a\0b"), "the path of the state directory is the text"),
        (lambda: file_store("a", journal_limit=0), "journal_limit is the number 0"),
        (lambda: file_store("a", segment_size="1M"), "segment_size is the text '1M'"),
        (lambda: file_store("a", patience=math.nan), "the patience is the number nan"),
        (lambda: file_store("a", read_only="no"), "read_only is the text 'no'"),
    ],
)
async def test_what_a_store_and_a_supervisor_are_made_of_is_checked(made: Callable[..., object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        made()
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"text": 5}, "the message is the number 5"),
        ({"text": HALF}, "the text of the message has half a surrogate pair"),
        ({"id": "a\nb"}, r"the message id 'a\nb' cannot be used"),
        ({"id": "x" * 513}, "the message id has 513 bytes"),
        ({"at": NAIVE}, "the time of the message is 2026-05-08 00:00:00, which has no zone"),
        ({"role": "system"}, "the role of the message is the text 'system'; use 'user' or 'assistant'"),
        ({"sender": 1.5}, "the sender of the message is the number 1.5"),
        ({"address": address("t", None)}, "the user of the address is nothing"),
        ({"reply_to": "m-1"}, "reply_to is the text 'm-1'"),
        ({"reply_to": (None,)}, "an id in reply_to is nothing"),
        ({"archived": "no"}, "archived is the text 'no'"),
    ],
)
async def test_a_message_of_a_transcript_is_checked(running: Running, message: dict[str, Any], sentence: str) -> None:
    given: dict[str, Any] = {"role": "assistant", "text": "hi", **message}
    transcript = Transcript(session="one", messages=(TranscriptMessage(**given),))
    async with running() as supervisor:
        with pytest.raises(InputError) as refused:
            await supervisor.session("one").adopt(transcript)
        assert str(refused.value).startswith(f"message 1 of session one: {sentence}")
        assert await supervisor.list() == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"messages": None}, "the messages of session one are nothing"),
        ({"messages": ("hi",)}, "message 1 of session one is the text 'hi'"),
        ({"summary": "all"}, "the summary of session one is the text 'all'"),
        ({"summary": TranscriptSummary(text=HALF)}, "the text of the summary has half a surrogate pair"),
        ({"summary": TranscriptSummary(text="all", first=-1)}, "the first message of the summary is the number -1"),
        ({"summary": TranscriptSummary(text="all", after=2**70)}, "the tokens after the summary is the number"),
        ({"summary": summary(text="all", method=None)}, "the method of the summary is nothing"),
        ({"created_at": NAIVE}, "the time of session one is 2026-05-08 00:00:00, which has no zone"),
    ],
)
async def test_a_transcript_is_checked(running: Running, fields: dict[str, Any], sentence: str) -> None:
    message = TranscriptMessage(role="user", text="hi")
    async with running() as supervisor:
        given: dict[str, Any] = {"session": "one", "messages": (message,), **fields}
        with pytest.raises(InputError) as refused:
            await supervisor.session("one").adopt(Transcript(**given))
        assert sentence in str(refused.value)
        assert await supervisor.list() == []


async def test_no_field_of_a_transcript_is_forgotten(running: Running) -> None:
    odd: Any = object()
    message = TranscriptMessage(role="assistant", text="hi", address=Address("a", "b"))
    whole = Transcript(session="one", messages=(message,), summary=TranscriptSummary(text="all"))
    odd_ones = [
        *(structs.replace(whole, **{name: odd}) for name in Transcript.__struct_fields__),
        *(_with(whole, structs.replace(message, **{name: odd})) for name in TranscriptMessage.__struct_fields__),
        *(
            _with(whole, structs.replace(message, address=structs.replace(Address("a", "b"), **{name: odd})))
            for name in Address.__struct_fields__
        ),
        *(
            structs.replace(whole, summary=structs.replace(TranscriptSummary(text="all"), **{name: odd}))
            for name in TranscriptSummary.__struct_fields__
        ),
    ]
    async with running() as supervisor:
        for each in odd_ones:
            with pytest.raises(InputError, match=r"(is|are) a thing of the kind 'object'"):
                await supervisor.session("one").adopt(each)


def _with(whole: Transcript, message: TranscriptMessage) -> Transcript:
    return structs.replace(whole, messages=(message,))


async def test_no_field_of_a_reply_is_forgotten(running: Running) -> None:
    odd: Any = object()
    usage = Usage("m", 1, 1)
    odd_ones = [
        *(structs.replace(Reply("ok"), **{name: odd}) for name in Reply.__struct_fields__),
        *(Reply("ok", structs.replace(usage, **{name: odd})) for name in Usage.__struct_fields__),
    ]
    for each in odd_ones:
        async with running(Saying(each)) as supervisor:
            with pytest.raises(ModelError, match=r"(is|are) a thing of the kind 'object'"):
                await supervisor.session("one").ask("hi")


async def test_a_transcript_with_numbers_for_ids_is_taken(running: Running) -> None:
    number: Any = 7
    asked = TranscriptMessage(role="user", text="hi", id=number, sender=number, address=Address("telegram", number))
    reply = TranscriptMessage(role="assistant", text="ho", id=number + 1, reply_to=(number,))
    async with running() as supervisor:
        await supervisor.session("one").adopt(Transcript(session="one", messages=(asked, reply)))
        history = await supervisor.session("one").history()
    assert [(each.id, each.reply_to) for each in history] == [("7", ()), ("8", ("7",))]
    assert history[0].address == Address("telegram", "7")


# What a model gives ---------------------------------------------------------------------------------------------

ODD_REPLIES: list[tuple[tuple[Any, ...], str]] = [
    ((reply(None),), "the reply is nothing"),
    ((reply(5),), "the reply is the number 5"),
    ((reply(HALF),), "the text of the reply has half a surrogate pair"),
    ((reply("ok", id="a\nb"),), r"the id of the reply 'a\nb' cannot be used"),
    ((reply("ok", id=1.5),), "the id of the reply is the number 1.5"),
    ((reply("ok", id=HALF),), "the id of the reply has half a surrogate pair"),
    ((reply("ok", sender=HALF),), "the sender of the reply has half a surrogate pair"),
    ((reply("ok", sender=["bot"]),), "the sender of the reply is a list"),
    ((reply("ok", usage=12),), "the usage of the reply is the number 12"),
    ((reply("ok", usage=usage("m", 12.5, 3.0)),), "the input tokens of the reply is the number 12.5"),
    ((reply("ok", usage=usage("m", None, None)),), "the input tokens of the reply is nothing"),
    ((reply("ok", usage=usage("m", -1, 3)),), "the input tokens of the reply is the number -1"),
    ((reply("ok", usage=usage("m", 1, 10**30)),), "the output tokens of the reply is the number 1000"),
    ((reply("ok", usage=usage(HALF, 1, 1)),), "the model of the usage has half a surrogate pair"),
    ((5,), "a piece of the reply is the number 5"),
    ((None,), "a piece of the reply is nothing"),
    ((HALF, reply("ok")), "a piece of the reply has half a surrogate pair"),
    ((b"ok", reply("ok")), "a piece of the reply is bytes"),
]


@pytest.mark.parametrize(("pieces", "sentence"), ODD_REPLIES, ids=[sentence for _, sentence in ODD_REPLIES])
async def test_a_wrong_reply_fails_its_turn_once_and_the_session_goes_on(
    running: Running, tmp_path: Path, pieces: tuple[Any, ...], sentence: str
) -> None:
    model = Saying(*pieces)
    async with running(model, on=FileStore(tmp_path)) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(ModelError) as failed, anyio.fail_after(5):
            await session.ask("hi")
        assert str(failed.value).startswith(f"the model 'saying' gave what cannot be taken: {sentence}")
        assert model.asked == 1
        assert (await session.info()).waiting == 0
        model.pieces = (Reply("ok"),)
        assert (await session.ask("again")).text == "ok"
    async with running(model, on=FileStore(tmp_path)) as supervisor:  # what was written can be read
        assert len(await supervisor.session("maren").history()) == 3


async def test_numbers_of_a_model_are_taken_for_ids(running: Running) -> None:
    odd: Any = 7
    async with running(Saying(Reply("ok", id=odd, sender=odd))) as supervisor:
        reply = await supervisor.session("maren").ask("hi")
    assert (reply.id, reply.sender) == ("7", "7")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("name", None, "the name of the model is nothing"),
        ("name", HALF, "the name of the model has half a surrogate pair"),
        ("token_ratio", math.nan, "token_ratio of the model is the number nan"),
        ("token_ratio", 0, "token_ratio of the model is the number 0"),
        ("token_ratio", "1", "token_ratio of the model is the text '1'"),
        ("can_summarise", "yes", "can_summarise of the model is the text 'yes'"),
        ("window", 8, "the window of the model is the number 8"),
        ("count_tokens", 8, "count_tokens of the model is the number 8"),
    ],
)
async def test_what_a_model_says_of_itself_is_checked(name: str, value: Any, sentence: str) -> None:
    model = Saying(Reply("ok"))
    setattr(model, name, value)
    with pytest.raises(InputError) as refused:
        Supervisor(FileStore("never made"), model)
    assert str(refused.value).startswith(sentence)


class Faulty(Saying):
    """A model of which some attributes raise."""

    def __init__(self, error: BaseException, *names: str) -> None:
        super().__init__(Reply("ok"))
        self.error = error
        self.names = names

    def __getattribute__(self, name: str) -> Any:
        if name in object.__getattribute__(self, "__dict__").get("names", ()):
            raise self.error
        return object.__getattribute__(self, name)


@pytest.mark.parametrize("name", ["name", "token_ratio", "can_summarise", "window", "count_tokens", "reply"])
@pytest.mark.parametrize("error", [RuntimeError("no idea"), SystemExit("no idea"), GeneratorExit("no idea")])
async def test_what_an_attribute_of_a_model_raises_is_the_cause_of_an_error_that_names_it(
    name: str, error: BaseException
) -> None:
    with pytest.raises(InputError, match=r"model.*no idea") as refused:
        Supervisor(FileStore("never made"), Faulty(error, name))
    assert refused.value.__cause__ is error


async def test_a_model_whose_attributes_raise_later_is_opened_asked_and_left(running: Running, tmp_path: Path) -> None:
    model = Faulty(RuntimeError("no idea"))
    config = Config(max_context_tokens=500)
    async with running(on=FileStore(tmp_path), config=config) as supervisor:
        for number in range(6):
            await supervisor.session("maren").say(f"{number}: " + "word " * 60)
    supervisor_of = running(model, on=FileStore(tmp_path), config=config)
    model.names = ("load", "aclose")
    async with supervisor_of as supervisor:
        model.names = ("can_summarise", "load", "aclose")
        assert (await supervisor.session("other").ask("Hello?")).text == "ok"
        await supervisor.session("maren").compact()
        summary = await supervisor.session("maren").summary()
    assert summary is not None
    assert summary.method == "extractive"


# What a counter gives -------------------------------------------------------------------------------------------


def quarters(text: str) -> Any:
    return len(text) / 4


@pytest.mark.parametrize("odd", [1.25, None, -1, True, 10**30, "3", math.nan])
async def test_a_wrong_count_names_the_counter_and_costs_no_session(running: Running, tmp_path: Path, odd: Any) -> None:
    counts: list[Any] = [odd] * 5

    def odd_counter(text: str) -> Any:
        return counts.pop() if counts and text else len(text)

    async with running(on=FileStore(tmp_path), count=odd_counter, resume=False) as supervisor:
        session = supervisor.session("maren")
        for _ in range(5):
            with pytest.raises(CallbackError, match=r"the counter '.*odd_counter' gave .*; a count is a whole number"):
                await session.send("hi")
        assert (await session.ask("hi")).text
    async with running(on=FileStore(tmp_path)) as supervisor:
        assert len(await supervisor.session("maren").history()) == 2


@pytest.mark.parametrize(
    "error", [MailboxFullError("no"), SupervisorStoppedError("no"), InputError("no"), StoreFailedError("no")]
)
async def test_an_error_of_ours_that_a_counter_raises_is_the_counters(running: Running, error: ArgentError) -> None:
    def raising_counter(text: str) -> int:
        if text == "hi":
            raise error
        return 1

    async with running(count=raising_counter) as supervisor:
        with pytest.raises(CallbackError, match="the counter raised") as raised:
            await supervisor.session("maren").send("hi", patience=0.1)
        assert raised.value.__cause__ is error
        assert (await supervisor.session("maren").ask("hello")).text


class Elsewhere(Address, frozen=True):
    """An address of a host's own."""

    building: str = "7"


async def test_an_address_of_a_kind_of_the_hosts_is_taken_for_one_of_ours(running: Running) -> None:
    async with running() as supervisor:
        reply = await supervisor.session("maren").ask("hi", address=Elsewhere("post", "maren"))
        assert reply.address == Address("post", "maren")


async def test_a_counter_that_counts_a_reply_wrongly_fails_the_turn_by_its_name(running: Running) -> None:
    def odd_counter(text: str) -> Any:
        return 1 if text == "hi" else 0.5

    async with running(Saying(Reply("ok")), count=odd_counter) as supervisor:
        with pytest.raises(ArgentError, match=r"the counter '.*odd_counter' gave the number 0\.5"), anyio.fail_after(5):
            await supervisor.session("maren").ask("hi")


async def test_a_time_is_compared_in_any_zone(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        message: Message = await session.ask("hi")
        later = message.at.astimezone() + timedelta(seconds=1)
        assert await supervisor.list(active_since=later) == []
        assert not await session.delete(unless_active_since=datetime(2000, 1, 1, tzinfo=UTC))
        assert await session.delete(unless_active_since=later)
