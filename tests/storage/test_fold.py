from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from argentos.storage import (
    MESSAGE_TOKENS,
    Calibration,
    Checkpoint,
    Context,
    Message,
    Outcome,
    Replied,
    Snapshot,
    Summary,
    Taken,
    Transitioned,
    Usage,
    fold,
)
from argentos.storage.fold import Folded, fold_metadata
from argentos.storage.folding.moves import without
from argentos.storage.open_context import OpenContext, fold_context
from argentos.storage.snapshot import REMEMBERED_IDS, Metadata
from argentos.storage.testing.script import stories
from argentos.storage.testing.story import BEGIN, KEY, Story


def test_the_first_record_makes_the_session() -> None:
    metadata = Story().metadata
    assert metadata.key == KEY
    assert (metadata.state, metadata.label, metadata.messages, metadata.tokens) == ("Created", "First message", 0, 0)
    assert metadata.created_at == metadata.since == metadata.last_activity > BEGIN


def test_nothing_folds_to_no_session() -> None:
    with pytest.raises(ValueError, match="neither metadata nor records"):
        fold(KEY, None, [])


@given(stories(), st.data())
def test_folding_in_parts_equals_folding_all_at_once(story: Story, data: st.DataObject) -> None:
    snapshot: Snapshot | None = None
    archived: tuple[Message, ...] = ()
    left: tuple[Transitioned, ...] = ()
    places: tuple[Checkpoint, ...] = ()
    begin = 0
    while begin < len(story.records):
        end = begin + data.draw(st.integers(1, 5))
        snapshot, more, edges, made = fold(KEY, snapshot, story.records[begin:end])
        archived = (*without(archived, snapshot.context.messages), *more)
        left += edges
        places += made
        begin = end
    assert Folded(story.snapshot, archived, left, places) == fold(KEY, None, story.records)


@given(stories(), st.data())
def test_halves_of_different_age_catch_up_to_the_same_snapshot(story: Story, data: st.DataObject) -> None:
    one, other = (data.draw(st.integers(1, len(story.records))) for _ in range(2))
    metadata = fold_metadata(KEY, None, story.records[:one])
    context, archived, _ = fold_context(Context(), story.records[:other])
    assert fold_metadata(KEY, metadata, story.records[one:]) == story.metadata
    caught_up, more, _ = fold_context(context, story.records[other:])
    assert caught_up == story.context
    assert [message.number for message in (*without(archived, caught_up.messages), *more)] == story.archived


@given(stories())
def test_metadata_counts_what_the_context_holds(story: Story) -> None:
    metadata, context = story.snapshot
    summary = context.summary.tokens if context.summary else 0
    assert metadata.summary_tokens == summary >= 0
    said = sum(message.tokens for message in context.messages)
    assert metadata.tokens == summary + said + sum(result.tokens for result in context.results)
    assert metadata.waiting_tokens == sum(message.tokens for message in context.waiting)
    assert metadata.waiting == tuple(message.number for message in context.waiting)


@given(stories())
def test_every_message_ever_accepted_is_in_one_place(story: Story) -> None:
    snapshot, archived, *_ = fold(KEY, None, story.records)
    everywhere = (*archived, *snapshot.context.messages, *snapshot.context.waiting)
    assert sorted(message.number for message in everywhere) == list(range(1, story.metadata.messages + 1))


@given(stories())
def test_a_snapshot_stands_at_its_last_record(story: Story) -> None:
    last = story.records[-1]
    assert (story.metadata.sequence, story.metadata.epoch) == (last.sequence, last.epoch)


@given(stories())
def test_an_unsettled_session_has_a_message_to_answer(story: Story) -> None:
    answering = story.metadata.turn.messages if story.metadata.turn else ()
    assert story.metadata.is_settled == (not (*answering, *story.metadata.waiting))


def test_a_user_waits_for_a_turn_while_the_agent_speaks_at_once() -> None:
    story = Story().say("a").say("b", "assistant")
    assert story.metadata.waiting == (1,)
    assert [message.number for message in story.context.messages] == [2]
    assert not story.metadata.is_settled


