import math
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from argentos.llm import ANY_MODEL, ContextParts, Gauge
from argentos.storage import Calibration, Snapshot

GAUGE: Final = Gauge(window=1000, threshold=0.8, keep_recent=200, system_tokens=10, model="claude", first_ratio=1.0)
"""Ratio 1: until a model reports, its tokens are the local ones, and the system prompt has 10."""

EXCHANGE: Final = ("user 100", "turn", "reply 60", "end")
REPORTED: Final = ("user 100", "turn", "reply 60 input=220 output=130", "end")
"""The model counts twice the 110 tokens of the request: as far as that tells, its ratio is 2 × 1.1."""


# The estimate --------------------------------------------------------------------------------------------------


def test_before_any_report_everything_counts_by_what_the_model_claims_of_itself(tell: Callable[..., Snapshot]) -> None:
    gauge = structs.replace(GAUGE, first_ratio=1.5)
    assert gauge.estimate(tell(*EXCHANGE, "user 21").metadata) == math.ceil((100 + 60 + 21 + 10) * 1.5)


def test_after_a_report_only_what_came_since_is_estimated(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell(*REPORTED)
    assert GAUGE.estimate(snapshot.metadata) == 220 + 130
    assert GAUGE.estimate(tell("user 50", "agent 50", after=snapshot).metadata) == 220 + 130 + math.ceil(100 * 2.2)


def test_what_the_agent_said_while_the_model_answered_is_not_in_its_report(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell("user 100", "turn", "agent 50", "reply 60 input=110 output=60", "end")
    assert GAUGE.estimate(snapshot.metadata) >= 110 + 60 + 50


def test_what_was_learnt_from_another_model_is_not_used(tell: Callable[..., Snapshot]) -> None:
    gauge = structs.replace(GAUGE, model="another", first_ratio=1.5)
    assert gauge.ratio(tell(*REPORTED).metadata) == 1.5
    assert gauge.estimate(tell(*REPORTED).metadata) == (100 + 60 + 10) * 1.5


def test_the_first_report_of_another_model_takes_the_place_of_all_before(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell(*REPORTED, "user 100", "turn", "reply 60 input=270 output=60 model=another", "end")
    gauge = structs.replace(GAUGE, model="another")
    assert gauge.ratio(snapshot.metadata) == pytest.approx(1.1)
    assert gauge.estimate(snapshot.metadata) == 270 + 60
    assert GAUGE.ratio(snapshot.metadata) == GAUGE.first_ratio


GROWN: Final = (*REPORTED, "user 100", "turn", "reply 60 input=380 output=60", "end")
"""The next request has 160 local tokens more and the report has 160 more: the ratio is 1 × 1.1, the rest overhead."""


def test_what_reports_differ_in_is_the_ratio_and_the_rest_is_overhead(tell: Callable[..., Snapshot]) -> None:
    metadata = tell(*GROWN).metadata
    assert GAUGE.ratio(metadata) == pytest.approx(1.1)
    # 110, if the first request was of the same language as what came since; else up to 10 more
    assert GAUGE.overhead(metadata) == 120
    assert GAUGE.estimate(tell(*GROWN, "clear").metadata) == pytest.approx(120 + 10 * 1.1, abs=1)


def test_a_first_report_that_no_language_explains_is_mostly_overhead(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell("user 6", "turn", "reply 4 input=300 output=4", "end")
    assert GAUGE.ratio(snapshot.metadata) == GAUGE.first_ratio
    assert GAUGE.estimate(tell("user 50", after=snapshot).metadata) == 304 + 50
    after = tell("clear", "user 50", after=snapshot).metadata
    assert (300 - 16) + 50 + 10 <= GAUGE.estimate(after) <= 304 + 50
    assert not GAUGE.is_backed(after)


WILD: Final = st.integers(1, 10**12)


@settings(max_examples=100)
@given(st.lists(st.tuples(WILD, WILD, st.integers(1, 50)), min_size=1, max_size=8))
@example([(10**12, 10**12, 1), (1, 1, 50), (10**12, 1, 50)])
def test_no_report_however_wild_makes_a_short_context_full(
    tell: Callable[..., Snapshot], reports: list[tuple[int, int, int]]
) -> None:
    snapshot = tell()
    for reported, output, size in reports:
        snapshot = tell(
            "clear", f"user {size}", "turn", f"reply 1 input={reported} output={output}", "end", after=snapshot
        )
        assert 0.3 <= GAUGE.ratio(snapshot.metadata) <= 4
        assert 0 <= GAUGE.overhead(snapshot.metadata) <= 400
        assert not GAUGE.is_full(snapshot.metadata)
        assert not GAUGE.is_full(tell("clear", "user 50", after=snapshot).metadata)


@pytest.mark.parametrize("ratio", [1e300, -5.0, 0.0001])
def test_what_was_stored_is_bounded_when_it_is_read(tell: Callable[..., Snapshot], ratio: float) -> None:
    known = Calibration("claude", ratio, 10**15, 1, 10**15, 10)
    metadata = structs.replace(tell("user 50").metadata, calibration=known)
    assert 0.3 <= GAUGE.ratio(metadata) <= 4
    assert not GAUGE.is_full(metadata)


def test_a_gauge_of_no_model_measures_by_what_any_has_reported(tell: Callable[..., Snapshot]) -> None:
    gauge = structs.replace(GAUGE, model=ANY_MODEL)
    metadata = tell(*REPORTED).metadata
    assert gauge.estimate(metadata) == GAUGE.estimate(metadata) == 220 + 130


def test_a_reply_without_a_report_leaves_the_last_one_in_force(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell(*REPORTED, *EXCHANGE)
    assert GAUGE.estimate(snapshot.metadata) == 220 + 130 + 160 * 2.2


def test_after_a_compaction_what_is_left_of_the_report_is_a_guess_and_never_too_low(
    tell: Callable[..., Snapshot],
) -> None:
    before = tell(*GROWN).metadata
    snapshot = tell(*GROWN, "summary 20 replaced=3")
    assert GAUGE.is_backed(before)
    assert not GAUGE.is_backed(snapshot.metadata)
    assert GAUGE.ratio(snapshot.metadata) == GAUGE.ratio(before)
    true = 110 + 10 + 20 + 60  # the overhead, the system prompt, the summary, and the message that is left
    assert true <= GAUGE.estimate(snapshot.metadata) <= true * 1.2 < GAUGE.estimate(before)


def test_after_a_clear_only_the_system_prompt_and_the_overhead_count(tell: Callable[..., Snapshot]) -> None:
    assert 110 + 10 <= GAUGE.estimate(tell(*GROWN, "clear").metadata) <= 110 + 10 + 15


def test_the_next_text_counts_as_if_it_were_in_the_worst_of_languages(tell: Callable[..., Snapshot]) -> None:
    gauge = structs.replace(GAUGE, first_ratio=1.8, least_ratio=1.6)
    snapshot = tell(*GROWN)
    assert gauge.estimate(snapshot.metadata) == 380 + 60
    assert gauge.ratio(snapshot.metadata) == 1.8 * 0.99**2
    assert gauge.estimate(tell("user 50", after=snapshot).metadata) == 380 + 60 + math.ceil(
        50 * gauge.ratio(snapshot.metadata)
    )


def test_a_report_that_has_summed_up_requests_is_not_believed_until_the_next_bears_it_out(
    tell: Callable[..., Snapshot],
) -> None:
    summed = tell(*GROWN, "user 20", "turn", "reply 30 input=4000 output=300", "end")
    assert GAUGE.estimate(summed.metadata) == 380 + 60 + math.ceil(50 * 1.1)
    truth = tell("user 20", "turn", "reply 30 input=520 output=30", "end", after=summed)
    assert GAUGE.estimate(truth.metadata) == 520 + 30
    borne_out = tell("user 20", "turn", "reply 30 input=4080 output=30", "end", after=summed)
    assert GAUGE.estimate(borne_out.metadata) >= 800 or GAUGE.is_backed(borne_out.metadata)


@pytest.mark.parametrize("count", [0, 1, 20])
def test_a_report_that_leaves_something_out_is_none(tell: Callable[..., Snapshot], count: int) -> None:
    snapshot = tell(*GROWN, "user 20", "turn", f"reply 30 input={count} output=30", "end")
    assert GAUGE.estimate(snapshot.metadata) == 380 + 60 + math.ceil(50 * 1.1)


# The parts of it -----------------------------------------------------------------------------------------------


def test_the_parts_say_what_the_estimate_is_made_of(tell: Callable[..., Snapshot]) -> None:
    gauge = structs.replace(GAUGE, tool_tokens=30)
    metadata = tell("user 100", "turn", "reply 60", "end", "summary 20 replaced=1", "user 7").metadata
    assert gauge.parts(metadata) == ContextParts(system=10, tools=30, overhead=0, summary=20, recent=60, new=7)


def test_what_came_since_the_last_report_is_new(tell: Callable[..., Snapshot]) -> None:
    parts = GAUGE.parts(tell(*GROWN, "user 50").metadata)
    assert (parts.overhead, parts.new) == (120, math.ceil(50 * 1.1))
    assert parts.recent == pytest.approx(320 * 320 / 330, abs=1)


@settings(max_examples=50)
@given(st.data())
def test_the_parts_are_never_negative_and_together_the_estimate(
    tell: Callable[..., Snapshot], data: st.DataObject
) -> None:
    metadata = tell(*data.draw(conversations())).metadata
    parts = GAUGE.parts(metadata)
    assert min(structs.astuple(parts)) >= 0
    assert sum(structs.astuple(parts)) == GAUGE.estimate(metadata)


def test_messages_left_unanswered_by_a_stop_still_count(tell: Callable[..., Snapshot]) -> None:
    assert GAUGE.estimate(tell("user 100", "turn", "user 50", "stop").metadata) == 100 + 50 + 10


@pytest.mark.parametrize(("tokens", "is_full"), [(789, False), (790, True), (791, True)])
def test_the_window_is_full_from_its_threshold_on(tell: Callable[..., Snapshot], tokens: int, *, is_full: bool) -> None:
    assert GAUGE.is_full(tell(f"user {tokens}").metadata) == is_full


def test_the_threshold_and_the_shares_are_parts_of_the_window() -> None:
    gauge = structs.replace(GAUGE, window=180_000, threshold=0.85)
    assert (gauge.full_at, gauge.largest_message, gauge.summary_budget) == (153_000, 72_000, 18_000)


@pytest.mark.parametrize(("kept", "budget"), [(0, 36_000), (50_000, 26_500), (60_000, 18_000), (150_000, 18_000)])
def test_quotes_have_twice_the_room_of_a_summary_while_half_of_the_window_stays_free(kept: int, budget: int) -> None:
    assert structs.replace(GAUGE, window=180_000, threshold=0.85).quotes_budget(kept) == budget


# What a compaction replaces ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moments", "replaced"),
    [
        pytest.param(["agent 100"] * 8, 6, id="what is recent is kept within the budget"),
        pytest.param(["agent 100"] * 5 + ["agent 201"], 5, id="the last message is kept though it is larger"),
        pytest.param(["agent 100"] * 5 + ["agent 400"], 5, id="the last message is kept as long as it may be"),
        pytest.param(["agent 100"] * 5 + ["agent 401"], 6, id="a last message that would not fit is replaced too"),
        pytest.param([], 0, id="there is nothing"),
        pytest.param(["agent 300"], 0, id="there is one message"),
        pytest.param(["agent 49", "agent 200"], 0, id="what would be replaced is hardly longer than a summary"),
        pytest.param(["agent 50", "agent 200"], 1, id="what would be replaced is longer than a summary"),
        pytest.param(["agent 10"] * 3 + ["summary 50 replaced=3", "agent 9", "agent 200"], 1, id="with a summary"),
    ],
)
def test_older_messages_are_those_before_the_recent_ones(
    tell: Callable[..., Snapshot], moments: list[str], replaced: int
) -> None:
    assert GAUGE.older(tell(*moments), by_hand=False) == replaced


def test_recent_messages_never_take_more_than_a_quarter_of_the_window(tell: Callable[..., Snapshot]) -> None:
    gauge = structs.replace(GAUGE, keep_recent=20_000)
    assert gauge.older(tell(*["agent 50"] * 10), by_hand=False) == 5


def test_by_hand_a_quarter_of_the_context_is_kept(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell(*["agent 45"] * 4)
    assert GAUGE.older(snapshot, by_hand=False) == 0
    assert GAUGE.older(snapshot, by_hand=True) == 3


def test_messages_that_are_being_answered_are_kept(tell: Callable[..., Snapshot]) -> None:
    snapshot = tell(*["agent 100"] * 4, "user 300", "user 300", "turn")
    assert GAUGE.older(snapshot, by_hand=False) == 2


def test_older_messages_are_measured_in_the_models_tokens(tell: Callable[..., Snapshot]) -> None:
    gauge = structs.replace(GAUGE, first_ratio=2.0)
    assert gauge.older(tell(*["agent 100"] * 4), by_hand=False) == 3


SIZES: Final = st.integers(1, 400)


@st.composite
def conversations(draw: st.DrawFn) -> list[str]:
    """The agent may speak at any time; the last turn may be open, and messages wait behind it."""
    moments: list[str] = []
    for user, reply, aside, reported in draw(
        st.lists(st.tuples(SIZES, SIZES, st.none() | SIZES, st.integers(0, 500)), max_size=8)
    ):
        report = f" input={reported} output={reply}" if reported else ""
        moments += [f"user {user}", "turn", *_asides(aside), f"reply {reply}{report}", "end"]
        moments += draw(st.sampled_from([[], ["agent 30"], ["summary 20 replaced=1"]]))
    if draw(st.booleans()):
        moments += [f"user {draw(SIZES)}", "turn", *_asides(*draw(st.lists(SIZES, max_size=3)))]
    return moments + [f"user {size}" for size in draw(st.lists(SIZES, max_size=2))]


def _asides(*sizes: int | None) -> list[str]:
    return [f"agent {size}" for size in sizes if size]


@settings(max_examples=50)
@given(moments=conversations(), by_hand=st.booleans())
@example(moments=["agent 100", "user 60", "turn", "agent 150", "agent 150"], by_hand=False)
@example(moments=["agent 100", "user 60", "turn", "agent 401"], by_hand=False)
def test_a_compaction_never_takes_a_message_that_is_being_answered(
    tell: Callable[..., Snapshot], moments: list[str], *, by_hand: bool
) -> None:
    snapshot = tell(*moments)
    turn = snapshot.metadata.turn
    replaced = snapshot.context.messages[: GAUGE.older(snapshot, by_hand=by_hand)]
    assert {message.number for message in replaced}.isdisjoint(turn.messages if turn else ())


@settings(max_examples=50)
@given(moments=conversations(), by_hand=st.booleans())
@example(moments=["user 1", "turn", "agent 50", "agent 151"], by_hand=False)
def test_a_compaction_replaces_enough_to_gain_something_or_nothing_at_all(
    tell: Callable[..., Snapshot], moments: list[str], *, by_hand: bool
) -> None:
    metadata, context = snapshot = tell(*moments)
    older = GAUGE.older(snapshot, by_hand=by_hand)
    assert 0 <= older <= len(context.messages)
    freed = sum(message.tokens for message in context.messages[:older])
    assert older == 0 or freed + metadata.summary_tokens >= 50


@settings(max_examples=50)
@given(st.lists(SIZES, max_size=12))
def test_as_many_recent_messages_are_kept_as_the_budget_holds_and_always_the_last(
    tell: Callable[..., Snapshot], sizes: list[int]
) -> None:
    older = GAUGE.older(tell(*_asides(*sizes)), by_hand=False)
    if older:
        kept = sizes[older:]
        assert len(kept) == 1 or sum(kept) <= 200
        assert sum(kept) + sizes[older - 1] > 200


@settings(max_examples=50)
@given(conversations())
def test_by_hand_at_least_as_much_is_replaced(tell: Callable[..., Snapshot], moments: list[str]) -> None:
    snapshot = tell(*moments)
    assert GAUGE.older(snapshot, by_hand=True) >= GAUGE.older(snapshot, by_hand=False)


@settings(max_examples=50)
@given(st.lists(SIZES, min_size=3, max_size=12))
def test_a_full_window_always_has_older_messages(tell: Callable[..., Snapshot], sizes: list[int]) -> None:
    snapshot = tell(*_asides(*sizes))
    assert GAUGE.older(snapshot, by_hand=False) > 0 or not GAUGE.is_full(snapshot.metadata)


@pytest.mark.parametrize(
    ("moments", "replaced"),
    [
        pytest.param([*["agent 100"] * 8, "user 10", "turn"], 6, id="first what is older than the recent ones"),
        pytest.param([*["agent 45"] * 4, "user 10", "turn"], 3, id="then all but a quarter"),
        pytest.param(["agent 20", "agent 25", "user 10", "turn"], 2, id="then all that came before"),
        pytest.param(["user 10", "turn", "agent 50"], 0, id="and never what is being answered"),
    ],
)
def test_a_model_that_can_take_no_more_has_more_and_more_replaced(
    tell: Callable[..., Snapshot], moments: list[str], replaced: int
) -> None:
    assert GAUGE.replaceable(tell(*moments)) == replaced


# What fits into a request --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("window", "count"), [(1200, 3), (910, 3), (909, 2), (710, 2), (709, 1), (100, 1)])
def test_as_many_waiting_messages_are_taken_up_as_fit_but_never_none(
    tell: Callable[..., Snapshot], window: int, count: int
) -> None:
    metadata, context = tell(*EXCHANGE, "user 240", "user 300", "user 200")
    assert structs.replace(GAUGE, window=window).fitting(context.waiting, metadata) == count


@pytest.mark.parametrize(("window", "fits"), [(410, True), (409, False)])
def test_a_context_fits_with_the_first_message_that_waits(
    tell: Callable[..., Snapshot], window: int, *, fits: bool
) -> None:
    metadata, context = tell(*EXCHANGE, "user 240", "user 300", "user 200")
    assert structs.replace(GAUGE, window=window).fits(metadata, context.waiting[0]) == fits


@pytest.mark.parametrize(("window", "fits"), [(170, True), (169, False)])
def test_a_context_fits_by_itself_if_nothing_waits(tell: Callable[..., Snapshot], window: int, *, fits: bool) -> None:
    assert structs.replace(GAUGE, window=window).fits(tell(*EXCHANGE).metadata, None) == fits


@settings(max_examples=50)
@given(conversations(), st.lists(SIZES, min_size=1, max_size=5))
def test_what_fits_together_is_no_more_than_the_window(
    tell: Callable[..., Snapshot], moments: list[str], sizes: list[int]
) -> None:
    before = tell(*moments, "stop")
    metadata, context = tell(*[f"user {size}" for size in sizes], after=before)
    count = GAUGE.fitting(context.waiting, metadata)
    together = GAUGE.estimate(tell(*[f"user {size}" for size in sizes[:count]], after=before).metadata)
    left_out = len(sizes) - count
    assert count == 1 or together <= GAUGE.window + left_out  # each of them was rounded up


@settings(max_examples=50)
@given(conversations(), st.lists(SIZES, min_size=1, max_size=5))
def test_the_first_of_the_waiting_messages_fits_if_more_of_them_do(
    tell: Callable[..., Snapshot], moments: list[str], sizes: list[int]
) -> None:
    metadata, context = tell(*moments, "stop", *[f"user {size}" for size in sizes])
    count = GAUGE.fitting(context.waiting, metadata)
    assert count == 1 or GAUGE.fits(metadata, context.waiting[0])
