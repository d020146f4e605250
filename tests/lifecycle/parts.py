"""What a session stands on, under the eyes of its account: a store that can be held, a model that waits to be told."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import anyio
import anyio.lowlevel

from argentos import Emit, MemoryStore, Reply, Request
from argentos.errors import (
    ContextOverflowError,
    ModelRefusedError,
    ModelUnavailableError,
    ReplyInterruptedError,
    StoreFailedError,
)
from argentos.storage import Record, SessionKey, Snapshot
from tests.lifecycle.account import Account

__all__ = ["Asked", "ModelInHand", "Outcome", "Side", "WatchedStore"]

Side: TypeAlias = Literal["before", "behind"]
"""Of the moment when an append is durable."""

Outcome: TypeAlias = Literal[
    "reply", "nothing", "failure", "busy", "later", "overflow", "break off", "at length", "speak"
]

_LATER: Final = 30.0  # seconds for which the model wants to be left alone
_PAUSE: Final = 2.0  # seconds, the longest before a summary is asked for again
_KILLED: Final = "the process was killed"


class WatchedStore(MemoryStore):
    """Tells an account what becomes durable.

    Attributes:
        holds: every append waits on this side, until `go_on`.
        is_cut_off: the process that uses it was killed: nothing of what it still does has happened.
        covered: the highest sequence of a checkpoint.
    """

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.holds: Side | None = None
        self.is_cut_off = False
        self.covered = 0
        self._account = account
        self._going_on = anyio.Event()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        await anyio.lowlevel.checkpoint()  # as every disk does
        await self._wait("before")
        is_much = await super().append(key, epoch, expected_sequence, records)
        self._account.take(records)
        await self._wait("behind")
        return is_much

    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        if not self.is_cut_off:
            sequence = snapshot.metadata.sequence
            durable = len(self._account.records)
            self._account.require("an effect follows its append", that=sequence <= durable, problem=(sequence, durable))
            self.covered = max(self.covered, sequence)
            await super().checkpoint(key, snapshot)

    async def _wait(self, side: Side) -> None:
        while self.holds == side and not self.is_cut_off:
            await self._going_on.wait()
        if self.is_cut_off:
            raise StoreFailedError(_KILLED)

    def go_on(self) -> None:
        """Hold nothing any more."""
        self.holds = None
        self._going_on.set()
        self._going_on = anyio.Event()

    def cut_off(self) -> None:
        """The process is killed."""
        self.is_cut_off = True
        self.go_on()


class Asked:
    """A request that the model has not answered yet; `at` is in seconds of the monotonic clock."""

    def __init__(self, request: Request, at: float) -> None:
        self.request = request
        self.at = at
        self.outcome: Outcome | None = None
        self._told = anyio.Event()

    @property
    def is_for_a_summary(self) -> bool:
        return bool(self.request.instruction)

    def tell(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._told.set()

    def go_on(self) -> None:
        """It has given a sign of life, and waits to be told more."""
        self.at = anyio.current_time()
        self.outcome, self._told = None, anyio.Event()

    async def told(self) -> Outcome:
        if self.outcome is None:
            await self._told.wait()
        assert self.outcome is not None
        return self.outcome


class ModelInHand:
    """Does what it is told, and waits until then.

    Attributes:
        asked: what it has been asked and not answered.
        rests_until: having been busy for a summary, it is asked again by this moment of the monotonic clock.
    """

    name = "in hand"
    can_summarise = True

    def __init__(self, account: Account) -> None:
        self.asked: list[Asked] = []
        self.rests_until = 0.0
        self._account = account

    async def reply(self, request: Request, emit: Emit) -> Reply:
        await anyio.lowlevel.checkpoint()  # a job that was cancelled meanwhile asks nothing
        self._account.check_request(request)
        asked = Asked(request, anyio.current_time())
        self.asked.append(asked)
        try:
            while (outcome := await asked.told()) == "speak":
                asked.go_on()
                await self._say("Well, ", asked, emit)
        finally:
            self.asked.remove(asked)
        text = self._text(outcome, asked)
        if text:
            await self._say(text, asked, emit)
        if outcome == "break off":
            raise ReplyInterruptedError("broken off", is_transient=False)
        return Reply(text)

    async def _say(self, text: str, asked: Asked, emit: Emit) -> None:
        if not asked.is_for_a_summary:
            self._account.spoken += text
        await emit(text)

    def _text(self, outcome: Outcome, asked: Asked) -> str:
        number = len(self._account.said)
        match outcome:
            case "failure":
                raise ModelRefusedError("never")
            case "busy" | "later":
                error = ModelUnavailableError("not now", retry_after=_LATER if outcome == "later" else None)
                self._account.fault = None if asked.is_for_a_summary else error
                if asked.is_for_a_summary and outcome == "busy":
                    self.rests_until = anyio.current_time() + _PAUSE
                raise error
            case "overflow":
                self._account.overflowed = True
                raise ContextOverflowError("too much")
            case "break off":
                return f"answer {number}"
            case "nothing" | "speak":
                return ""
            case "reply" | "at length":
                text = f"answer {number}" + " and so on" * (50 if outcome == "at length" else 8)
                self._account.said.append(text)
                return text