def test_a_turn_takes_up_as_many_messages_as_it_names() -> None:
    story = Story().say("a").say("b").say("c").start(2)
    assert [message.text for message in story.context.messages] == ["a", "b"]
    assert story.metadata.waiting == (3,)
    assert story.metadata.turn
    assert story.metadata.turn.messages == (1, 2)


def test_a_second_attempt_takes_up_nothing_more() -> None:
    story = Story().say("a").start()
    tokens = story.metadata.tokens
    story.say("b").start()
    assert story.metadata.turn
    assert (story.metadata.turn.turn, story.metadata.turn.attempt) == (1, 2)
    assert (story.metadata.tokens, story.metadata.waiting, story.metadata.turns) == (tokens, (2,), 1)


def test_a_reply_remembers_what_it_answers() -> None:
    reply = Story().say("a").start().reply("b").context.messages[-1]
    assert (reply.role, reply.text, reply.reply_to) == ("assistant", "b", ("m-1",))


@pytest.mark.parametrize("outcome", ["replied", "no_reply", "failed"])
def test_what_waits_behind_a_turn_that_ends_goes_on_waiting(outcome: Outcome) -> None:
    story = Story().say("a").start().say("b").end(outcome)
    assert story.metadata.turn is None
    assert story.metadata.waiting == (2,)


@pytest.mark.parametrize("outcome", ["stopped", "cleared"])
def test_a_stop_leaves_nothing_waiting_and_loses_no_message(outcome: Outcome) -> None:
    story = Story().say("a").start().say("b").end(outcome)
    assert story.metadata.is_settled
    assert [message.text for message in story.context.messages] == ["a", "b"]


def test_a_summary_takes_the_place_of_the_oldest_messages() -> None:
    story = Story().converse("a", "b").summarise(3)
    assert isinstance(story.context.summary, Summary)
    assert (story.context.summary.first, story.context.summary.last) == (1, 3)
    assert [message.number for message in story.context.messages] == [4]
    assert story.context.archived_ids == ("m-1", "m-3")  # nobody sends a reply again
    assert (story.metadata.compactions, story.metadata.boundary) == (1, story.metadata.sequence)


def test_a_summary_takes_the_place_of_the_one_before() -> None:
    story = Story().converse("a", "b").summarise(2, "one").summarise(1, "two")
    assert story.context.summary
    assert story.context.summary.text == "two"
    assert story.metadata.summary_tokens == story.context.summary.tokens
    assert story.metadata.compactions == 2


def test_what_waits_is_not_summarised() -> None:
    story = Story().converse("a").say("b").summarise(2)
    assert story.context.messages == ()
    assert story.metadata.waiting == (3,)


def test_a_clear_empties_the_context_and_archives_its_messages() -> None:
    story = Story().converse("a", "b").summarise(1).clear()
    assert (story.context.summary, story.context.messages, story.metadata.tokens) == (None, (), 0)
    assert story.archived == [1, 2, 3, 4]
    assert story.metadata.messages == 4
    assert story.metadata.boundary == story.metadata.sequence


def test_a_kept_context_stays_as_it_is() -> None:
    story = Story().converse("a")
    before = story.context
    story.keep()
    assert story.context == before
    assert (story.metadata.boundary, story.metadata.kept_at) == (story.metadata.sequence, 2)


def test_a_transition_is_counted_for_its_edge() -> None:
    story = Story().move("Created", "Active").move("Active", "Idle").move("Idle", "Active").move("Active", "Idle")
    last = story.records[-1]
    assert (story.metadata.state, story.metadata.since) == ("Idle", last.at)
    assert story.metadata.state_sequence == last.sequence
    assert story.metadata.edges["Active --> Idle: label"] == Taken(2, last.at)


