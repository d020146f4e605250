"""Deadlines derived from a snapshot; nothing here is stored.

While a session is in memory its waits are measured by the monotonic clock; the wall clock, which anybody may set,
counts only for the time in which it was not.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from argentos.actors.settings.config import Config
from argentos.machines import SESSION, Transition
from argentos.machines.lifecycles.session import timer_in
from argentos.storage import (
    Accepted,
    ApprovalAsked,
    ApprovalDecided,
    CallEnded,
    Cleared,
    Metadata,
    Record,
    Replied,
    Responded,
    Retried,
    Rewound,
    Snapshot,
    Transitioned,
    TurnDelayed,
    Undone,
)

__all__ = [
    "Marks",
    "collected_at",
    "deadline",
    "idle_at",
    "is_delayed",
    "is_expired",
    "may_passivate",
    "quiet_for",
    "state_at",
]

_HAPPENINGS = frozenset(
    {Accepted, ApprovalDecided, CallEnded, Cleared, Replied, Responded, Retried, Rewound, Transitioned, Undone}
)


class Marks(NamedTuple):
    """Moments of a session's life, by the monotonic clock; those before its process began lie before zero.

    Attributes:
        quiet_since: something last happened, a message or a change of state.
        collects_since: the latest message came that waits.
        delayed_until: the open turn is to be tried again.
        asked_until: the word of a person on its calls is waited for no more; all that wait were asked together.
        heard: a person last wrote, or was answered, where `Config.reset_after` asks for it; None before the session has
            been in memory for that.
    """

    quiet_since: float
    collects_since: float
    delayed_until: float
    asked_until: float = 0.0
    heard: float | None = None

    @classmethod
    def of(cls, snapshot: Snapshot, at: datetime, moment: float) -> Self:
        """As far as the wall clock tells; what lies ahead of it counts as just happened.

        Args:
            snapshot: of the session.
            at: the wall time now.
            moment: the monotonic time now.
        """
        metadata, context = snapshot
        collects_for = max(0.0, (at - context.waiting[-1].at).total_seconds()) if context.waiting else 0.0
        return cls(
            moment - quiet_for(metadata, at),
            moment - collects_for,
            moment + _delay_left(metadata, at),
            moment + _approval_left(metadata, at),
        )

    def after(self, record: Record, moment: float) -> Self:
        """The marks once a record was made, at this moment."""
        if isinstance(record, Accepted) and record.awaits_reply:
            return type(self)(moment, moment, *self[2:])  # which a turn does: `_replace` takes four times as long
        if isinstance(record, TurnDelayed):
            return self._replace(delayed_until=moment + record.seconds)
        if isinstance(record, ApprovalAsked):
            return self._replace(asked_until=moment + (record.expires_at - record.at).total_seconds())
        return type(self)(moment, *self[1:]) if type(record) in _HAPPENINGS else self


def quiet_for(metadata: Metadata, at: datetime) -> float:
    """Seconds since something last happened, as far as the wall clock tells."""
    return max(0.0, (at - metadata.quiet_since).total_seconds())


def _delay_left(metadata: Metadata, at: datetime) -> float:
    """Seconds until the open turn is tried again, as far as the wall clock tells, but never more than were meant."""
    delay = metadata.turn.delay if metadata.turn else None
    if delay is None:
        return 0.0
    return min(max(0.0, delay.seconds - (at - delay.at).total_seconds()), delay.seconds)


def _approval_left(metadata: Metadata, at: datetime) -> float:
    """Seconds until a person's word is waited for no more, as far as the wall clock tells."""
    times = [each.expires_at for each in metadata.turn.asked if each.expires_at] if metadata.turn else ()
    return (min(times) - at).total_seconds() if times else 0.0


def is_expired(metadata: Metadata, marks: Marks, moment: float) -> bool:
    """The word of a person on the calls of the open turn is waited for no more."""
    return metadata.turn is not None and bool(metadata.turn.asked) and moment >= marks.asked_until


def is_delayed(metadata: Metadata, marks: Marks, moment: float) -> bool:
    """The open turn waits for its next attempt."""
    turn = metadata.turn
    return turn is not None and turn.delay is not None and moment < marks.delayed_until


class _Overdue:
    """The only fact that time alone can make true."""

    def __init__(self, *, is_quiet: bool) -> None:
        self.is_quiet = is_quiet


def state_at(metadata: Metadata, quiet: float, idle_after: float) -> str:
    """The state to show: an overdue timer counts as fired, though nothing has been written yet.

    Args:
        metadata: of the session.
        quiet: seconds since something last happened.
        idle_after: see `Config`.
    """
    timed = None if quiet < idle_after else _timed_transition(metadata)
    return timed.target if timed else metadata.state


def idle_at(metadata: Metadata, idle_after: float) -> datetime | None:
    """The time at which the state's timer fires, unless something happens before; None where none runs.

    Args:
        metadata: of the session.
        idle_after: see `Config`.
    """
    if _timed_transition(metadata) is None:
        return None
    with suppress(OverflowError):  # at the end of all times
        return metadata.quiet_since + timedelta(seconds=idle_after)
    return None


def _timed_transition(metadata: Metadata) -> Transition | None:
    """The transition that the state's timer takes when it fires; None where it does not, or there is none."""
    timer = timer_in(metadata.state)
    if timer is None:
        return None
    decision = SESSION.decide(metadata.state, timer.event, _Overdue(is_quiet=metadata.is_resting))
    return decision if isinstance(decision, Transition) else None


def collected_at(metadata: Metadata, marks: Marks, config: Config) -> float | None:
    """The time at which the messages that wait are to be answered; None if at once, or if none waits."""
    waiting = metadata.waiting
    if config.collect_for is None or not waiting or len(waiting) >= config.most_together:
        return None
    return marks.collects_since + config.collect_for


def deadline(metadata: Metadata, marks: Marks, config: Config) -> float | None:
    """The time at which something is to be done though nothing comes in: the state's timer, or leaving memory.

    None while there is something to answer: the end of the turn asks again.
    """
    turn = metadata.turn
    if turn is None:
        return collected_at(metadata, marks, config) if metadata.waiting else _rests_at(metadata, marks, config)
    if turn.is_asking:
        return min(_rests_at(metadata, marks, config), marks.asked_until)
    return marks.delayed_until if turn.delay else None


def _rests_at(metadata: Metadata, marks: Marks, config: Config) -> float:
    has_timer = timer_in(metadata.state) is not None
    return marks.quiet_since + (config.idle_after if has_timer else config.passivate_after)


def may_passivate(metadata: Metadata, marks: Marks, config: Config, moment: float) -> bool:
    """Nothing is left to do, and the time has come to leave memory."""
    if timer_in(metadata.state) is not None or not metadata.is_resting:
        return False
    return _rests_at(metadata, marks, config) <= moment
