"""Actions on sessions over HTTP: each does what the method of its name does, and says how the session stands then."""

from typing import Any

import pytest

from argentos import Agent, Config
from tests.gateway.api.conftest import Serving
from tests.gateway.api.models import Parrot, Refusing, Waiting
from tests.gateway.api.serving import Served, of

pytestmark = pytest.mark.anyio

MAREN = of("maren")


async def talk(served: Served, *texts: str) -> None:
    for text in texts:
        await served.post(f"{MAREN}/messages", {"content": text})


async def numbers_seen(served: Served) -> list[int]:
    page = await served.get(f"{MAREN}/messages")
    return [each["number"] for each in page["messages"] if not each.get("archived")]


async def test_a_session_is_changed_and_what_is_left_out_stays(serving: Serving) -> None:
    async with serving() as served:
        await served.post("sessions", {"id": "maren", "title": "Ferries", "owner": "jason"}, 201)
        changes: dict[str, Any] = {"tags": ["a", "b"], "pinned": True, "archived": True, "system": "Be brief."}
        changed = await served.send("PATCH", MAREN, changes)
        assert (changed["title"], changed["owner"]) == ("Ferries", "jason")
        assert {name: changed[name] for name in changes} == changes
        assert (await served.send("PATCH", MAREN, {"title": ""}))["title"] == ""
        await talk(served, "hello")
        assert (await served.send("PATCH", MAREN, {"read": 1}))["unread"] == 1


async def test_a_session_is_deleted_and_is_gone(serving: Serving) -> None:
    async with serving() as served:
        await talk(served, "hello")
        assert await served.send("DELETE", MAREN, status=204) is None
        assert (await served.get(MAREN, 404))["code"] == "session_not_found"
        assert (await served.send("DELETE", MAREN, status=404))["code"] == "session_not_found"


