"""Several callers of one session at once: what they are answered, they could have been answered one after the other.

Which of the callers, the store and the model goes on next is chosen here, in every way there is: each waits at a gate
before it does anything, and one gate is opened at a time, when everything else has come to rest. It is the order of the
gates that counts, so one event loop is enough.
"""

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import anyio
import pytest

from argentos import Config, Emit, ManualClock, Reply, Request, Session, Supervisor
from argentos.errors import NoReplyError, NothingToCompactError
from argentos.machines.modelcheck.linearizability import Call, linearize
from argentos.machines.modelcheck.schedules import Choose, every_choice
from argentos.storage import MemoryStore, Record, SessionKey
from tests.actors.conftest import count_words

SMALL = Config(max_context_tokens=500)
START = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
EXCHANGES = 3

Operation: TypeAlias = tuple[str, int]
"""What is asked for; the number is that of a message where there is one."""

History: TypeAlias = list[Call[Operation, object]]


class Gates:
    """Where everybody waits until their name is chosen; open to all in the beginning."""

    def __init__(self) -> None:
        self.are_shut = False
        self.now = 0
        self._waiting: list[tuple[str, anyio.Event]] = []

    async def pass_through(self, name: str) -> None:
        if self.are_shut:
            place = (name, anyio.Event())
            self._waiting.append(place)
            try:
                await place[1].wait()
            finally:
                if place in self._waiting:  # a model that is cancelled waits no more
                    self._waiting.remove(place)

    async def open(self, choose: Choose) -> None:
        """One after the other, until nobody waits any more."""
        while True:
            await anyio.wait_all_tasks_blocked()
            if not self._waiting:
                return
            self._waiting.sort(key=lambda each: each[0])
            self.now += 1
            self._waiting.pop(choose(len(self._waiting)))[1].set()


class GatedStore(MemoryStore):
    def __init__(self, gates: Gates, sessions: dict[Any, Any]) -> None:
        super().__init__()
        self._sessions = sessions
        self.gates = gates

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        await self.gates.pass_through("store")
        return await super().append(key, epoch, expected_sequence, records)


class GatedModel:
    name = "gated"
    can_summarise = True

    def __init__(self, gates: Gates) -> None:
        self.gates = gates

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        await self.gates.pass_through("model")
        return Reply("They spoke." if request.instruction else "Yes. " + "word " * 30)


# What is right -------------------------------------------------------------------------------------------------


class Conversation(NamedTuple):
    """A session, as far as its callers can tell.

    Attributes:
        messages: how many there ever were.
        unanswered: their numbers.
        ended: the numbers of the others that were sent, with how that ended.
        is_long: there is something to be compacted.
        is_compacted: once at least.
    """

    messages: int = 2 * EXCHANGES
    unanswered: tuple[int, ...] = ()
    ended: frozenset[tuple[int, str]] = frozenset()
    is_long: bool = True
    is_compacted: bool = False

    def end(self, count: int, how: str) -> "Conversation":
        """The oldest that are unanswered end so."""
        ended = self.ended | {(number, how) for number in self.unanswered[:count]}
        return self._replace(unanswered=self.unanswered[count:], ended=ended)


def with_replies(begun: Conversation) -> Iterator[Conversation]:
    """Whatever may have been answered meanwhile; one reply may be to several messages."""
    yield begun
    for count in range(1, len(begun.unanswered) + 1):
        yield from with_replies(begun.end(count, "replied")._replace(messages=begun.messages + 1))


def alone(begun: Conversation, operation: Operation) -> Iterator[tuple[object, Conversation]]:
    """What one caller alone may be answered, and the conversation behind that."""
    for now in with_replies(begun):
        match operation:
            case ("send", _):
                number = now.messages + 1
                yield number, now._replace(messages=number, unanswered=(*now.unanswered, number))
            case ("stop", _):
                yield "done", now.end(len(now.unanswered), "stopped")
            case ("clear", _):
                yield "done", now.end(len(now.unanswered), "cleared")._replace(is_long=False)
            case ("compact", _):
                if now.is_long:
                    yield "done", now._replace(is_long=False, is_compacted=True)
                else:
                    yield "nothing to compact", now
                if now.is_compacted:
                    yield "done", now  # together with the one that ran
                yield "stopped", now  # by somebody else, before it was done
            case ("look", _):
                yield (now.messages, len(now.unanswered)), now
            case (_, number):
                yield from ((how, now) for each, how in now.ended if each == number)


# What happens --------------------------------------------------------------------------------------------------


