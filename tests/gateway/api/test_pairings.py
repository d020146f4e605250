"""Pairings over HTTP: who asks to be let in, the owner's words, who said them and from where."""

from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from argentos import AccountSettings, Address, FileStore, RoutingSettings, SystemClock
from argentos.gateway.access.caller import Scope
from tests.gateway.api.conftest import Serving
from tests.gateway.api.serving import Served

pytestmark = pytest.mark.anyio

ROUTING: Final = RoutingSettings(accounts={("telegram", None): AccountSettings(), ("discord", None): AccountSettings()})


async def asked(served: Served, user: str = "1", channel: str = "telegram") -> str:
    """A code that a stranger has got."""
    now = SystemClock().now()
    code = await served.supervisor.pairing.request(Address(channel, user), sent_at=now, name="Ada")
    assert code is not None
    return code.code


async def paired(served: Served, *senders: str) -> None:
    for each in senders:
        await served.post("pairings/approve", {"whom": each})


def token(served: Served, name: str, scopes: tuple[Scope, ...], owner: str | None = None) -> dict[str, str]:
    assert served.gateway.access is not None
    return {"authorization": f"Bearer {served.gateway.access.tokens.new(name, scopes, owner=owner)}"}


async def test_who_asks_is_shown_and_let_in_by_the_code_and_the_book_says_by_whom_and_from_where(
    serving: Serving,
) -> None:
    async with serving(routing=ROUTING) as served:
        code = await asked(served)
        (waiting,) = (await served.get("pairings"))["pairings"]
        shown = {name: waiting[name] for name in ("sender", "channel", "user", "account", "name", "state", "session")}
        assert shown == {
            "sender": "telegram:1",
            "channel": "telegram",
            "user": "1",
            "account": None,
            "name": "Ada",
            "state": "Requested",
            "session": "telegram:1",
        }
        assert waiting["code"] == code
        assert waiting["expiresAt"] > waiting["since"]
        let_in = await served.post("pairings/approve", {"whom": code.lower()})
        assert (let_in["sender"], let_in["state"], let_in["code"]) == ("telegram:1", "Approved", None)
        (decision,) = (await served.get("pairings"))["decisions"]
        name = (await served.get("whoami"))["name"]
        assert (decision["act"], decision["senders"], decision["by"]) == ("approve", ["telegram:1"], name)
        assert decision["origin"] == "HTTP API, from 127.0.0.1"


