"""The provider's own compaction: a block that is kept as it is, and goes back to it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from argentos import Agent, AnthropicModel, Config, MemoryStore, Supervisor
from tests.llm.wire import MODEL, Recorded, serving, whole

pytestmark = pytest.mark.anyio

BLOCK = {"type": "compaction", "content": "Decisions: berth 12.", "signature": "c2lnbmVk"}
AT = datetime(2026, 5, 8, tzinfo=UTC)


def compacted(block: dict[str, Any]) -> Recorded:
    """The answer to a request to compact."""
    usage = {"input_tokens": 900, "output_tokens": 20, "iterations": None}
    message = {"id": "msg_2", "type": "message", "role": "assistant", "model": MODEL, "content": [block]}
    body = json.dumps({**message, "stop_reason": "compaction", "stop_sequence": None, "usage": usage}).encode()
    return Recorded(body, headers={"content-type": "application/json"})


REFUSED = Recorded(
    b'{"type":"error","error":{"type":"invalid_request_error","message":"compaction: Extra inputs"}}', 400
)


def model(url: str, *, compaction: bool = True) -> AnthropicModel:
    return AnthropicModel(MODEL, api_key="k", base_url=url, compaction=compaction)


async def lead(url: str, *, compaction: bool = True) -> tuple[Any, Any]:
    """Compact a conversation, and go on with it."""
    agent = Agent(model(url, compaction=compaction), system="Sail.")
    async with Supervisor(MemoryStore(), agent, config=Config(retry_attempts=0)) as supervisor:
        session = supervisor.session("maren")
        for number in range(4):
            await session.say(f"{number}: " + "We waited for the tide. " * 40)
        info = await session.compact("the berth")
        summary = await session.summary()
        await session.ask("Where do we go?")
        return info.compaction, summary


async def test_the_providers_block_is_kept_and_sent_back_first_as_it_came() -> None:
    with serving(compacted(BLOCK), whole("To berth 12.")) as (url, received):
        attempt, summary = await lead(url)
        asked, after = received
    assert (attempt.method, summary.method, summary.text) == ("provider", "provider", "Decisions: berth 12.")
    assert summary.block == BLOCK
    assert asked["compaction"]["type"] == "summarize"
    assert asked["compaction"]["instructions"].endswith("the berth")
    assert "compact-2026-09-04" in asked["headers"]["anthropic-beta"]
    assert asked["system"][0]["text"] == "Sail."
    assert "Summarise" not in json.dumps(asked["messages"])
    first, *others = after["messages"]
    assert first["role"] == "assistant"
    (sent,) = first["content"]
    assert {name: value for name, value in sent.items() if name != "cache_control"} == BLOCK
    assert "berth 12" not in json.dumps(others[:-1])
    assert "compact-2026-09-04" in after["headers"]["anthropic-beta"]


@pytest.mark.parametrize(
    "answer", [compacted({**BLOCK, "content": None}), REFUSED], ids=["it could not", "it does not offer it"]
)
async def test_where_the_provider_gives_none_the_model_is_asked_as_always(answer: Recorded) -> None:
    with serving(answer, whole("Decisions: berth 12."), whole("To berth 12.")) as (url, received):
        attempt, summary = await lead(url)
        _, asked, after = received
    assert (attempt.method, summary.method, summary.block) == ("model", "model", None)
    assert "Summarise" in json.dumps(asked["messages"][-1])
    assert "Decisions: berth 12." in after["messages"][0]["content"][0]["text"]


async def test_it_is_off_by_default() -> None:
    with serving(whole("Decisions: berth 12."), whole("To berth 12.")) as (url, received):
        attempt, _ = await lead(url, compaction=False)
    assert attempt.method == "model"
    assert all("compaction" not in each for each in received)
