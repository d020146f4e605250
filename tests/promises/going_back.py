"""Guards of going back, of text commands and of resets, and the tests that have to notice that they are gone."""

from collections.abc import Sequence
from typing import Final

from tests.lifecycle.planted import Bug

__all__ = ["GOING_BACK"]

_COMMANDS: Final = "tests/actors/sessions/test_text_commands.py"
_GOING_BACK: Final = "tests/actors/sessions/test_going_back.py"
_RESETS: Final = "tests/actors/sessions/test_resets.py"
_UNDO: Final = "tests/actors/sessions/test_undo.py"

GOING_BACK: Final[Sequence[tuple[int, Bug, str]]] = (
    (
        101,
        Bug(
            "a command that was done is not remembered",
            "storage/open_context.py",
            "self._archived_ids = (*self._archived_ids, record.id)[-REMEMBERED_IDS:]",
            "self._archived_ids = (*self._archived_ids,)[-REMEMBERED_IDS:]",
            (),
        ),
        f"{_COMMANDS}::test_a_command_that_is_delivered_twice_is_done_once",
    ),
    (
        102,
        Bug(
            "a command that comes twice at once is done twice",
            "actors/core/decisions/decider.py",
            "is_repeated = self._message_ids.number_of(command.message_id, draft.open_context) is not None",
            "is_repeated = False",
            (),
        ),
        f"{_COMMANDS}::test_a_command_that_is_delivered_twice_at_once_is_done_once",
    ),
    (
        103,
        Bug(
            "the old reply is delivered though another one is made",
            "actors/core/decisions/branching/going_back.py",
            "withheld=_owed_of(draft, left),",
            "withheld=(),",
            (),
        ),
        f"{_GOING_BACK}::test_a_reply_that_was_not_delivered_is_withheld_until_it_is_back",
    ),
    (
        104,
        Bug(
            "a reply that was withheld stays so for ever",
            "actors/core/decisions/branching/going_back.py",
            "owed=tuple([each for each in place.withheld if each in numbers]),",
            "owed=(),",
            (),
        ),
        f"{_GOING_BACK}::test_a_reply_that_was_not_delivered_is_withheld_until_it_is_back",
    ),
    (
        105,
        Bug(
            "what failed cannot be tried again once it is back",
            "actors/core/decisions/branching/going_back.py",
            "failed=failed_among(place.failed, numbers),",
            "failed=(),",
            (),
        ),
        f"{_UNDO}::test_a_turn_that_failed_and_is_back_can_be_tried_again",
    ),
    (
        106,
        Bug(
            "a fork knows nothing of the model's tokens",
            "storage/folding/branching.py",
            "calibration=learnt_before(record.calibration),",
            "calibration=None,",
            (),
        ),
        f"{_GOING_BACK}::test_a_fork_knows_what_the_model_counts",
    ),
    (
        107,
        Bug(
            "a reset is taken back however long ago it was",
            "actors/sessions/obeying.py",
            "if place.at < since:",
            "if False:",
            (),
        ),
        f"{_COMMANDS}::test_resume_takes_a_reset_back_for_a_while",
    ),
    (
        108,
        Bug(
            "messages that no person writes put a reset off",
            "actors/core/decisions/draft.py",
            'return record.role == "user" and record.sender not in ignored',
            'return record.role == "user"',
            (),
        ),
        f"{_RESETS}::test_heartbeats_keep_nothing_fresh_and_begin_nothing_anew",
    ),
)
