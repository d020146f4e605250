"""Guards of docs/promises.md: what stands in the code, what is left without it, and the test that has to notice."""

from collections.abc import Sequence
from typing import Final

from tests.lifecycle.planted import Bug

__all__ = ["GUARDS"]

_COMPACTION: Final = "tests/actors/core/test_compaction.py"
_ESTIMATES: Final = "tests/actors/core/test_estimates.py"
_FULL: Final = "tests/actors/core/test_full_turns.py"

GUARDS: Final[Sequence[tuple[int, Bug, str]]] = (
    (
        1,
        Bug(
            "a summary takes the place of what came meanwhile too",
            "actors/core/decisions/compactions.py",
            "replaced = _replaced(draft.context.messages, compacted.numbers)",
            "replaced = draft.context.messages",
            (),
        ),
        f"{_COMPACTION}::test_messages_that_arrive_during_a_compaction_are_accepted_and_answered_after_it",
    ),
    (
        3,
        Bug(
            "hardly anything recent is kept",
            "llm/gauge.py",
            "keep = min(self.keep_recent, self.window // _KEEP_SHARE)",
            "keep = min(self.keep_recent, self.window // 100)",
            (),
        ),
        "tests/llm/test_gauge.py::test_older_messages_are_those_before_the_recent_ones",
    ),
    (
        5,
        Bug(
            "rounds are left out up to between a call and its result",
            "llm/shortening/planning.py",
            "(self.freed >= enough and not is_between(messages, at))",
            "self.freed >= enough",
            (),
        ),
        f"{_FULL}::test_rounds_of_a_turn_are_left_out_where_their_results_are_not_what_fills_it",
    ),
    (
        7,
        Bug(
            "a turn sends all results whole",
            "actors/core/decisions/turns.py",
            "if draft.turn == RUNNING:",
            "if draft.turn == DUE:",
            (),
        ),
        f"{_FULL}::test_results_that_fill_the_window_are_shown_in_part_and_kept_whole",
    ),
    (
        9,
        Bug(
            "every report is believed",
            "storage/folding/calibration.py",
            "elif _is_doubtful(known, old.turn, reported):",
            "elif reported < 0:",
            (),
        ),
        "tests/llm/test_gauge.py::test_a_report_that_has_summed_up_requests_is_not_believed_until_the_next_bears_it_out",
    ),
    (
        14,
        Bug(
            "a text counts before the first report as if every model were the local counter",
            "llm/gauge.py",
            "SAFE_RATIO: Final = 1.6",
            "SAFE_RATIO: Final = 1.0",
            (),
        ),
        "tests/llm/test_counting.py::test_before_the_first_report_no_text_of_any_language_counts_less_than_it_is",
    ),
    (
        18,
        Bug(
            "messages of all channels are answered together",
            "actors/core/decisions/turns.py",
            "takewhile(lambda message: message.address == waiting[0].address, waiting)",
            "takewhile(lambda message: message.number, waiting)",
            (),
        ),
        "tests/actors/scheduling/test_queues.py::test_each_channel_is_owed_the_reply_to_its_own_messages",
    ),
    (
        19,
        Bug(
            "a message sent again is accepted again",
            "actors/core/decisions/decider.py",
            "        if number is None:\n            self._check_room(draft, command)",
            "        if number is None or number:\n            self._check_room(draft, command)",
            (),
        ),
        "tests/actors/sessions/test_conversation.py::test_the_same_id_sent_later_is_answered_with_the_first_reply",
    ),
    (
        26,
        Bug(
            "a window is full when it is overfull",
            "llm/gauge.py",
            "return math.floor(self.window * self.threshold)",
            "return math.floor(self.window * self.threshold * 1.6)",
            (),
        ),
        f"{_ESTIMATES}::test_the_window_of_a_truthful_model_is_never_overrun",
    ),
    (
        30,
        Bug(
            "a summary is asked for with a system prompt of its own",
            "llm/compaction.py",
            "        system=system,\n",
            '        system="Summarise.",\n',
            (),
        ),
        "tests/llm/test_compaction.py::test_the_request_for_a_summary_begins_as_the_conversation_does",
    ),
)
