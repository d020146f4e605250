"""Calls of tools in records: what the fold makes of a turn that goes on."""

from argentos.storage import CallResult, Message, ToolResult, Usage
from argentos.storage.testing.story import Story


def calls(story: Story) -> list[tuple[str, str]]:
    turn = story.metadata.turn
    return [(each.name, each.state) for each in turn.calls] if turn else []


def test_results_become_one_message_in_the_order_of_the_calls() -> None:
    story = Story().ask("weather?").call("here", "there")
    assert calls(story) == [("here", "ready"), ("there", "ready")]
    story.result("rain", at=1)
    assert calls(story) == [("here", "ready")]
    assert story.context.results == (CallResult("c-2-1", "rain", 4),)
    story.result("sun", is_error=True)
    assert calls(story) == []
    assert not story.context.results
    last = story.context.messages[-1]
    assert (last.number, last.role, last.turn) == (3, "user", 1)
    assert last.content == (
        ToolResult(tool_use_id="c-2-0", content="sun", is_error=True),
        ToolResult(tool_use_id="c-2-1", content="rain"),
    )


def test_tokens_count_what_is_in_the_context_at_each_step() -> None:
    story = Story().ask().call("one", "two").result().result().call().reply("done", Usage("m", 90, 3))
    total = sum(each.tokens for each in story.context.messages)
    assert story.metadata.tokens == total
    report = story.metadata.calibration
    assert report is not None
    assert report.base_local == total - story.context.messages[-1].tokens  # the last request
    assert report.at == total


def test_a_pause_is_a_step_without_calls() -> None:
    story = Story().ask().call()
    turn = story.metadata.turn
    assert turn is not None
    assert (turn.steps, turn.pauses, turn.made, turn.calls) == (1, 1, 0, ())


def test_another_attempt_keeps_the_calls() -> None:
    story = Story().ask().call("one", "two").result().start()
    turn = story.metadata.turn
    assert turn is not None
    assert (turn.attempt, turn.steps, turn.made, [each.name for each in turn.calls]) == (2, 1, 2, ["two"])


def test_a_refused_turn_is_marked_whole_and_counts_no_tokens() -> None:
    story = Story().ask("before").reply("yes").ask("something bad").call("one").result()
    tokens = sum(each.tokens for each in story.context.messages[2:])
    story.refuse(tokens)
    marked = [(each.number, each.is_refused, each.tokens > 0) for each in story.context.messages]
    assert marked == [(1, False, True), (2, False, True), (3, True, False), (4, True, False), (5, True, False)]
    assert story.metadata.tokens == sum(each.tokens for each in story.context.messages)
    assert story.metadata.is_settled


def test_a_session_that_waits_for_a_person_rests() -> None:
    story = Story().ask().call("one").approve(is_asked=True)
    assert calls(story) == [("one", "asked")]
    assert story.metadata.is_resting
    assert not story.metadata.is_settled
    story.approve(is_asked=False)
    assert calls(story) == [("one", "ready")]
    assert not story.metadata.is_resting
    assert [(each.id, each.outcome) for each in story.metadata.decided] == [("c-2-0", "approved")]


def test_ids_of_steps_are_no_ids_from_outside() -> None:
    step = Story().ask().call("one").context.messages[-1]
    assert isinstance(step, Message)
    assert not step.is_from_outside


def test_what_requests_show_no_more_counts_no_more_and_the_content_stays() -> None:
    story = Story().ask("read").call("one").result("x" * 500).call("two").result("y" * 500)
    before = story.context.messages
    story.shorten(100, 3).shorten(0, 2, 3)
    after = story.context.messages
    assert [each.blocks for each in after] == [each.blocks for each in before]
    assert [(each.cut, each.is_omitted) for each in after] == [
        (0, False),
        (0, True),
        (100, True),
        (0, False),
        (0, False),
    ]
    assert (
        story.metadata.tokens
        == sum(each.tokens for each in after)
        == sum(each.tokens for each in before[::3] + after[4:])
    )
    turn = story.metadata.turn
    assert turn is not None
    assert turn.request_tokens == turn.context_tokens == story.metadata.tokens


def test_the_report_of_a_request_that_showed_more_is_a_guess() -> None:
    story = Story().ask("read").call("one", usage=Usage("m", 90, 3)).result("x" * 500)
    story.call("two", usage=Usage("m", 600, 3)).result()
    story.shorten(100, 3)
    known = story.metadata.calibration
    assert known is not None
    assert known.is_guess
    assert (known.base_reported, known.last_reported) == (90, 600)
    assert known.reported < 603 - 200