def test_sessions_share_the_names_of_their_edges_also_once_they_were_revived() -> None:
    one, other = Story().move("Created", "Active"), Story().move("Created", "Active")
    revived = msgspec.json.decode(msgspec.json.encode(other.metadata), type=Metadata)
    moved = fold_metadata(KEY, revived, [Story().move("Created", "Active").move("Active", "Idle").records[-1]])
    assert all(edge is same for edge, same in zip(one.metadata.edges, moved.edges, strict=False))
    assert list(moved.edges)[: len(one.metadata.edges)] == list(one.metadata.edges)


def test_the_ids_of_the_latest_archived_messages_are_remembered() -> None:
    story = Story()
    for _ in range(REMEMBERED_IDS + 5):
        story.say("a", "assistant")
    ids = tuple(story.clear().context.archived_ids)
    assert (len(ids), ids[0], ids[-1]) == (REMEMBERED_IDS, "m-6", f"m-{REMEMBERED_IDS + 5}")


class _Seen(NamedTuple):
    calibration: Calibration | None
    requested: int


def _after(story: Story, usage: Usage | None) -> _Seen:
    requested = (turn := story.say("a").start().metadata.turn) and turn.request_tokens
    return _Seen(story.reply("b", usage).end().metadata.calibration, requested or 0)


def _grow(story: Story, tokens: int, reported: int) -> Calibration:
    """The context grows by so many tokens, and the next report by so much, each counted without the last reply."""
    before = story.metadata
    known = before.calibration
    assert known
    story.say("x" * (tokens + known.base_local - before.tokens - MESSAGE_TOKENS)).start()
    assert story.metadata.turn
    assert story.metadata.turn.request_tokens == known.base_local + tokens
    learnt = story.reply("b", Usage("model", known.base_reported + reported, 7)).end().metadata.calibration
    assert learnt
    return learnt


def test_the_first_report_of_a_model_is_what_others_are_compared_with() -> None:
    seen = _after(Story(), Usage("model", input=50, output=7))
    requested = seen.requested
    assert seen.calibration == Calibration(
        "model",
        0.0,
        50,
        requested,
        reported=57,
        at=requested + len("b") + MESSAGE_TOKENS,
        reports=1,
        last_reported=50,
        last_local=requested,
    )


def test_what_a_report_has_more_than_the_first_tells_the_ratio_with_a_margin() -> None:
    story = Story()
    _after(story, Usage("model", 2000, 7))
    learnt = _grow(story, 200, 300)
    assert (learnt.ratio, learnt.least) == pytest.approx((1.5 * 1.1, 1.5 / 1.1))
    learnt = _grow(story, 400, 800)
    assert learnt.ratio == pytest.approx(2.5 * 1.1)  # of the 200 that came since, which cost 500
    assert learnt.least == pytest.approx(1.5 / 1.1)


def test_a_growth_too_small_to_tell_teaches_no_ratio() -> None:
    story = Story()
    _after(story, Usage("model", 2000, 7))
    assert _grow(story, 99, 300).ratio == 0


def test_no_ratio_is_learnt_that_no_language_has() -> None:
    story = Story()
    _after(story, Usage("model", 2000, 7))
    _grow(story, 200, 580)
    assert _grow(story, 400, 1400).ratio == 4.0


def test_a_report_far_above_the_last_is_believed_once_the_next_one_bears_it_out() -> None:
    story = Story()
    _after(story, Usage("model", 2000, 7))
    doubted = _grow(story, 200, 20_000)
    assert (doubted.reports, doubted.last_reported, doubted.doubted) == (1, 2000, 22_000)
    believed = _grow(story, 400, 20_250)
    assert (believed.reports, believed.last_reported, believed.doubted) == (2, 22_250, 0)


def test_a_report_of_several_requests_as_one_is_forgotten_with_the_next() -> None:
    story = Story()
    _after(story, Usage("model", 2000, 7))
    _grow(story, 200, 6000)
    learnt = _grow(story, 400, 500)
    assert (learnt.reports, learnt.last_reported, learnt.doubted) == (2, 2500, 0)


