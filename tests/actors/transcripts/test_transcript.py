"""Transcripts: what a new session is made of, and what a session is written down as."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos import Address, Config, Emit, ManualClock, ReplayModel, Reply, Request, Supervisor
from argentos.actors import Transcript, TranscriptMessage, TranscriptSummary
from argentos.actors.transcripts.records import records_of
from argentos.actors.transcripts.transcript import transcript_of
from argentos.errors import InputError, SessionExistsError
from argentos.machines import SESSION, START
from argentos.storage import (
    Accepted,
    FileStore,
    MemoryStore,
    Message,
    Record,
    SessionKey,
    Snapshot,
    Transitioned,
    TurnEnded,
    TurnStarted,
    events_of,
    fold,
)

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]

KEY = SessionKey("main", "user-ada")
BEGIN = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
NOW = BEGIN + timedelta(days=30)


def count_words(text: str) -> int:
    return len(text.split())


def user(text: str, **options: Any) -> TranscriptMessage:
    return TranscriptMessage(role="user", text=text, **options)


def agent(text: str, **options: Any) -> TranscriptMessage:
    return TranscriptMessage(role="assistant", text=text, **options)


def transcript(*messages: TranscriptMessage, **options: Any) -> Transcript:
    return Transcript(session=KEY.id, messages=messages, **options)


def made_of(given: Transcript) -> list[Record]:
    return records_of(given, count=count_words, now=NOW)


def session_of(given: Transcript) -> tuple[Snapshot, tuple[Message, ...]]:
    """The session that the records make, and all its messages by number."""
    snapshot, archived, *_ = fold(KEY, None, made_of(given))
    messages = (*archived, *snapshot.context.messages, *snapshot.context.waiting)
    return snapshot, tuple(sorted(messages, key=lambda message: message.number))


def written_again(given: Transcript) -> Transcript:
    snapshot, messages = session_of(given)
    context = snapshot.context
    waiting = (*context.messages, *context.waiting)
    return transcript_of(snapshot.metadata, messages, context=waiting, summary=context.summary)


def turns_of(given: Transcript) -> list[tuple[tuple[int, ...], str]]:
    """The messages of each turn, and its outcome."""
    return [(each.messages, each.outcome) for each in events_of(made_of(given)) if isinstance(each, TurnEnded)]


# What a session is made of ----------------------------------------------------------------------------


def test_a_conversation_becomes_turns() -> None:
    told = transcript(user("hello"), agent("hi"), user("how are you?"), user("well?"), agent("fine"))
    snapshot, messages = session_of(told)
    assert [(each.number, each.role, each.text) for each in messages] == [
        (1, "user", "hello"),
        (2, "assistant", "hi"),
        (3, "user", "how are you?"),
        (4, "user", "well?"),
        (5, "assistant", "fine"),
    ]
    assert turns_of(told) == [((1,), "replied"), ((3, 4), "replied")]
    assert [each.reply_to for each in messages if each.role == "assistant"] == [
        ("imported-1",),
        ("imported-3", "imported-4"),
    ]
    assert (snapshot.metadata.state, snapshot.metadata.turns) == ("Active", 2)


def test_what_was_never_answered_ends_without_a_reply() -> None:
    told = transcript(user("a"), agent("b"), user("c"), user("d"))
    snapshot, _ = session_of(told)
    assert snapshot.metadata.is_settled
    assert turns_of(told)[-1] in [((3, 4), "no_reply"), ((4,), "no_reply")]


def test_an_assistant_with_nobody_waiting_speaks_of_its_own_accord() -> None:
    records = made_of(transcript(agent("good morning"), user("hello"), agent("hi"), agent("one more thing")))
    spoken = [each.text for each in records if isinstance(each, Accepted) and each.role == "assistant"]
    assert spoken == ["good morning", "one more thing"]


def test_a_transcript_without_messages_is_a_session_that_was_made_by_hand() -> None:
    snapshot, messages = session_of(transcript(created_at=BEGIN))
    assert messages == ()
    assert (snapshot.metadata.state, snapshot.metadata.created_at) == ("Created", BEGIN)


def test_ids_are_kept_and_those_that_lack_or_repeat_are_made_up() -> None:
    told = transcript(user("a", id="x"), user("b", id="x"), user("c"), user("d", id="imported-3"))
    _, messages = session_of(told)
    assert [each.id for each in messages] == ["x", "imported-2", "imported-3+", "imported-3"]


def test_times_never_go_back_and_those_that_lack_are_that_of_the_message_before() -> None:
    later = BEGIN + timedelta(hours=1)
    told = transcript(user("a"), user("b", at=later), user("c", at=BEGIN), user("d"))
    _, messages = session_of(told)
    assert [each.at for each in messages] == [later] * 4


def test_without_any_time_everything_happened_now() -> None:
    snapshot, messages = session_of(transcript(user("a"), agent("b")))
    assert {each.at for each in messages} == {NOW}
    assert snapshot.metadata.created_at == NOW


def test_a_reply_without_an_address_goes_where_the_message_came_from() -> None:
    address = Address("telegram", "123")
    _, messages = session_of(transcript(user("a", address=address), agent("b")))
    assert messages[1].address == address


def test_a_summary_takes_the_place_of_what_it_replaced() -> None:
    told = transcript(
        user("one two", archived=True),
        agent("three", archived=True),
        user("four"),
        agent("five"),
        summary=TranscriptSummary(text="they counted", at=BEGIN),
    )
    snapshot, messages = session_of(told)
    context = snapshot.context
    assert [each.text for each in context.messages] == ["four", "five"]
    assert len(messages) == 4
    assert context.summary is not None
    assert (context.summary.text, context.summary.first, context.summary.last) == ("they counted", 1, 2)
    assert snapshot.metadata.tokens == sum(each.tokens for each in context.messages) + 2
    assert [f"{each.source} {each.target}" for each in made_of(told) if isinstance(each, Transitioned)] == [
        f"{START} Created",
        "Created Active",
        "Active Compacted",
        "Compacted Active",
    ]


def test_messages_archived_without_a_summary_were_cleared() -> None:
    snapshot, messages = session_of(transcript(user("a", archived=True), agent("b", archived=True), user("c")))
    assert [each.text for each in snapshot.context.messages] == ["c"]
    assert (len(messages), snapshot.context.summary) == (3, None)


def test_a_summary_of_what_the_transcript_lacks_comes_before_all_messages() -> None:
    told = transcript(user("go on"), agent("yes"), summary=TranscriptSummary(text="before"))
    snapshot, messages = session_of(told)
    assert snapshot.context.summary is not None
    assert snapshot.context.summary.last == 0
    assert snapshot.context.messages == messages


def test_a_message_accepted_before_an_archived_reply_may_stay_in_the_context() -> None:
    told = transcript(
        user("first", id="1", archived=True),
        user("second", id="2"),
        agent("to the first", reply_to=("1",), archived=True),
        agent("to the second", reply_to=("2",)),
        summary=TranscriptSummary(text="the first"),
    )
    snapshot, _ = session_of(told)
    assert [each.text for each in snapshot.context.messages] == ["second", "to the second"]


def test_what_the_agent_said_itself_may_stay_though_the_message_before_it_was_archived() -> None:
    told = transcript(
        user("question", id="1", archived=True),
        agent("meanwhile", reply_to=()),
        agent("answer", reply_to=("1",)),
        summary=TranscriptSummary(text="asked"),
    )
    snapshot, _ = session_of(told)
    assert [each.text for each in snapshot.context.messages] == ["meanwhile", "answer"]


def test_a_message_that_was_passed_over_is_not_in_the_turn_of_the_next() -> None:
    told = transcript(user("a", id="1"), user("b", id="2"), agent("to b", reply_to=("2",)))
    assert turns_of(told) == [((1,), "no_reply"), ((2,), "replied")]


def test_no_turn_grows_beyond_a_mailbox() -> None:
    told = transcript(*(user(str(number)) for number in range(5000)), agent("that was much"))
    started = [each for each in made_of(told) if isinstance(each, TurnStarted)]
    assert max(len(each.messages) for each in started) == 1000
    assert sum(len(each.messages) for each in started) == 5000


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (user(""), "no text"),
        (user("a", id=""), "the message id is empty"),
        (user("a", id="x" * 513), "513 bytes"),
        (user("a", at=datetime(2026, 1, 1)), "no zone"),  # noqa: DTZ001 - that is what is wrong with it
        (user("a", at=datetime.fromisoformat("0001-01-01T00:00:00+23:59")), "out of range"),
        (user("\ud800"), "surrogate"),
        (user("a", sender="\udfff"), "surrogate"),
    ],
)
def test_a_message_that_cannot_be_taken_is_named(wrong: TranscriptMessage, why: str) -> None:
    with pytest.raises(InputError, match=rf"message 2 of session user-ada: .*{why}"):
        made_of(transcript(user("fine"), wrong))


def test_a_summary_without_any_message_is_refused() -> None:
    with pytest.raises(InputError, match="a summary and no message"):
        made_of(transcript(summary=TranscriptSummary(text="all")))


# Any transcript ---------------------------------------------------------------------------------------

_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_times = st.none() | st.integers(-5, 5).map(lambda hours: BEGIN + timedelta(hours=hours))
_ids = st.none() | st.sampled_from(["a", "b", "c", "imported-1", "imported-2"])
_messages = st.builds(
    TranscriptMessage,
    role=st.sampled_from(["user", "user", "assistant"]),
    text=_texts,
    at=_times,
    id=_ids,
    sender=st.none() | _texts,
    address=st.none() | st.just(Address("discord", "1", guild="2")),
    reply_to=st.none() | st.lists(st.sampled_from(["a", "b", "imported-1", "elsewhere"]), max_size=2).map(tuple),
    archived=st.booleans(),
)
_summaries = st.builds(TranscriptSummary, text=_texts, at=_times)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    messages = draw(st.lists(_messages, max_size=25))
    summary = draw(st.none() | _summaries) if messages else None
    return transcript(*messages, summary=summary, created_at=draw(_times))


@given(transcripts())
def test_every_message_is_in_the_session_once_and_in_its_order(told: Transcript) -> None:
    _, messages = session_of(told)
    assert [each.number for each in messages] == list(range(1, len(told.messages) + 1))
    assert [(each.role, each.text, each.sender) for each in messages] == [
        (each.role, each.text, each.sender) for each in told.messages
    ]
    assert len({each.id for each in messages}) == len(messages)


@given(transcripts())
def test_the_records_are_a_life_that_the_machine_allows(told: Transcript) -> None:
    records = made_of(told)
    assert [each.sequence for each in records] == list(range(1, len(records) + 1))
    assert [each.at for each in records] == sorted(each.at for each in records)
    state = START
    for each in records:
        if isinstance(each, Transitioned):
            assert each.source == state
            assert (each.source, each.target, each.event, each.label) in {
                (edge.source, edge.target, edge.event, edge.label) for edge in SESSION.transitions
            }
            state = each.target
    assert state == ("Active" if told.messages else "Created")


@given(transcripts())
def test_the_session_is_settled_and_its_tokens_are_those_of_its_context(told: Transcript) -> None:
    (metadata, context), _ = session_of(told)
    summary = context.summary.tokens if context.summary else 0
    assert metadata.is_settled
    assert metadata.tokens == sum(each.tokens for each in context.messages) + summary
    assert context.waiting == ()


@given(transcripts())
def test_a_turn_knows_how_large_its_request_was(told: Transcript) -> None:
    snapshot: Snapshot | None = None
    for each in made_of(told):
        if isinstance(each, TurnStarted):
            assert snapshot is not None
            assert each.request_tokens == snapshot.metadata.tokens + each.tokens
        snapshot = fold(KEY, snapshot, (each,)).snapshot


@given(transcripts())
def test_a_turn_takes_up_what_waits_in_its_order(told: Transcript) -> None:
    asked = [number for number, each in enumerate(told.messages, start=1) if each.role == "user"]
    started = [each.messages for each in made_of(told) if isinstance(each, TurnStarted)]
    ended = [each.messages for each in events_of(made_of(told)) if isinstance(each, TurnEnded)]
    assert [number for turn in started for number in turn] == asked
    assert started == ended


@given(transcripts())
def test_written_down_and_made_again_it_is_the_same_session(told: Transcript) -> None:
    once = written_again(told)
    assert written_again(once) == once


# Sessions ---------------------------------------------------------------------------------------------


class Unasked:
    """A model that keeps what it was asked."""

    name = "unasked"
    can_summarise = True

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        return Reply("well")


LARGE = transcript(*(user(f"{number} " + "word " * 100) for number in range(100)))


@pytest.mark.anyio
async def test_an_adopted_session_is_there_and_no_model_was_asked(running: Running) -> None:
    model = Unasked()
    async with running(model, grace=5) as supervisor:
        info = await supervisor.session("ada").adopt(transcript(user("hello"), agent("hi"), user("bye")))
        history = await supervisor.session("ada").history()
    assert model.requests == []
    assert (info.id, info.messages, info.waiting) == ("ada", 3, 0)
    assert [each.text for each in history] == ["hello", "hi", "bye"]


@pytest.mark.anyio
async def test_the_state_is_that_of_its_time(running: Running, clock: ManualClock) -> None:
    now = clock.now()
    async with running(Unasked()) as supervisor:
        old = await supervisor.session("old").adopt(transcript(user("hello", at=now - timedelta(days=9))))
        new = await supervisor.session("new").adopt(transcript(user("hello", at=now)))
    assert (old.state, new.state) == ("Idle", "Active")
    assert old.last_activity == now - timedelta(days=9)


@pytest.mark.anyio
async def test_a_session_that_exists_is_not_adopted_over(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("ada")
        await session.ask("I am here")
        with pytest.raises(SessionExistsError, match="ada already"):
            await session.adopt(transcript(user("hello")))
        assert (await session.info()).messages == 2


@pytest.mark.anyio
async def test_a_transcript_that_cannot_be_taken_makes_no_session(running: Running) -> None:
    async with running() as supervisor:
        with pytest.raises(InputError):
            await supervisor.session("ada").adopt(transcript(user("hello"), user("")))
        assert await supervisor.list() == []


@pytest.mark.anyio
async def test_the_conversation_goes_on(running: Running) -> None:
    async with running(ReplayModel(["again"])) as supervisor:
        session = supervisor.session("ada")
        await session.adopt(transcript(user("hello"), agent("hi")))
        reply = await session.ask("and now?")
    assert (reply.number, reply.text) == (4, "again")


@pytest.mark.anyio
async def test_a_message_sent_again_is_answered_with_the_reply_of_the_transcript(running: Running) -> None:
    async with running(Unasked()) as supervisor:
        session = supervisor.session("ada")
        await session.adopt(transcript(user("hello", id="tg-1"), agent("hi")))
        assert (await session.ask("hello", message_id="tg-1")).text == "hi"


@pytest.mark.anyio
async def test_what_was_unanswered_stays_so_when_the_supervisor_runs_again(
    running: Running, store: MemoryStore
) -> None:
    model = Unasked()
    for _ in range(2):
        async with running(model, on=store, grace=5) as supervisor:
            if not await supervisor.list():
                await supervisor.session("ada").adopt(transcript(user("is anybody there?")))
            await anyio.wait_all_tasks_blocked()
    assert model.requests == []


@pytest.mark.anyio
async def test_what_is_larger_than_the_window_is_compacted_at_the_next_message(running: Running) -> None:
    small = Config(max_context_tokens=1000)
    model = Unasked()
    async with running(model, config=small, grace=5) as supervisor:
        session = supervisor.session("ada")
        await session.adopt(LARGE)
        await anyio.wait_all_tasks_blocked()
        info = await session.info()
        assert (info.messages, info.compactions, info.state, info.percent > 500) == (100, 0, "Active", True)
        assert model.requests == []
        assert (await session.ask("and now?")).text == "well"
        after = await session.info()
    assert (after.compactions, after.percent < 100) == (1, True)


@pytest.mark.anyio
async def test_what_is_larger_than_the_window_can_be_compacted_by_hand(running: Running) -> None:
    async with running(config=Config(max_context_tokens=1000)) as supervisor:
        session = supervisor.session("ada")
        await session.adopt(LARGE)
        info = await session.compact()
    assert (info.compactions, info.percent < 85) == (1, True)


@pytest.mark.anyio
async def test_a_file_store_has_it_after_a_restart(running: Running, tmp_path: Any) -> None:
    told = transcript(
        user("a", id="1", archived=True), agent("b", archived=True), user("c"), summary=TranscriptSummary(text="sum")
    )
    async with running(Unasked(), on=FileStore(tmp_path)) as supervisor:
        await supervisor.session("ada").adopt(told)
        before = await supervisor.session("ada").transcript()
    async with running(Unasked(), on=FileStore(tmp_path)) as supervisor:
        assert await supervisor.session("ada").transcript() == before
    assert [each.archived for each in before.messages] == [True, True, False]


class Talkative:
    """A model whose replies are long, and which has the agent say something meanwhile."""

    name = "talkative"
    can_summarise = True

    def __init__(self) -> None:
        self.supervisor: Supervisor | None = None

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        if request.instruction:
            return Reply(f"summary up to {request.messages[-1].number}")
        assert self.supervisor is not None
        number = request.messages[-1].number
        session = self.supervisor.session("ada")
        if number % 3 == 0:
            await session.say(f"meanwhile {number} " + "word " * 10)
        await session.send(f"another {number} " + "word " * 10) if number < 60 else None
        return Reply(f"reply to {number} " + "word " * 10)


@pytest.mark.anyio
@pytest.mark.parametrize("clears", [False, True])
async def test_a_session_that_was_lived_is_the_same_elsewhere(
    running: Running, clock: ManualClock, *, clears: bool
) -> None:
    model = Talkative()
    async with running(model, config=Config(max_context_tokens=500), grace=30) as supervisor:
        model.supervisor = supervisor
        here = supervisor.session("ada")
        await here.send("begin", address=Address("telegram", "1"), sender="Ada")
        async with supervisor.events() as events:
            async for event in events:
                clock.advance(1)
                settled = await here.info()
                if settled.messages >= 60 and not settled.waiting:
                    break
                del event
        if clears:
            await here.clear()
            await here.ask("from the beginning")
        assert (await here.info()).compactions > 1
        written = await here.transcript()
        there = supervisor.session("there")
        await there.adopt(written)
        assert await there.history(full=True) == await here.history(full=True)
        assert await there.history() == await here.history()
        ours, theirs = await here.summary(), await there.summary()
        assert theirs == ours
        assert (await there.info()).tokens == (await here.info()).tokens
