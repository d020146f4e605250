"""Machines over HTTP: drawn, and as they stand in a session."""

import pytest

from tests.gateway.api.conftest import Serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("name", "state"), [("session", "Compacted"), ("turn", "Approving")])
async def test_a_machine_is_drawn_with_its_states_in_their_places(serving: Serving, name: str, state: str) -> None:
    async with serving() as served:
        drawn = await served.get(f"machines/{name}")
        assert state in [each["name"] for each in drawn["figure"]["states"]]
        known = {each["edge"] for each in drawn["figure"]["edges"]}
        assert {each["edge"] for each in drawn["edges"]} <= known


async def test_edges_say_what_has_to_hold_and_which_timer_takes_them(serving: Serving) -> None:
    async with serving() as served:
        edges = {each["edge"]: each for each in (await served.get("machines/session"))["edges"]}
        quiet = edges["Active --> Idle: No recent activity"]
        assert (quiet["event"], quiet["guards"], quiet["timer"]) == ("no_recent_activity", ["is_quiet"], "idle_after")


async def test_there_is_no_other_machine(serving: Serving) -> None:
    async with serving() as served:
        await served.get("machines/nonsense", 400)


async def test_the_machines_of_a_session_say_what_each_event_would_do(serving: Serving) -> None:
    async with serving() as served:
        await served.supervisor.session("maren").ask("hello")
        session, turn = (await served.get("sessions/maren/lifecycles"))["lifecycles"]
        assert (session["machine"], session["state"], turn["machine"]) == ("session", "Active", "turn")
        full = next(each for each in session["events"] if each["event"] == "context_window_full")
        assert full["refusedBy"] == "compaction_is_due"
        assert full["guards"][0] == {"name": "compaction_is_due", "isMet": False}
