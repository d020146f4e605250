"""What a model's reply is worth: whole ones are replies, others carry a mark, and blank ones are none."""

from pathlib import Path

import anyio
import pytest

from argentos import Address, Emit, FileStore, MemoryStore, ReplayModel, Reply, Request
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import ContextOverflowError, ModelError, ModelRefusedError, NoReplyError
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

REASONS = ["max_tokens", "tool_use", "model_context_window_exceeded", "something new"]


class Answering:
    """A model that gives these replies, one for each request, and keeps what it was asked."""

    name = "answering"

    def __init__(self, *replies: Reply) -> None:
        self.requests: list[Request] = []
        self._replies = iter(replies)

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        return next(self._replies)

    @property
    def asked(self) -> list[str]:
        return [message.text for message in self.requests[-1].messages]


# Replies that are not whole --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", REASONS)
async def test_a_reply_that_is_not_whole_carries_the_reason(running: Running, store: MemoryStore, reason: str) -> None:
    address = Address("telegram", "maren")
    async with running(ReplayModel([Reply("The code is", stop_reason=reason)]), outbox=("telegram",)) as supervisor:
        reply = await supervisor.session("maren").ask("What is the code?", address=address)
        assert (reply.text, reply.stop_reason) == ("The code is", reason)
        async with supervisor.outbox("telegram") as outbox:
            assert (await anext(outbox)).message == reply
    async with running(on=store) as supervisor:
        assert (await supervisor.session("maren").history())[-1] == reply
        assert (await supervisor.session("maren").history(full=True))[-1].stop_reason == reason


async def test_a_whole_reply_carries_no_reason(running: Running) -> None:
    async with running(ReplayModel(["The code is 42."])) as supervisor:
        assert (await supervisor.session("maren").ask("What is the code?")).stop_reason is None


async def test_the_reason_of_a_reply_that_is_not_whole_survives_files_and_transcripts(
    running: Running, tmp_path: Path
) -> None:
    model = ReplayModel([Reply("The code is", stop_reason="max_tokens")])
    async with running(model, on=FileStore(tmp_path)) as supervisor:
        await supervisor.session("maren").ask("What is the code?")
    async with running(on=FileStore(tmp_path)) as supervisor:
        transcript = await supervisor.session("maren").transcript()
        await supervisor.session("copy").adopt(transcript)
        for name in ("maren", "copy"):
            assert (await supervisor.session(name).history())[-1].stop_reason == "max_tokens"


@pytest.mark.parametrize(
    ("reason", "error", "said"),
    [
        ("refusal", ModelRefusedError, "refused to answer"),
        ("max_tokens", ModelError, r"cut off before it had any text \(max_tokens\)"),
        ("model_context_window_exceeded", ContextOverflowError, "no room for a reply"),
    ],
)
async def test_a_model_that_was_kept_from_saying_anything_has_failed(
    running: Running, reason: str, error: type[ModelError], said: str
) -> None:
    async with running(ReplayModel([Reply(" \n", stop_reason=reason), "Now I can."])) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(error, match=said):
            await session.ask("What is the code?")
        assert (await session.ask("And now?")).text == "Now I can."


# Replies that say nothing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", ["", " ", "\n\n", "\t \u2003\u00a0"])
async def test_a_reply_of_white_space_is_no_reply_and_never_sent_to_the_model(running: Running, blank: str) -> None:
    model = Answering(Reply(blank), Reply("Yes."))
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(NoReplyError) as raised, anyio.fail_after(5):
            await session.ask("Are you there?")
        assert raised.value.outcome == "no_reply"
        assert [message.text for message in await session.history()] == ["Are you there?"]
        assert (await session.ask("Hello?")).text == "Yes."
    assert model.asked == ["Are you there?", "Hello?"]


async def test_white_space_in_an_adopted_transcript_is_kept_and_never_sent_to_the_model(running: Running) -> None:
    told = [("user", "Hi"), ("assistant", " \n"), ("user", "\n"), ("assistant", "Hello.")]
    messages = tuple(TranscriptMessage(role="user" if who == "user" else "assistant", text=text) for who, text in told)
    model = Answering(Reply("Yes."))
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.adopt(Transcript(session="maren", messages=messages))
        await session.ask("Are you there?")
        assert [message.text for message in await session.history()][:4] == [text for _, text in told]
    assert model.asked == ["Hi", "Hello.", "Are you there?"]
