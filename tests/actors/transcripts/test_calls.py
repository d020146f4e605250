"""Transcripts with calls of tools: every call has its result in the session that is made of one."""

import pytest

from argentos import RawBlock, ReplayModel, Transcript, TranscriptMessage
from tests.actors.conftest import Running
from tests.actors.core.tools import check_request

pytestmark = pytest.mark.anyio

CALLS: tuple[RawBlock, ...] = (
    {"type": "tool_use", "id": "c1", "name": "add", "input": {}},
    {"type": "tool_use", "id": "c2", "name": "add", "input": {}},
)
RESULT: tuple[RawBlock, ...] = ({"type": "tool_result", "tool_use_id": "c1", "content": "3"},)


async def test_a_call_without_a_result_gets_one_that_says_so(running: Running) -> None:
    transcript = Transcript(
        session="maren",
        messages=(
            TranscriptMessage(role="user", text="1 + 2?"),
            TranscriptMessage(role="assistant", text="", content=CALLS),
        ),
    )
    async with running(ReplayModel(["I do not know."])) as supervisor:
        session = supervisor.session("maren")
        await session.adopt(transcript)
        found = await session.history()
        check_request(found)
        assert [block["is_error"] for block in found[2].blocks] == [True, True]
        assert (await session.ask("And now?")).text == "I do not know."


async def test_one_of_two_results_may_be_missing(running: Running) -> None:
    transcript = Transcript(
        session="maren",
        messages=(
            TranscriptMessage(role="user", text="1 + 2?"),
            TranscriptMessage(role="assistant", text="", content=CALLS),
            TranscriptMessage(role="user", text="", content=RESULT),
            TranscriptMessage(role="assistant", text="3"),
        ),
    )
    asked = ReplayModel(["Well."])
    async with running(asked) as supervisor:
        session = supervisor.session("maren")
        await session.adopt(transcript)
        assert (await session.ask("And now?")).text == "Well."
        results = [
            block["tool_use_id"] for each in await session.history() for block in each.blocks if "tool_use_id" in block
        ]
        assert sorted(results) == ["c1", "c2"]
