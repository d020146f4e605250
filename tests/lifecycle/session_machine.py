"""Lives of a session, generated: everything that may come in, in any order, at any time."""

import sys
from collections.abc import Sequence
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from argentos.storage import Role
from tests.lifecycle.calls import Command, Make, Message, Read, Retry
from tests.lifecycle.ledger import CONFIG, ViolationError
from tests.lifecycle.parts import Outcome, Side
from tests.lifecycle.session_system import SessionSystem

__all__ = ["SessionLifecycle", "failed_check", "lead_lives"]

_NEW: Final = [Message("user", words, channel) for words in (20, 100, 120) for channel in ("telegram", "discord")]
_TOO_LARGE: Final = Message("user", 250)
_SAID: Final = [*(Message("assistant", words) for words in (20, 120, 120)), Message("assistant", 20, "discord")]
_AGAIN: Final = [Message(role, again=again) for role in ("user", "assistant") for again in range(4)]
_CHANGED: Final = [Message("user", again=0, changed=changed) for changed in ("text", "address", "side")]
_RETRIED: Final = [Retry(), Retry(0), Retry(1)]
_MADE: Final = [Make("create"), Make("stop"), Make("clear"), Make("compact"), Make("cancel"), Make("cancel the last")]
_ENDING: Final = [Make("stop"), Make("clear"), Make("cancel")]
_READ: Final = [Read("open"), Read("done"), Read("done"), Read("leave")]
MESSAGES: Final = st.sampled_from(_NEW)
COMMANDS: Final[st.SearchStrategy[Command]] = st.sampled_from(
    [*_NEW, *_SAID, *_AGAIN, *_CHANGED, *_RETRIED, _TOO_LARGE, *_MADE, *_READ]
)
_MANY: Final = st.sampled_from([[message] * count for count in (2, 4, 6) for message in _NEW])
SEVERAL: Final[st.SearchStrategy[Sequence[Command]]] = st.lists(COMMANDS, min_size=1, max_size=4) | _MANY
_SIDES: Final[st.SearchStrategy[Side]] = st.sampled_from(["before", "behind"])
OUTCOMES: Final[st.SearchStrategy[Outcome]] = st.sampled_from(
    ["reply", "reply", "at length", "overflow", "overflow", "nothing", "failure", "busy", "later", "break off", "speak"]
)


class SessionLifecycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.system = SessionSystem()

    @initialize(by_hand=st.booleans())
    def begin(self, by_hand: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by keyword
        if by_hand:
            self.system.do(Make("create"))

    @rule(message=MESSAGES, outcome=OUTCOMES)
    def ask(self, message: Message, outcome: Outcome) -> None:
        """A message that is answered at once."""
        self.system.do(message)
        if any(not each.is_for_a_summary for each in self.system.model.asked):
            self.system.tell_model(outcome)

    @precondition(lambda self: self.system.account.turn)
    @rule(pieces=st.integers(1, 2), command=st.sampled_from(_ENDING))
    def stop_while_it_speaks(self, pieces: int, command: Make) -> None:
        for _ in range(pieces):
            if self.system.model.asked:
                self.system.tell_model("speak")
        self.system.do(command)

    @rule(command=st.sampled_from(_MADE))
    def ask_for(self, command: Make) -> None:
        self.system.do(command)

    @rule(commands=st.lists(st.sampled_from(_READ), min_size=1, max_size=4))
    def read(self, commands: Sequence[Read]) -> None:
        """One after the other."""
        for command in commands:
            self.system.do(command)

    @precondition(lambda self: self.system.account.undelivered)
    @rule(behind=st.lists(st.sampled_from(_READ), max_size=2))
    def deliver(self, behind: Sequence[Read]) -> None:
        for command in (Read("open"), Read("done"), *behind):
            self.system.do(command)

    @precondition(lambda self: self.system.account.undelivered)
    @rule(side=_SIDES)
    def die_when_delivered(self, side: Side) -> None:
        self.system.do(Read("open"))
        self.system.die_in(side, Read("done"))

    @rule(commands=SEVERAL)
    def do(self, commands: Sequence[Command]) -> None:
        self.system.do(*commands)

    @rule(side=_SIDES, first=COMMANDS, others=SEVERAL)
    def do_while_held(self, side: Side, first: Command, others: Sequence[Command]) -> None:
        self.system.do_while_held(side, first, *others)

    @precondition(lambda self: self.system.model.asked)
    @rule(outcome=OUTCOMES)
    def tell_model(self, outcome: Outcome) -> None:
        self.system.tell_model(outcome)

    @precondition(lambda self: self.system.account.state == "Compacted")
    @rule(role=st.sampled_from(["assistant", "assistant", "user"]), count=st.sampled_from([4, 5, 1]))
    def come_meanwhile(self, role: Role, count: int) -> None:
        """More and more, while a summary is made."""
        for _ in range(count):
            self.system.do(Message(role, 120))

    @precondition(lambda self: self.system.account.state == "Compacted")
    @rule()
    def die_while_compacting(self) -> None:
        self.system.kill()

    @precondition(lambda self: self.system.account.state == "Active" and self.system.account.is_settled)
    @rule()
    def die_when_idle(self) -> None:
        """Die when the move is durable and nothing has followed, and come back for something that moves nothing."""
        self.system.die_when_idle("behind")
        self.system.do(Make("stop"))

    @rule(seconds=st.sampled_from([1, CONFIG.passivate_after, CONFIG.idle_after, CONFIG.turn_timeout]))
    def wait(self, seconds: float) -> None:
        self.system.advance(seconds)

    @rule(before=st.sampled_from([0, 0.5]))
    def wait_until_idle(self, before: float) -> None:
        self.system.advance_to_idle(before)

    @precondition(lambda self: self.system.account.delayed_until)
    @rule(before=st.sampled_from([0, 0, 0.5]))
    def wait_until_attempt(self, before: float) -> None:
        self.system.advance_to_attempt(before)

    @precondition(lambda self: self.system.account.turn)
    @rule(outcomes=st.sampled_from([["busy"] * 4, ["later"] * 3]))
    def be_busy(self, outcomes: Sequence[Outcome]) -> None:
        """The model cannot answer, and when it is asked again, it cannot either."""
        for outcome in outcomes:
            self.system.advance_to_attempt(0)
            if any(not each.is_for_a_summary for each in self.system.model.asked):
                self.system.tell_model(outcome)

    @precondition(lambda self: self.system.account.failed)
    @rule(retry=st.sampled_from(_RETRIED))
    def retry_while_compacting(self, retry: Retry) -> None:
        """What failed is tried again while a summary is made, of it maybe."""
        self.system.do(Make("compact"))
        self.system.do(retry)
        if self.system.model.asked:
            self.system.tell_model("reply")

    @precondition(lambda self: self.system.account.failed)
    @rule(retry=st.sampled_from(_RETRIED), outcome=OUTCOMES)
    def retry(self, retry: Retry, outcome: Outcome) -> None:
        """What failed, which is answered at once."""
        self.system.do(retry)
        if any(not each.is_for_a_summary for each in self.system.model.asked):
            self.system.tell_model(outcome)

    @rule(message=MESSAGES)
    def fail_twice(self, message: Message) -> None:
        """The second time after half of what makes it idle; it is not idle after the other half."""
        self.ask(message, "failure")
        self.system.advance(CONFIG.idle_after / 2)
        self.retry(Retry(), "failure")
        self.system.advance(CONFIG.idle_after / 2)

    @rule()
    def look(self) -> None:
        self.system.look()

    @rule()
    def kill(self) -> None:
        self.system.kill()

    @rule(side=_SIDES, commands=SEVERAL)
    def die_in(self, side: Side, commands: Sequence[Command]) -> None:
        self.system.die_in(side, *commands)

    @rule()
    def close_and_open(self) -> None:
        self.system.close_and_open()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # nothing has failed yet
                self.system.finish()
        finally:
            self.system.close()


_SETTINGS: Final = settings(
    max_examples=100,
    stateful_step_count=30,
    database=None,
    deadline=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def lead_lives(number: int, *, shrink: bool = False) -> None:
    """Lead the hundred lives of this seed; the shortest one that fails is looked for if it should be.

    Raises:
        ViolationError: in one of them something was as it must not be.
    """
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    run_state_machine_as_test(seed(number)(SessionLifecycle), settings=settings(_SETTINGS, phases=phases))


def failed_check(number: int) -> str | None:
    """The check that fails in the lives of this seed; None if none does."""
    try:
        lead_lives(number)
    except ViolationError as violation:
        return violation.check
    return None