class Caller:
    """Does one thing after the other, and notes what came of it."""

    def __init__(self, name: str, session: Session, gates: Gates) -> None:
        self.history: History = []
        self._name = name
        self._session = session
        self._gates = gates
        self._replies: list[tuple[int, Callable[[], Any]]] = []

    async def run(self, program: Sequence[str]) -> None:
        for what in program:
            await self._gates.pass_through(self._name)
            began = self._gates.now
            match what:
                case "send":
                    turn = await self._session.send("And then?")
                    self._replies.append((turn.number, turn.reply))
                    self._note("send", turn.number, began)
                case "compact":
                    self._note("compact", await self._compact(), began)
                case _:
                    info = await getattr(self._session, what)()
                    self._note(what, "done", began)
                    self._note("look", (info.messages, info.waiting), began)

    async def look_back(self) -> None:
        """How the messages ended that were sent."""
        for number, reply in self._replies:
            try:
                await reply()
                how = "replied"
            except NoReplyError as error:
                how = error.outcome
            self._note("outcome", how, self._gates.now, number)

    async def _compact(self) -> str:
        try:
            await self._session.compact()
        except NothingToCompactError as error:
            return "stopped" if str(error).endswith("it was stopped") else "nothing to compact"
        return "done"

    def _note(self, what: str, result: object, began: float, number: int = 0) -> None:
        self.history.append(Call((what, number), result, began, self._gates.now))


async def compete(choose: Choose, programs: Sequence[Sequence[str]]) -> list[History]:
    """Run the programs at once, on a session that has had some exchanges."""
    gates = Gates()
    store, model = GatedStore(gates, copy.deepcopy(await exchanged())), GatedModel(gates)
    async with Supervisor(
        store,
        model,
        config=SMALL,
        clock=ManualClock(START),
        count=count_words,
        count_inline=10**6,
        grace=0,
        resume=False,
    ) as supervisor:
        session = supervisor.session("maren")
        callers = [Caller(name, session, gates) for name in "abc"[: len(programs)]]
        gates.are_shut = True
        async with anyio.create_task_group() as group:
            for caller, program in zip(callers, programs, strict=True):
                group.start_soon(caller.run, program)
            await gates.open(choose)
            group.cancel_scope.cancel()
        gates.are_shut = False
        for caller, program in zip(callers, programs, strict=True):
            with anyio.fail_after(5):
                await caller.look_back()
            assert sum(each.operation[0] in program for each in caller.history) == len(program), "it waits for ever"
    return [caller.history for caller in callers]


_EXCHANGED: dict[SessionKey, Any] = {}


async def exchanged() -> dict[SessionKey, Any]:
    """What is durable of a session after some exchanges."""
    if not _EXCHANGED:
        gates = Gates()
        store = GatedStore(gates, _EXCHANGED)
        async with Supervisor(
            store, GatedModel(gates), config=SMALL, clock=ManualClock(START), count=count_words, count_inline=10**6
        ) as each:
            for number in range(EXCHANGES):
                await each.session("maren").ask(f"question {number} " + "word " * 30, message_id=f"m-{number}")
    return _EXCHANGED


def histories(*programs: Sequence[str]) -> Iterator[list[History]]:
    """Of every schedule."""
    return every_choice(lambda choose: anyio.run(compete, choose, programs, backend="trio"))


PAIRS = list(itertools.combinations_with_replacement(["send", "stop", "clear", "compact"], 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_callers_are_answered_as_if_one_came_after_the_other(one: str, other: str) -> None:
    for seen in histories([one], [other]):
        found = linearize(alone, Conversation(), seen)
        assert found.holds, str(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["send", "stop"], ["send"]),
        (["send", "stop"], ["clear", "send"]),
        (["send", "clear"], ["compact"]),
        (["compact", "send"], ["stop"]),
        (["compact", "compact"], ["clear", "send"]),
    ],
)
def test_callers_who_do_several_things_are_too(one: Sequence[str], other: Sequence[str]) -> None:
    for seen in histories(one, other):
        found = linearize(alone, Conversation(), seen)
        assert found.holds, str(found)


@pytest.mark.parametrize(
    "programs",
    [("send", "send", "send"), ("send", "send", "stop"), ("send", "clear", "stop"), ("compact", "send", "stop")],
)
def test_three_callers_two_of_whom_come_into_one_step_are_too(programs: Sequence[str]) -> None:
    for seen in histories(*([each] for each in programs)):
        found = linearize(alone, Conversation(), seen)
        assert found.holds, str(found)


def test_every_schedule_is_another_one() -> None:
    seen = [str(found) for found in histories(["send"], ["send"])]
    assert len(seen) == len(set(seen)) == 12


@pytest.mark.parametrize("number", [6, 10])
def test_a_number_that_no_order_gives_would_be_noticed(number: int) -> None:
    for one, other in histories(["send"], ["send"]):
        forged = [replace(each, result=number) if each.operation[0] == "send" else each for each in one]
        assert not linearize(alone, Conversation(), [forged, other]).holds


def test_a_message_that_nobody_stopped_would_be_noticed() -> None:
    for one, other in histories(["send"], ["compact"]):
        forged = [replace(each, result="stopped") if each.operation[0] == "outcome" else each for each in one]
        assert not linearize(alone, Conversation(), [forged, other]).holds