async def test_senders_are_linked_and_unlinked_and_the_sessions_that_were_joined_are_named(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        await paired(served, "telegram:1", "discord:11")
        person = await served.post("pairings/link", {"senders": ["telegram:1", "discord:11"], "session": "discord:11"})
        assert person == {"session": "discord:11", "senders": ["telegram:1", "discord:11"], "joined": ["telegram:1"]}
        listed = await served.get("pairings")
        assert listed["people"] == [person]
        assert {each["sender"]: each["session"] for each in listed["pairings"]} == {
            "telegram:1": "discord:11",
            "discord:11": "discord:11",
        }
        alone = await served.post("pairings/unlink", {"sender": "telegram:1"})
        assert (alone["state"], alone["session"]) == ("Unlinked", "telegram:1")
        assert (await served.get("pairings"))["people"] == []


async def test_who_is_refused_is_answered_no_more(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        await paired(served, "telegram:1")
        assert (await served.post("pairings/deny", {"whom": "telegram:1"}))["state"] == "Refused"
        assert not (await served.supervisor.route(Address("telegram", "1"))).is_answered


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("approve", {"whom": "AAAA-AAAA"}, 404, "pairing_not_found"),
        ("approve", {"whom": "jason"}, 400, "input_invalid"),
        ("approve", {"whom": "telegram:2"}, 409, "pairing_refused"),
        ("approve", {}, 400, "input_invalid"),
        ("link", {"senders": ["telegram:2"]}, 400, "input_invalid"),
        ("link", {"senders": ["telegram:2", "discord:3"]}, 409, "pairing_refused"),
        ("link", {"senders": ["telegram:2", "nobody"]}, 400, "input_invalid"),
        ("unlink", {"sender": "telegram:2"}, 409, "pairing_refused"),
    ],
)
async def test_what_cannot_be_done_is_a_problem_document(
    serving: Serving, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    async with serving(routing=ROUTING) as served:
        await paired(served, "telegram:2")
        assert (await served.post(f"pairings/{path}", body, status))["code"] == code


async def test_ten_wrong_codes_and_a_right_one_counts_no_more(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        code = await asked(served)
        for _ in range(10):
            await served.post("pairings/approve", {"whom": "AAAAAAAA"}, 404)
        refused = await served.post("pairings/approve", {"whom": code}, 409)
        assert (refused["code"], refused["retryAfter"] > 3500) == ("pairing_refused", True)
        await served.post("pairings/approve", {"whom": "telegram:1"})


async def test_a_file_that_cannot_be_read_is_a_problem_and_lets_nobody_in(serving: Serving, tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with serving(routing=ROUTING, store=FileStore(state)) as served:
        (state / "pairing.json").write_text("{", encoding="utf-8")
        assert (await served.get("pairings", 503))["code"] == "store_damaged"
        assert (await served.post("pairings/approve", {"whom": "telegram:1"}, 503))["code"] == "store_damaged"


# Who may --------------------------------------------------------------------------------------------------------


async def test_to_approve_is_enough_to_let_in_but_not_to_link(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        await paired(served, "telegram:1", "discord:11")
        headers = token(served, "approves", ("read", "approve"))
        await served.send("GET", "pairings", None, 200, **headers)
        await served.post("pairings/deny", {"whom": "telegram:1"}, 200, **headers)
        for path, body in (("link", {"senders": ["telegram:1", "discord:11"]}), ("unlink", {"sender": "telegram:1"})):
            assert (await served.post(f"pairings/{path}", body, 403, **headers))["code"] == "scope_missing"


async def test_who_may_only_read_sees_no_codes(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        await asked(served)
        headers = token(served, "reads", ("read", "write"))
        assert (await served.send("GET", "pairings", None, 403, **headers))["code"] == "scope_missing"


async def test_a_token_that_is_bound_to_an_owner_sees_and_decides_nothing(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        code = await asked(served)
        headers = token(served, "bound", ("read", "write", "approve", "admin"), owner="telegram:1")
        asking = (
            ("GET", "", None),
            ("POST", "/approve", {"whom": code}),
            ("POST", "/deny", {"whom": "telegram:1"}),
            ("POST", "/link", {"senders": ["telegram:1", "discord:11"]}),
            ("POST", "/unlink", {"sender": "telegram:1"}),
        )
        for method, path, body in asking:
            refused = await served.send(method, f"pairings{path}", body, 403, **headers)
            assert (refused["code"], code in str(refused)) == ("scope_missing", False)
        assert (await served.get("pairings"))["pairings"][0]["state"] == "Requested"


# As it happens ---------------------------------------------------------------------------------------------------


async def test_changes_are_pushed_without_a_word_of_whom_they_are_about(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served, served.events(records=0) as events:
        code = await asked(served)
        told = await events.next()
        assert (told["type"], told["revision"]) == ("PairingsChanged", 1)
        assert set(told) == {"type", "cursor", "revision", "at"}
        await served.post("pairings/approve", {"whom": code})
        assert (await events.next())["revision"] == 2


async def test_a_bound_token_and_who_follows_one_session_hear_of_no_pairing(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        await served.post("sessions", {"id": "s", "owner": "ada"}, 201)
        headers = token(served, "bound", ("read",), owner="ada")
        async with (
            served.stream("GET", "events", None, **headers) as bound,
            served.events(session="s") as one,
        ):
            await asked(served)
            await served.send("PATCH", "sessions/s", {"title": "Next"})
            with anyio.fail_after(10):
                kind, _, _ = await anext(bound)
                assert (kind, (await one.next())["type"]) == ("RecordAppended", "RecordAppended")


# Sessions --------------------------------------------------------------------------------------------------------


async def test_lists_say_who_writes_to_a_session_and_to_which_others_were_joined(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        await paired(served, "telegram:1", "discord:11")
        for channel, user in (("telegram", "1"), ("discord", "11")):
            await (await served.supervisor.deliver(Address(channel, user), "hello")).reply()
        await served.post("sessions", {"id": "elsewhere"}, 201)
        await served.post("pairings/link", {"senders": ["telegram:1", "discord:11"], "session": "discord:11"})
        assert (await served.get("sessions"))["pairings"] == {
            "discord:11": {"senders": ["telegram:1", "discord:11"], "joinedTo": None},
            "telegram:1": {"senders": [], "joinedTo": "discord:11"},
        }
        assert await served.get("sessions/telegram%3A1/pairing") == {"senders": [], "joinedTo": "discord:11"}
        assert await served.get("sessions/elsewhere/pairing") == {"senders": [], "joinedTo": None}
        assert (await served.get("sessions/nobody/pairing", 404))["code"] == "session_not_found"


async def test_a_bound_token_is_not_told_who_else_writes_there(serving: Serving) -> None:
    async with serving(routing=ROUTING) as served:
        await paired(served, "telegram:1", "discord:11")
        await (await served.supervisor.deliver(Address("telegram", "1"), "hello")).reply()
        await served.send("PATCH", "sessions/telegram%3A1", {"owner": "ada"})
        await served.post("pairings/link", {"senders": ["telegram:1", "discord:11"], "session": "secret-of-maren"})
        headers = token(served, "bound", ("read",), owner="ada")
        page = await served.send("GET", "sessions", None, 200, **headers)
        assert ([each["id"] for each in page["sessions"]], page["pairings"]) == (["telegram:1"], {})
        pairing = await served.send("GET", "sessions/telegram%3A1/pairing", None, 200, **headers)
        assert pairing == {"senders": [], "joinedTo": None}