async def test_a_clear_is_seen_in_the_history_and_undone(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await talk(served, "one", "two")
        assert (await served.post(f"{MAREN}/clear"))["tokens"] == 0
        await talk(served, "three")
        page = await served.get(f"{MAREN}/messages")
        assert [(each["number"], each.get("leftAt")) for each in page["messages"]] == [
            *((number, "c1") for number in (1, 2, 3, 4)),
            (5, None),
            (6, None),
        ]
        (boundary,) = page["boundaries"]
        assert (boundary["kind"], boundary["behind"], boundary["taken"]) == ("clear", 4, [[1, 4]])
        assert boundary["canUndo"]
        await served.post(f"{MAREN}/undo", {"checkpoint": "c1"})
        assert await numbers_seen(served) == [1, 2, 3, 4, 5, 6]
        (boundary,) = (await served.get(f"{MAREN}/messages"))["boundaries"]
        assert boundary["isUndone"]
        assert (await served.post(f"{MAREN}/undo", {}, 409))["code"] == "undo_refused"
        assert (await served.post(f"{MAREN}/undo", {"checkpoint": "c9"}, 404))["code"] == "checkpoint_not_found"


async def test_a_compaction_is_previewed_made_and_shown_with_what_it_gained(serving: Serving) -> None:
    text = "A long story of boats and harbours. " * 40
    async with serving(Parrot()) as served:
        await talk(served, *[text] * 4)
        preview = await served.get(f"{MAREN}/compaction-preview", keep=2)
        assert preview["text"].startswith("They talked.")
        await served.post(f"{MAREN}/compact", {"keep": 2})
        (attempt,) = (await served.get(f"{MAREN}/compactions"))["compactions"]
        assert (attempt["status"], attempt["byHand"]) == ("compacted", True)
        page = await served.get(f"{MAREN}/messages")
        (boundary,) = page["boundaries"]
        assert boundary["summary"] == page["summary"]
        assert boundary["summary"]["after"] < boundary["summary"]["before"]
        assert [each["name"] for each in (await served.get(f"{MAREN}/checkpoints"))["checkpoints"]] == ["c1"]
        assert (await served.post(f"{MAREN}/compact", {"keep": 1000}, 409))["code"] == "nothing_to_compact"


async def test_a_session_is_forked_at_a_message_and_goes_on_by_itself(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await talk(served, "one", "two")
        forked = await served.post(f"{MAREN}/fork", {"id": "other", "at": 2}, 201)
        assert (forked["id"], forked["parent"]) == ("other", "maren")
        assert (await served.post(f"{MAREN}/fork", {"id": "other"}, 409))["code"] == "session_exists"
        assert (await served.post(f"{MAREN}/fork", {"at": 99}, 404))["code"] == "message_not_found"
        assert (await served.post(f"{MAREN}/fork", {}, 201))["parent"] == "maren"


async def test_a_session_goes_back_in_front_of_a_message(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await talk(served, "one", "two")
        await served.post(f"{MAREN}/rewind", {"before": 3})
        assert await numbers_seen(served) == [1, 2]
        assert (await served.post(f"{MAREN}/rewind", {"before": 3}, 404))["code"] == "message_not_found"


async def test_a_reply_is_made_once_more(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await talk(served, "one")
        again = await served.post(f"{MAREN}/regenerate")
        assert (again["text"], again["number"]) == ("one", 3)
        async with served.stream("POST", f"{MAREN}/regenerate") as events:
            assert [kind async for kind, _, _ in events][-1] == "reply"
        await served.post(f"{MAREN}/clear")
        assert (await served.post(f"{MAREN}/regenerate", None, 409))["code"] == "nothing_to_regenerate"


async def test_a_turn_that_failed_is_tried_again(serving: Serving) -> None:
    async with serving(Refusing()) as served:
        await served.post(f"{MAREN}/messages", {"content": "hello"}, 502, idempotency_key="m-1")
        info = await served.get(MAREN)
        assert (info["status"], info["failed"], info["reason"]) == ("failed", 1, "no more for today")
        assert (await served.post(f"{MAREN}/retry", {"messageId": "m-1"}, 502))["code"] == "model_refused"
        assert (await served.post(f"{MAREN}/retry", {"messageId": "m-2"}, 409))["code"] == "nothing_to_retry"


async def test_a_stop_ends_the_turn_for_all_who_wait(serving: Serving) -> None:
    async with serving(Waiting()) as served:
        async with served.stream("POST", f"{MAREN}/messages", {"content": "hello there"}) as events:
            told: list[tuple[str, Any]] = []
            async for kind, data, _ in events:
                told.append((kind, data))
                if [each for each, _ in told].count("text-delta") == 2:
                    assert (await served.post(f"{MAREN}/stop"))["waiting"] == 0
        assert told[-1][0] == "error"
        assert told[-1][1]["code"] == "no_reply"


async def test_a_session_that_is_not_parked_is_left_alone(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await talk(served, "one")
        assert (await served.post(f"{MAREN}/unpark"))["status"] == "idle"
        assert (await served.post(f"{of('nobody')}/unpark", None, 404))["code"] == "session_not_found"


async def test_the_way_of_the_machine_is_told(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await talk(served, "one")
        transitions = (await served.get(f"{MAREN}/transitions"))["transitions"]
        assert [(each["kind"], each["source"], each["target"]) for each in transitions] == [
            ("transition", "[*]", "Created"),
            ("transition", "Created", "Active"),
        ]


async def test_the_context_is_reported_with_what_turns_have_cost(serving: Serving) -> None:
    agent = Agent(Parrot(), system="Be brief.", config=Config(compaction_threshold=0.5))
    async with serving(agent) as served:
        await talk(served, "one", "two")
        report = await served.get(f"{MAREN}/context")
        assert (report["threshold"], report["spent"]) == (0.5, 1.0)
        assert sum(report["parts"].values()) == report["tokens"]
        assert [(each["number"], each["latestInput"], each["cacheRead"], each["cost"]) for each in report["turns"]] == [
            (2, 100, 50, 0.5),
            (4, 100, 50, 0.5),
        ]


async def test_a_session_is_exported_as_the_command_line_does(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await talk(served, "one")
        exported = (await served.client.get(f"/api/v1/{MAREN}/export")).content.decode().splitlines()
        assert len(exported) == 4
        assert '"format":"argentos.sessions"' in exported[0]
