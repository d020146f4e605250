from collections.abc import Callable
from functools import partial
from typing import Final

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from argentos.errors import (
    ContextOverflowError,
    ModelRefusedError,
    ModelUnavailableError,
    ReplyInterruptedError,
)
from argentos.llm import (
    Compacted,
    Counting,
    Emit,
    Emitted,
    Gauge,
    Model,
    OfflineModel,
    Reply,
    Request,
    Summariser,
    assemble,
    can_summarise,
    compact,
)
from argentos.storage import SessionKey, Snapshot, Summarised, fold

pytestmark = pytest.mark.anyio

GAUGE: Final = Gauge(window=1000, threshold=0.85, keep_recent=100, system_tokens=10, model="claude", first_ratio=1.0)
SYSTEM: Final = "Be kind."
TALK: Final = (
    "user 150: Let us decide on the port. It must be 8443.",
    "turn",
    "reply 150: Agreed, and the code is ZX-81.",
    "end",
    "user 150: Where does it go?",
    "turn",
    "reply 150: To /srv/data, always.",
    "end",
    "user 100: Thank you!",
    "turn",
    "reply 90: You are welcome.",
    "end",
)


class Scribe:
    """A model that answers with a reply, with an error, or never."""

    name = "claude"
    can_summarise = True

    def __init__(self, answer: Reply | Exception | None) -> None:
        self.requests: list[Request] = []
        self._answer = answer

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        while self._answer is None:
            await anyio.sleep_forever()
        return self._answer


# By the model --------------------------------------------------------------------------------------------------


async def test_the_models_summary_is_taken_when_it_gives_one(tell: Callable[..., Snapshot]) -> None:
    compacted = await _compact(tell(*TALK), Scribe(Reply("  Port 8443, code ZX-81, to /srv/data.\n")))
    assert (compacted.text, compacted.method) == ("Port 8443, code ZX-81, to /srv/data.", "model")
    assert (compacted.tokens, compacted.reason) == (6, "")


async def test_a_summary_says_what_it_replaces(tell: Callable[..., Snapshot]) -> None:
    compacted = await _compact(tell(*TALK), Scribe(Reply("8443 ZX-81 /srv/data")))
    assert (compacted.first, compacted.last, compacted.numbers) == (1, 5, (1, 2, 3, 4, 5))
    assert compacted.before == 700 + 90 + 10
    assert compacted.after == 3 + 90 + 10


async def test_a_later_summary_speaks_for_what_the_earlier_one_spoke_for(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell(*TALK, "summary 20 replaced=5: They met.", *TALK)
    compacted = await _compact(snapshot, Scribe(Reply("They met twice.")))
    assert (compacted.first, compacted.last, compacted.numbers) == (1, 11, (6, 7, 8, 9, 10, 11))


async def test_the_request_for_a_summary_begins_as_the_conversation_does(tell: Callable[..., Snapshot]) -> None:
    model = Scribe(Reply("They met twice."))
    snapshot = tell(*TALK, "summary 20 replaced=2: They met.", "user: And now?", "turn")
    await _compact(snapshot, model)
    conversation = assemble(snapshot, system=SYSTEM, window=GAUGE.window)
    (request,) = model.requests
    assert (request.session, request.system, request.summary, request.window) == (
        conversation.session,
        conversation.system,
        conversation.summary,
        conversation.window,
    )
    assert request.messages == conversation.messages[: len(request.messages)]
    assert len(request.messages) > 1
    assert not conversation.instruction
    assert "Summarise the conversation" in request.instruction


async def test_the_focus_is_part_of_the_instruction(tell: Callable[..., Snapshot]) -> None:
    model = Scribe(Reply("They met."))
    await _compact(tell(*TALK), model, focus="the decisions about ports")
    assert model.requests[0].instruction.endswith("the decisions about ports")


async def test_the_model_may_not_write_more_than_half_of_what_it_replaces(tell: Callable[..., Snapshot]) -> None:
    model = Scribe(Reply("They met."))
    gauge = structs.replace(GAUGE, window=10_000)
    await _compact(tell(*TALK), model, gauge=gauge)
    assert model.requests[0].max_tokens == 700 // 2


# In quotes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (ModelUnavailableError("overloaded", retry_after=0.0), 3),
        (ModelRefusedError("no key"), 1),
        (ContextOverflowError("too long"), 5),
        (ReplyInterruptedError("broke off", is_transient=False), 1),
        (Reply(""), 2),
        (Reply(" \n "), 2),
        (Reply("They decided on", stop_reason="max_tokens"), 2),
        (Reply("I cannot help with that.", stop_reason="refusal"), 2),
        (Reply("too long " * 200), 2),
    ],
    ids=[
        "unavailable",
        "refused",
        "overflow",
        "interrupted",
        "empty",
        "blank",
        "cut off",
        "refusal",
        "too long",
    ],
)
async def test_quotes_are_taken_where_the_model_gives_no_summary(
    tell: Callable[..., Snapshot], answer: Reply | Exception, asked: int
) -> None:
    model = Scribe(answer)
    compacted = await _compact(tell(*TALK), model)
    assert len(model.requests) == asked
    assert compacted.reason
    _are_quotes(compacted)


