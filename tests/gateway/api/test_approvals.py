"""A person's word over HTTP: asked for, given once, and known to everybody."""

from typing import Any

import anyio
import pytest

from argentos import Agent, OfflineModel
from tests.gateway.api.conftest import Serving
from tests.gateway.api.models import launch
from tests.gateway.api.serving import Served, of

pytestmark = pytest.mark.anyio

BOATS = of("boats")


async def asked(served: Served) -> str:
    """The id of a call that waits."""
    await served.post(f"{BOATS}/messages", {"content": "launch Nixe"}, 202, prefer="respond-async")
    waiting: list[dict[str, Any]] = []
    with anyio.fail_after(10):
        while not waiting:
            waiting = (await served.get(f"{BOATS}/approvals"))["approvals"]
    assert (await served.get("approvals"))["approvals"] == waiting
    assert (waiting[0]["name"], waiting[0]["session"]) == ("launch", "boats")
    return str(waiting[0]["callId"])


async def test_a_call_runs_once_it_is_approved(serving: Serving) -> None:
    async with serving(Agent(OfflineModel(), tools=[launch])) as served:
        call = await asked(served)
        async with served.stream("GET", f"{BOATS}/turn") as events:
            kinds: list[str] = []
            async for kind, _, _ in events:
                kinds.append(kind)
                if kind == "approval-wanted":
                    await served.post(f"{BOATS}/approvals/{call}/approve")
        assert kinds[-2:] == ["text-delta", "reply"]
        assert "tool-answer" in kinds
        assert (await served.get("approvals"))["approvals"] == []
        again = await served.post(f"{BOATS}/approvals/{call}/deny", {}, 409)
        assert again["code"] == "approval_decided"


async def test_a_call_is_denied_with_a_reason_for_the_model(serving: Serving) -> None:
    async with serving(Agent(OfflineModel(), tools=[launch])) as served:
        call = await asked(served)
        await served.post(f"{BOATS}/approvals/{call}/deny", {"reason": "too much wind"})
        turn = await served.supervisor.session("boats").current_turn()
        if turn is not None:
            await turn.reply()
        history = await served.supervisor.session("boats").history()
        assert any("too much wind" in str(each.raw) for each in history)
        assert (await served.post(f"{BOATS}/approvals/none/approve", None, 404))["code"] == "approval_not_found"


async def test_another_persons_word_does_not_count(serving: Serving) -> None:
    async with serving(Agent(OfflineModel(), tools=[launch], approvers=["harbour master"])) as served:
        call = await asked(served)
        refused = await served.post(f"{BOATS}/approvals/{call}/approve", None, 403)
        assert refused["code"] == "not_an_approver"
