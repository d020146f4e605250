"""The sessions as one caller sees them: those of its owner, or all."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

import anyio
import pytest
from anyio.lowlevel import checkpoint

from argentos import Address, Agent, MemoryStore, OfflineModel, RecordAppended, SessionInfo, Supervisor, tool
from argentos.errors import (
    InputError,
    RateLimitedError,
    ScopeError,
    SessionExistsError,
    SessionNotFoundError,
    TooManySessionsError,
)
from argentos.gateway.access.caller import SCOPES, Caller
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.access.view import OwnedSessions, Views
from argentos.storage import ApprovalAsked

pytestmark = pytest.mark.anyio

Asking: TypeAlias = Callable[[OwnedSessions, str], Awaitable[Any]]

ALL = Caller("admin", frozenset(SCOPES))
MAREN = Caller("maren-phone", frozenset(SCOPES), "maren")
ADA = Caller("ada-phone", frozenset(SCOPES), "ada")


@tool(needs_approval=True)
async def launch(boat: str) -> str:
    """Launch a boat."""
    return f"{boat} is afloat"


@pytest.fixture
async def supervisor() -> AsyncGenerator[Supervisor]:
    async with Supervisor(MemoryStore(), Agent(OfflineModel(), tools=[launch]), grace=0.1) as supervisor:
        yield supervisor


def view(supervisor: Supervisor, caller: Caller, **limits: Any) -> OwnedSessions:
    return Views(supervisor, Limits(**limits)).of(caller)


async def boat_of_maren(supervisor: Supervisor) -> SessionInfo:
    info = await view(supervisor, MAREN).create(title="The boat")
    await supervisor.session(info.id).ask("Hello?")
    return info


async def test_a_bound_caller_makes_sessions_of_its_owner_under_ids_that_are_made_up(supervisor: Supervisor) -> None:
    info = await view(supervisor, MAREN).create(title="The boat", owner="maren")
    assert (info.owner, info.title, len(info.id)) == ("maren", "The boat", 32)


ASKED: dict[str, Asking] = {
    "session": lambda sessions, name: sessions.session(name),
    "send": lambda sessions, name: sessions.send(name, "Hello?"),
    "update": lambda sessions, name: sessions.update(name, title="mine"),
    "fork": lambda sessions, name: sessions.fork(name),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_a_session_of_somebody_else_is_one_that_does_not_exist(supervisor: Supervisor, asked: str) -> None:
    name = (await boat_of_maren(supervisor)).id
    sentences: list[str] = []
    for each in (name, "0" * 32):
        with pytest.raises(SessionNotFoundError) as raised:
            await ASKED[asked](view(supervisor, ADA), each)
        sentences.append(str(raised.value).replace(each, "ID"))
    assert sentences[0] == sentences[1]
    await ASKED[asked](view(supervisor, MAREN), name)
    assert len(await supervisor.list()) <= 2


async def test_a_bound_caller_sees_no_session_of_nobody_and_makes_none_by_sending(supervisor: Supervisor) -> None:
    await supervisor.session("of-nobody").create()
    for name in ("of-nobody", "new"):
        with pytest.raises(SessionNotFoundError):
            await view(supervisor, MAREN).send(name, "Hello?")
    assert [each.id for each in await supervisor.list()] == ["of-nobody"]


@pytest.mark.parametrize("pauses", range(6))
async def test_a_session_that_is_deleted_while_its_owner_sends_is_not_made_again_as_nobodys(
    supervisor: Supervisor, pauses: int
) -> None:
    name = (await view(supervisor, MAREN).create()).id

    async def delete() -> None:
        for _ in range(pauses):
            await checkpoint()
        await supervisor.session(name).delete()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(delete)
        with suppress(SessionNotFoundError):
            await view(supervisor, MAREN).send(name, "Hello? " * 5000)  # whose tokens take some time to be counted
    assert await supervisor.list() == []


CHOSEN: dict[str, Asking] = {
    "an id": lambda sessions, _: sessions.create("chosen"),
    "the id of a fork": lambda sessions, name: sessions.fork(name, "chosen"),
    "another owner of a new session": lambda sessions, _: sessions.create(owner="ada"),
    "another owner": lambda sessions, name: sessions.update(name, owner="ada"),
    "no owner": lambda sessions, name: sessions.update(name, owner=""),
    "an address": lambda sessions, name: sessions.send(name, "Hello?", address=Address("telegram", "1")),
    "a sender": lambda sessions, name: sessions.send(name, "Hello?", sender="Ada"),
    "what is owed": lambda sessions, _: sessions.owed(),
}


@pytest.mark.parametrize("chosen", CHOSEN)
async def test_a_bound_caller_does_not_choose_what_concerns_others(supervisor: Supervisor, chosen: str) -> None:
    name = (await boat_of_maren(supervisor)).id
    with pytest.raises(ScopeError, match="'maren-phone' is bound to an owner"):
        await CHOSEN[chosen](view(supervisor, MAREN), name)
    assert [(each.id, each.owner) for each in await supervisor.list()] == [(name, "maren")]


async def test_a_caller_that_is_not_bound_chooses_and_sees_all(supervisor: Supervisor) -> None:
    sessions = view(supervisor, ALL)
    await sessions.create("boat", owner="maren")
    await sessions.update("boat", owner="ada")
    await sessions.fork("boat", "other")
    with pytest.raises(SessionExistsError):
        await sessions.create("boat")
    turn = await sessions.send("new", "Hello?", address=Address("telegram", "1"), sender="Ada")
    assert (await turn.reply()).address == Address("telegram", "1")
    problems: list[str] = []
    assert {each.id for each in await sessions.list(on_problem=problems.append)} == {"boat", "other", "new"}
    assert [each.id for each in await sessions.list(owner="ada", prefix="b", on_problem=problems.append)] == ["boat"]
    assert await sessions.owed() == ()
    assert problems == []


async def test_a_list_is_of_the_owners_sessions_whatever_is_asked_for(supervisor: Supervisor) -> None:
    boat = await boat_of_maren(supervisor)
    await view(supervisor, ADA).create(title="Mine")
    problems: list[str] = []
    hers = view(supervisor, MAREN)
    assert [each.id for each in await hers.list(on_problem=problems.append)] == [boat.id]
    assert await hers.list(owner="ada", on_problem=problems.append) == []
    assert [each.id for each in await hers.list(owner="maren", on_problem=problems.append)] == [boat.id]


async def test_calls_that_wait_for_a_word_are_those_of_the_owners_sessions(supervisor: Supervisor) -> None:
    boat, other = await boat_of_maren(supervisor), await view(supervisor, ADA).create()
    async with supervisor.events() as events:
        for each in (boat, other):
            await supervisor.session(each.id).send("launch Husum")
        waiting = 0
        with anyio.fail_after(5):
            while waiting < 2:
                event = await events.get()
                waiting += isinstance(event, RecordAppended) and isinstance(event.record, ApprovalAsked)
    assert [each.session for each in await view(supervisor, MAREN).approvals()] == [boat.id]
    assert [each.session for each in await view(supervisor, ADA).approvals()] == [other.id]


async def test_events_are_those_of_the_owners_sessions(supervisor: Supervisor) -> None:
    async with view(supervisor, MAREN).events() as hers, view(supervisor, ALL).events() as all_of_them:
        boat = await boat_of_maren(supervisor)
        other = await view(supervisor, ADA).create()
        heard = {each.session.id for each in hers.pending() if isinstance(each, RecordAppended)}
        assert heard == {boat.id}
        heard = {each.session.id for each in all_of_them.pending() if isinstance(each, RecordAppended)}
        assert heard == {boat.id, other.id}
    async with view(supervisor, MAREN).events(session=other.id) as events:
        await supervisor.session(other.id).ask("Hello?")
        assert [*events.pending()] == []


async def test_a_caller_decides_under_the_name_of_its_owner_or_of_its_token(supervisor: Supervisor) -> None:
    assert (view(supervisor, MAREN).by, view(supervisor, ALL).by) == ("maren", "admin")


@pytest.mark.parametrize("name", ["", "x" * 600, "\ud800", "a\0b"])
async def test_an_id_that_cannot_be_is_refused(supervisor: Supervisor, name: str) -> None:
    for caller in (ALL, MAREN):
        with pytest.raises(InputError):
            await view(supervisor, caller).session(name)


# How many ------------------------------------------------------------------------------------------------------


async def test_a_caller_makes_no_more_sessions_in_a_time_than_it_may(supervisor: Supervisor) -> None:
    views = Views(supervisor, Limits(new_sessions_per_second=0.001, new_sessions_burst=3))
    await views.of(ALL).create("1")
    await views.of(ALL).send("2", "Hello?")
    await views.of(ALL).fork("1", "3")
    for each in (
        lambda: views.of(ALL).create("4"),
        lambda: views.of(ALL).send("4", "Hello?"),
        lambda: views.of(ALL).fork("1", "4"),
    ):
        with pytest.raises(RateLimitedError, match="new sessions of token 'admin'"):
            await each()
    await views.of(ALL).send("1", "Hello?")  # which is not new
    await views.of(MAREN).create()  # and another caller


async def test_thousands_of_new_ids_make_no_more_sessions_than_one(supervisor: Supervisor) -> None:
    views = Views(supervisor, Limits(new_sessions_per_second=0.001, new_sessions_burst=1))
    await views.of(ALL).send("0", "Hello?")
    refused = 0
    for number in range(1, 5001):
        try:
            await views.of(ALL).send(str(number), "Hello?")
        except RateLimitedError:
            refused += 1
    assert refused == 5000
    assert [each.id for each in await supervisor.list()] == ["0"]
    assert supervisor.live <= 1


async def test_there_are_no_more_sessions_than_there_may_be_until_some_are_deleted(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.gateway.access.limits.sessions._COUNTED", 0.0)
    await supervisor.session("made otherwise").create()
    views = Views(supervisor, Limits(sessions=3))
    await views.of(ALL).create("2")
    await views.of(MAREN).create()
    with pytest.raises(TooManySessionsError, match="no more than 3"):
        await views.of(ALL).create("4")
    await supervisor.session("2").delete()
    await views.of(ALL).create("4")
