"""Supervision: actors that fail are restarted or parked, as `diagrams/supervision.mmd` says.

A process that dies leaves turns and compactions open, and cannot tell of which of them it died. All are resumed
together; what was open a second time is suspected, and runs with nothing beside it. Only such an attempt counts, and it
is counted before it begins, so that nobody is blamed for what another did.
"""

from collections import OrderedDict, deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, TypeAlias

from argentos.concurrency.foreign_code import described
from argentos.errors import SessionParkedError, SupervisorStoppedError
from argentos.machines import Transition
from argentos.machines.lifecycles.supervision import (
    FAILED,
    LIVE,
    NOTHING_LEFT_TO_DO,
    PARKED,
    RESTING,
    SOMETHING_CAME_IN,
    SUPERVISION,
    UNPARKED,
)
from argentos.storage import Metadata, SessionKey

__all__ = ["Supervision", "Suspects", "closed", "is_suspect", "may_rest", "parked"]


_Place: TypeAlias = tuple[type[BaseException], str, int]


class _Facts(NamedTuple):
    is_quiet: bool = False
    may_restart: bool = False


class _Parked(NamedTuple):
    """A session that failed too often: why, since when, and whose it is, where that is known."""

    cause: BaseException
    at: datetime
    owner: str


class Supervision:
    """Counts the failures of each actor, and remembers those that are parked.

    Args:
        intensity: restarts allowed within the period; one failure more parks.
        period: in seconds.
    """

    def __init__(self, intensity: int, period: float) -> None:
        self._intensity = intensity
        self._period = period
        self._failures: OrderedDict[SessionKey, deque[float]] = OrderedDict()  # the latest last
        self._parked: dict[SessionKey, _Parked] = {}
        self._told: dict[_Place, float] = {}  # no more than there are places in the program

    @property
    def parked(self) -> dict[SessionKey, BaseException]:
        """The parked sessions, each with the cause."""
        return {key: each.cause for key, each in self._parked.items()}

    def check(self, key: SessionKey) -> None:
        """Something came in for an actor that is not live.

        Raises:
            SessionParkedError: it is parked; the sentence gives the cause.
        """
        found = self._parked.get(key)
        if not _takes(RESTING if found is None else PARKED, SOMETHING_CAME_IN) and found is not None:
            raise parked(key, found.cause)

    def is_news(self, cause: BaseException, now: float) -> bool:
        """Nothing of its kind was raised at its place, in any session, and was news within the period before."""
        place = _place(cause)
        told = self._told.get(place)
        if told is not None and now - told <= self._period:
            return False
        self._told[place] = now
        return True

    def is_parked(self, key: SessionKey) -> bool:
        """A session is parked."""
        return key in self._parked

    def parked_since(self, key: SessionKey) -> tuple[datetime, str] | None:
        """Since when a session is parked, and why; None where it is not."""
        found = self._parked.get(key)
        return None if found is None else (found.at, described(found.cause))

    def owner(self, key: SessionKey) -> str:
        """The owner of a parked session; empty where that is not known, or the session is not parked."""
        found = self._parked.get(key)
        return "" if found is None else found.owner

    def fail(self, key: SessionKey, cause: BaseException, now: float, at: datetime, owner: str = "") -> str:
        """A live actor failed; gives what is to be done, `restart` or `park`.

        Args:
            key: of the session.
            cause: what it raised.
            now: the monotonic time, in seconds.
            at: the wall time.
            owner: whose it is, where that is known.
        """
        failures = self._failures.setdefault(key, deque(maxlen=self._intensity + 1))
        failures.append(now)
        self._failures.move_to_end(key)
        self._forgive(now)
        recent = sum(now - each <= self._period for each in failures)
        decision = SUPERVISION.decide(LIVE, FAILED, _Facts(may_restart=recent <= self._intensity))
        effect = decision.effects[0] if isinstance(decision, Transition) else "park"
        if effect == "park":
            self._parked[key] = _Parked(cause, at, owner)
            del self._failures[key]
        return effect

    def _forgive(self, now: float) -> None:
        """Forget the sessions that have not failed for so long that it does not count any more."""
        while now - next(iter(self._failures.values()))[-1] > self._period:
            self._failures.popitem(last=False)

    def waited(self, key: SessionKey, seconds: float) -> None:
        """A restart had to wait for others: that time does not count, or many in a loop would go on for ever."""
        failures = self._failures.get(key)
        if failures is not None:
            self._failures[key] = deque((each + seconds for each in failures), failures.maxlen)

    def unpark(self, key: SessionKey) -> bool:
        """Let the session be revived again; False if it was not parked."""
        return _takes(PARKED, UNPARKED) and self._parked.pop(key, None) is not None

    def forget(self, key: SessionKey) -> None:
        """The session is gone."""
        self._failures.pop(key, None)
        self._parked.pop(key, None)


def may_rest(*, is_quiet: bool) -> bool:
    """Tell whether a live actor may leave memory."""
    return _takes(LIVE, NOTHING_LEFT_TO_DO, _Facts(is_quiet=is_quiet))


def _takes(state: str, event: str, facts: _Facts | None = None) -> bool:
    return isinstance(SUPERVISION.decide(state, event, facts), Transition)


SUPERVISION.check_effects({"restart", "park"})


def _place(cause: BaseException) -> _Place:
    """The kind of the error, and where it was raised: file and line."""
    trace = cause.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (type(cause), trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else (type(cause), "", 0)


def parked(key: SessionKey, cause: BaseException) -> SessionParkedError:
    """The error for a session that failed too often."""
    return SessionParkedError(
        f"session {key} failed too often and is parked ({described(cause)});"
        f" `argent sessions unpark {key.id}` lets it go on"
    )


def closed(key: SessionKey) -> SupervisorStoppedError:
    """The error for whoever waits for a session when its supervisor ends."""
    return SupervisorStoppedError(
        f"the supervisor was closed; the message is kept, and answered when session {key} is revived; one that was not"
        " acknowledged is to be sent again"
    )


def is_suspect(metadata: Metadata) -> bool:
    """The session has a turn, or a compaction, that was begun, and begun again, and never ended.

    A turn that the model asked to try again was not begun again by that.
    """
    turn = metadata.turn
    is_turn = turn is not None and turn.delay is None and turn.attempt > 1 + turn.delays
    return is_turn or metadata.compaction is not None


class Suspects:
    """The sessions whose open turns and compactions wait until they may run alone.

    Attributes:
        alone: the one whose time has come.
    """

    def __init__(self) -> None:
        self.alone: SessionKey | None = None
        self._keys: set[SessionKey] | None = set()

    def expect(self) -> None:
        """Hold back every open turn and compaction until it is known which are suspected."""
        self._keys = None

    def know(self, keys: Iterable[SessionKey]) -> None:
        """These are suspected, and no others."""
        self._keys = set(keys)

    def holds_back(self, key: SessionKey) -> bool:
        """The session's open turn, or its compaction, must not go on now."""
        return (self._keys is None or key in self._keys) and key != self.alone

    @contextmanager
    def alone_for(self, key: SessionKey) -> Generator[None]:
        """It is this session's time; it is suspected no more afterwards."""
        self.alone = key
        try:
            yield
        finally:
            self.alone = None
            if self._keys is not None:
                self._keys.discard(key)
