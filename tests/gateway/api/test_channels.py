"""News of accounts on platforms, and of what is owed to channels, as they come."""

from datetime import UTC, datetime
from typing import Any, Final

import anyio
import pytest

from argentos import Address
from argentos.gateway.access.caller import Scope
from argentos.gateway.channels.status import AccountStatus, Statuses
from tests.gateway.api.conftest import Serving
from tests.gateway.api.serving import Served

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 5, 8, tzinfo=UTC)
READ: Final[tuple[Scope, ...]] = ("read",)
NEWS: Final = {"type": "ChannelsChanged", "cursor": ""}


def statuses() -> tuple[Statuses, AccountStatus]:
    found, status = Statuses(), AccountStatus(channel="telegram", account=None, since=NOW)
    found.add(status)
    return found, status


def fail(found: Statuses, status: AccountStatus) -> None:
    status.failed("the token is refused", lambda: NOW, NOW)
    found.tell()


def bound(served: Served) -> dict[str, Any]:
    assert served.gateway.access is not None
    secret = served.gateway.access.tokens.new("bound", READ, owner="ada")
    return {"Authorization": f"Bearer {secret}"}


async def test_who_follows_all_is_told_that_an_account_stands_otherwise(serving: Serving) -> None:
    found, status = statuses()
    async with serving(statuses=found) as served, served.events(records=0) as events:
        await served.get("channels")  # by then the events are followed
        fail(found, status)
        assert await events.next() == NEWS
        (account,) = (await served.get("channels"))["accounts"]
        assert (account["state"], account["trouble"]) == ("failing", "the token is refused")


async def test_who_follows_all_is_told_what_is_owed_and_what_is_not_any_more(serving: Serving) -> None:
    async with serving(outbox=["telegram"]) as served, served.events(records=0) as events:
        turn = await served.supervisor.deliver(Address("telegram", "7"), "Hello!")
        await turn.reply()
        assert await events.next() == NEWS
        (owed,) = (await served.get("outbox"))["messages"]
        await served.post("outbox/drop", {"session": owed["session"], "number": owed["number"]}, 204)
        assert await events.next() == NEWS


async def test_a_bound_token_and_who_follows_one_session_hear_nothing_of_accounts(serving: Serving) -> None:
    found, status = statuses()
    async with serving(statuses=found) as served:
        await served.post("sessions", {"id": "s", "owner": "ada"}, 201)
        async with (
            served.stream("GET", "events", None, **bound(served)) as of_ada,
            served.events(session="s") as of_one,
        ):
            fail(found, status)
            await served.send("PATCH", "sessions/s", {"title": "Next"})
            with anyio.fail_after(10):
                kind, _, _ = await anext(of_ada)
                assert (kind, (await of_one.next())["type"]) == ("RecordAppended", "RecordAppended")