async def test_a_model_that_cannot_summarise_is_not_asked(tell: Callable[..., Snapshot]) -> None:
    model = Scribe(Reply("They met."))
    model.can_summarise = False
    _are_quotes(await _compact(tell(*TALK), model))
    assert model.requests == []


async def test_quotes_take_the_facts_of_an_earlier_summary_with_them(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell("user 30: Hi", "turn", "reply 30", "end", "summary replaced=2: Ann's number is 4711.", *TALK)
    compacted = await _compact(snapshot, OfflineModel())
    assert "Ann's number is 4711." in compacted.text


async def test_whoever_cancels_a_compaction_is_not_given_quotes_instead(tell: Callable[..., Snapshot]) -> None:
    compacted: list[Compacted] = []

    async def keep() -> None:
        compacted.append(await _compact(tell(*TALK), Scribe(None)))

    async with anyio.create_task_group() as group:
        group.start_soon(keep)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert compacted == []


def _are_quotes(compacted: Compacted) -> None:
    assert compacted.method == "extractive"
    assert compacted.text.startswith("Messages 1–5, in quotes")
    assert "ZX-81" in compacted.text
    assert compacted.after < compacted.before


# What is gained ------------------------------------------------------------------------------------------------


async def test_the_context_is_smaller_afterwards_by_hand_too(tell: Callable[..., Snapshot]) -> None:
    # A long last message is kept, counted by the model before and estimated, with a margin, after.
    snapshot = tell("user 200", "turn", "reply 3600 input=210 output=3600", "end")
    gauge = structs.replace(GAUGE, window=10_000)
    compacted = await _compact(snapshot, Scribe(Reply("They met.")), gauge=gauge, by_hand=True)
    assert compacted.numbers == (1,)
    assert compacted.after < compacted.before


SIZES: Final = st.integers(1, 400)


@given(
    sizes=st.lists(SIZES, min_size=2, max_size=12),
    summary=st.none() | st.integers(1, 100),
    by_hand=st.booleans(),
    is_by_model=st.booleans(),
)
def test_a_compaction_always_gains_and_its_summary_is_what_it_said(
    tell: Callable[..., Snapshot], sizes: list[int], summary: int | None, *, by_hand: bool, is_by_model: bool
) -> None:
    earlier = [f"summary {summary} replaced=1"] if summary else []
    snapshot = tell("agent 100", *earlier, *[f"agent {size}" for size in sizes])
    if GAUGE.older(snapshot, by_hand=by_hand) == 0:
        return
    model = Scribe(Reply("word " * (sum(sizes) // 4))) if is_by_model else OfflineModel()
    compacted = anyio.run(partial(_compact, snapshot, model, by_hand=by_hand))
    assert compacted.after < compacted.before
    after = _take_over(snapshot, compacted)
    assert GAUGE.estimate(after.metadata) == compacted.after
    assert after.metadata.tokens == sum(message.tokens for message in after.context.messages) + compacted.tokens
    assert not GAUGE.is_full(after.metadata)


def _take_over(snapshot: Snapshot, compacted: Compacted) -> Snapshot:
    metadata = snapshot.metadata
    made = structs.asdict(compacted)
    del made["reason"]
    replaced = snapshot.context.messages[: len(made.pop("numbers"))]
    record = Summarised(
        sequence=metadata.sequence + 1,
        epoch=metadata.epoch,
        at=metadata.since,
        replaced=len(replaced),
        freed=sum(message.tokens for message in replaced),
        **made,
    )
    return fold(SessionKey("main", metadata.session), snapshot, [record]).snapshot


async def _read(model: Model, request: Request) -> Reply:
    return await model.reply(request, _ignore)


async def _ignore(piece: Emitted | str, /) -> None:
    pass


async def _compact(
    snapshot: Snapshot,
    model: Model,
    *,
    gauge: Gauge = GAUGE,
    by_hand: bool = False,
    focus: str = "",
) -> Compacted:
    summariser = Summariser(
        ask=partial(_read, model), window=gauge.window, ratio=gauge.ratio(snapshot.metadata), is_talker=True
    )
    return await compact(
        snapshot,
        summariser if can_summarise(model) else None,
        gauge,
        counting=Counting(lambda text: len(text.split()), 10**6),
        system=SYSTEM,
        older=gauge.older(snapshot, by_hand=by_hand),
        focus=focus,
        seconds=60.0,
    )
