"""Eight days of radio in windows of three sizes, with calls of tools among them: what each compaction leaves."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from argentos import (
    Accepted,
    Agent,
    CallEnded,
    Config,
    Emit,
    MemoryStore,
    Message,
    RecordAppended,
    Replied,
    Reply,
    Request,
    Responded,
    Summarised,
    Supervisor,
    ToolUse,
    tool,
)

pytestmark = [pytest.mark.data, pytest.mark.anyio]

RECORDING = Path(os.environ.get("ARGENT_DATA", Path(__file__).parents[4] / "shared" / "data")) / "apollo-11.jsonl"
THRESHOLD = 0.85
EVERY = 40  # messages one is answered with a look at the antenna


class Houston:
    """Looks at the antenna whenever it is asked; sums up in a sentence what it is shown, or does not."""

    name = "houston"

    def __init__(self, *, can_summarise: bool) -> None:
        self.can_summarise = can_summarise
        self.calls = self.summaries = 0

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        last = request.messages[-1]
        characters = sum(len(each.text) for each in request.messages)
        assert characters / 5 < request.window  # no text has fewer tokens
        if request.instruction:
            self.summaries += 1
            return Reply(f"Course of things: “{last.text[:80]}” was said last, in part {self.summaries}.")
        if last.blocks:
            return Reply("Roger.")
        self.calls += 1
        return Reply([ToolUse(id=f"c-{self.calls}", name="antenna", input={})], stop_reason="tool_use")


@tool
async def antenna() -> str:
    """Look at the antenna."""
    return "signal 97 dB"


def is_call(message: Message) -> bool:
    return any(block["type"] == "tool_use" for block in message.blocks)


def is_result(message: Message) -> bool:
    return any(block["type"] == "tool_result" for block in message.blocks)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("can_summarise", [False, True], ids=["quotes", "model"])
@pytest.mark.parametrize("window", [4000, 20_000, 180_000])
async def test_each_compaction_leaves_less_than_the_threshold_and_the_latest_as_they_were(
    window: int, *, can_summarise: bool
) -> None:
    summaries: list[Summarised] = []
    context: list[int] = []
    cuts: list[tuple[int, int]] = []
    houston = Houston(can_summarise=can_summarise)
    lines: list[dict[str, Any]] = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
    agent, config = Agent(houston, tools=[antenna]), Config(max_context_tokens=window)
    async with Supervisor(MemoryStore(), agent, config=config) as supervisor, supervisor.events() as events:
        session = supervisor.session("apollo-11")
        for number, line in enumerate(lines):
            if line["role"] == "user" and number % EVERY == 0:
                await session.ask(line["text"], sender=line["sender"])
            else:
                await session.append(line["text"], role=line["role"], sender=line["sender"])
            for event in events.pending():
                record = event.record if isinstance(event, RecordAppended) else None
                if isinstance(record, Accepted | Replied | Responded | CallEnded) and record.number:
                    context.append(record.number)
                elif isinstance(record, Summarised):
                    summaries.append(record)
                    assert record.after < THRESHOLD * window
                    assert record.after < record.before
                    cuts.append((context[record.replaced - 1], context[record.replaced]))
                    context = context[record.replaced :]
        everything, left = await session.history(full=True), await session.history()
        summary, info = await session.summary(), await session.info()
        (kind,) = {each.method for each in await session.compactions()}
    by_number = {each.number: each for each in everything}
    of_turns = {each.number for each in everything if each.blocks or each.reply_to}
    assert houston.calls > 50
    assert [each.text for each in everything if each.number not in of_turns] == [line["text"] for line in lines]
    assert len(everything) == len(by_number) == len(lines) + 3 * houston.calls
    assert len(summaries) >= {4000: 30, 20_000: 5, 180_000: 1}[window]
    assert not any(is_call(by_number[before]) or is_result(by_number[behind]) for before, behind in cuts)
    assert left == tuple(by_number[number] for number in context) == everything[len(everything) - len(left) :]
    assert summary is not None
    assert summary.last + len(left) == len(everything)
    assert info.percent < 100 * THRESHOLD
    assert kind == ("model" if can_summarise else "extractive")