def test_a_model_that_adds_less_than_before_is_compared_anew() -> None:
    story = Story()
    _after(story, Usage("model", 2000, 7))
    assert story.say("x" * 300).start().metadata.turn
    learnt = story.reply("b", Usage("model", 1000, 7)).end().metadata.calibration
    assert learnt
    assert (learnt.base_reported, learnt.ratio) == (1000, 0)


@pytest.mark.parametrize("count", [0, -5, 1, 10**400])
def test_what_is_no_count_is_no_report(count: int) -> None:
    story = Story()
    known = _after(story, Usage("model", 50, 7)).calibration
    assert _after(story, Usage("model", count, 7)).calibration == known


def test_a_report_without_the_replys_tokens_has_them_counted_locally() -> None:
    seen = _after(Story(), Usage("model", 50, 0))
    assert seen.calibration
    assert seen.calibration.reported == 50 + len("b") + MESSAGE_TOKENS


def test_the_report_stands_beside_the_local_count_of_the_same_context() -> None:
    story = Story()
    seen = _after(story, Usage("model", 50, 7))
    assert seen.calibration
    assert seen.calibration.at == story.metadata.tokens


def test_the_ratio_forgets_its_highest_slowly() -> None:
    story = Story()
    _after(story, Usage("model", 2000, 7))
    high = _grow(story, 200, 600)
    assert _grow(story, 400, 400).ratio == pytest.approx(high.ratio * 0.95)


def test_what_was_learnt_from_another_model_is_dropped() -> None:
    story = Story()
    _after(story, Usage("model", 5000, 7))
    _grow(story, 200, 600)
    seen = _after(story, Usage("other", 50, 7))
    assert seen.calibration
    assert (seen.calibration.model, seen.calibration.ratio) == ("other", 0)
    assert (seen.calibration.base_reported, seen.calibration.base_local) == (50, seen.requested)


def test_a_reply_without_usage_teaches_nothing() -> None:
    story = Story()
    known = _after(story, Usage("model", 50, 7)).calibration
    assert _after(story, None).calibration == known


@pytest.mark.parametrize("replace", ["clear", "summary"])
def test_a_replaced_context_keeps_what_was_learnt_and_makes_a_guess_of_the_report(replace: str) -> None:
    story = Story()
    _after(story, Usage("model", 50, 7))
    known = _grow(story, 200, 300)
    gone = story.metadata.tokens if replace == "clear" else story.context.messages[0].tokens
    story = story.clear() if replace == "clear" else story.summarise(1)
    left = known.reported - int(gone * known.least)
    assert story.metadata.calibration == structs.replace(known, reported=left, at=known.at - gone, is_guess=True)


def test_a_reply_outside_of_a_turn_teaches_nothing() -> None:
    story = Story().reply("a", Usage("model", 50, 7))
    assert isinstance(story.records[-1], Replied)
    assert story.metadata.calibration is None


def test_what_is_owed_stands_by_channel_in_order_until_it_is_delivered() -> None:
    story = Story().converse("a").owe().say("b", "assistant").owe("discord").converse("c").owe()
    assert story.metadata.undelivered == {"telegram": (2, 5), "discord": (3,)}
    assert story.deliver(2).metadata.undelivered == {"telegram": (5,), "discord": (3,)}
    assert story.deliver(2).deliver(99).metadata.undelivered == {"telegram": (5,), "discord": (3,)}
    assert story.clear().deliver(5).deliver(3).metadata.undelivered == {}


def test_delivering_changes_nothing_else() -> None:
    story = Story().converse("a").owe()
    before = story.snapshot
    metadata, context = story.deliver(2).snapshot
    assert context == before.context
    assert metadata == structs.replace(before.metadata, sequence=metadata.sequence, undelivered={})


def test_copies_of_a_context_that_go_apart_have_messages_of_their_own() -> None:
    one, other = Story().say("one", "assistant"), Story().say("other", "assistant").say("more", "assistant")
    begun = OpenContext(Context())
    for story in (one, other, one):
        copy = begun.copy()
        for record in story.records:
            copy.apply(record)
        assert copy.context == story.context
    assert begun.context == Context()
