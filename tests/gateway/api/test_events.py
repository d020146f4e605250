"""Events over server-sent events and WebSocket: they go on where a client left off."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from argentos import Config, MemoryStore, Record, SessionError, SessionKey, StoreDamagedError
from argentos.storage import Snapshot
from tests.gateway.api.conftest import Serving
from tests.gateway.api.models import Parrot, Waiting
from tests.gateway.api.serving import Events, of

pytestmark = pytest.mark.anyio


async def until(events: Events, kind: str) -> list[dict[str, Any]]:
    """What is told, up to a record of this kind."""
    told: list[dict[str, Any]] = []
    while not told or told[-1].get("record", {}).get("kind") != kind:
        told.append(await events.next())
    return told


async def test_what_happens_is_told_over_a_web_socket(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        async with served.events() as socket:
            await served.post(f"{of('maren')}/messages", {"content": "hello"})
            told = await until(socket, "turn_ended")
        kinds = [each["record"]["kind"] for each in told]
        assert kinds == ["transition", "accepted", "transition", "turn_started", "replied", "turn_ended"]
        assert {(each["type"], each["agent"], each["session"]) for each in told} == {
            ("RecordAppended", "main", "maren")
        }
        assert told[1]["record"]["content"] == "hello"


async def test_a_client_goes_on_behind_the_cursor_that_it_has(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        async with served.events() as socket:
            await served.post(f"{of('maren')}/messages", {"content": "hello"})
            cursor = (await until(socket, "accepted"))[-1]["cursor"]
        async with served.events(after=cursor) as socket:
            assert (await until(socket, "turn_ended"))[0]["record"]["kind"] == "transition"
        async with served.stream("GET", "events", last_event_id=cursor) as events:
            kind, data, event_id = await anext(events)
            assert (kind, data["record"]["kind"], data["cursor"]) == ("RecordAppended", "transition", event_id)


async def test_after_a_restart_the_cursor_has_expired_and_all_sessions_are_told(serving: Serving) -> None:
    store = MemoryStore()
    async with serving(Parrot(), store=store) as served, served.events() as socket:
        await served.post(f"{of('maren')}/messages", {"content": "hello"})
        cursor = (await until(socket, "turn_ended"))[-1]["cursor"]
    async with serving(Parrot(), store=store) as served, served.events(after=cursor) as socket:
        told = await socket.next()
        assert told["type"] == "CursorExpired"
        assert ([each["id"] for each in told["sessions"]], told["isLast"]) == (["maren"], True)


async def test_the_pieces_of_one_session_are_told_on_request(serving: Serving) -> None:
    model = Waiting()
    async with serving(model) as served, served.events(session="maren", deltas=1) as socket:
        for session in ("ada", "maren"):
            await served.post(f"{of(session)}/messages", {"content": "hello there"}, 202, prefer="respond-async")
        told: list[dict[str, Any]] = []
        while [each["piece"]["text"] for each in told if each["type"] == "Piece"] != ["hello ", "there "]:
            told.append(await socket.next())
        model.go_on.set()
        told += await until(socket, "turn_ended")
        assert {each["session"] for each in told} == {"maren"}


class Torn(MemoryStore):
    """A store that can write nothing of a session from some time on, and then not read it either."""

    torn = ""

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if key.id == self.torn:
            raise RuntimeError("a bug")
        return await super().append(key, epoch, expected_sequence, records)

    async def load(self, key: SessionKey) -> Snapshot | None:
        if key.id == self.torn:
            raise StoreDamagedError("it is torn")
        return await super().load(key)


async def test_a_session_that_cannot_be_read_ends_nobodys_events(serving: Serving) -> None:
    store = Torn()
    async with serving(Parrot(), store=store, config=Config(restart_intensity=0)) as served:
        await served.post(f"{of('maren')}/messages", {"content": "hello"})
        async with served.events(infos=1) as socket:
            store.torn = "maren"
            with pytest.raises(SessionError):
                await served.supervisor.session("maren").update(title="Boats")
            assert (await socket.next())["type"] == "SessionParked"
            await served.post(f"{of('ada')}/messages", {"content": "hello"})
            while (told := await socket.next())["type"] != "SessionChanged":
                pass
            assert told["session"] == "ada"


async def test_what_cannot_be_told_is_refused_before_it_begins(serving: Serving) -> None:
    async with serving() as served:
        assert (await served.get("events", 400, deltas=1))["code"] == "input_invalid"
        with pytest.raises(InvalidStatus) as refused:
            async with served.events(deltas=1):
                pass
        assert refused.value.response.status_code == 400
        assert json.loads(refused.value.response.body or b"")["code"] == "input_invalid"


async def test_streams_end_when_the_gateway_does(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        async with served.events() as socket, served.stream("GET", "events") as events:
            await served.gateway.drain()
            assert [kind async for kind, _, _ in events] == ["SupervisorDraining"]
            assert (await socket.next())["type"] == "SupervisorDraining"
        assert (await served.get("events", 503))["code"] == "supervisor_stopped"


async def test_how_sessions_stand_is_told_instead_of_records(serving: Serving) -> None:
    async with serving(Parrot()) as served, served.events(infos=1, records=0) as socket:
        await served.post(f"{of('maren')}/messages", {"content": "hello"})
        told: dict[str, Any] = {}
        while told.get("info", {}).get("status") != "idle":
            told = await socket.next()
            assert told["type"] == "SessionChanged"
        assert (told["session"], told["info"]["messages"]) == ("maren", 2)
        async with served.events(after=told["cursor"]) as later:
            await served.supervisor.session("ada").create()
            of_maren = 0  # records that became durable while it was told how the session stands
            while (told := await later.next())["session"] == "maren":
                of_maren += 1
            assert (told["session"], of_maren < 5) == ("ada", True)


async def test_a_client_may_do_without_the_snapshot(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await served.post("sessions", {"id": "maren"}, 201)
        async with served.events(after="", snapshot=0) as socket:
            told = await socket.next()
        assert (told["type"], told["sessions"], told["isLast"]) == ("CursorExpired", [], True)


async def test_a_long_snapshot_comes_in_parts(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        for number in range(250):
            await served.supervisor.session(f"s-{number}").create()
        async with served.events(after="") as socket:
            parts = [(await socket.next()) for _ in range(3)]
        assert [(len(part["sessions"]), part["isLast"]) for part in parts] == [(100, False), (100, False), (50, True)]
