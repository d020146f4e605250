"""What time alone makes of a session: nothing of it is stored, it follows from where the session stands."""

from datetime import datetime, timedelta

from argentos.actors.config import Config
from argentos.machines import SESSION, Transition
from argentos.machines.session import timer_in
from argentos.storage import Context, Metadata, Snapshot

__all__ = ["collected_at", "is_quiet", "may_passivate", "seconds_left", "state_at"]


def is_quiet(metadata: Metadata, now: datetime, idle_after: float) -> bool:
    """Nothing has been left to do for so many seconds."""
    return metadata.is_settled and now - metadata.quiet_since >= timedelta(seconds=idle_after)


class _Overdue:
    """The only fact that time alone can make true."""

    def __init__(self, metadata: Metadata, now: datetime, idle_after: float) -> None:
        self.is_quiet = is_quiet(metadata, now, idle_after)


def state_at(metadata: Metadata, now: datetime, idle_after: float) -> str:
    """The state to show: an overdue timer counts as fired, though nothing has been written yet."""
    timer = timer_in(metadata.state)
    if timer is None:
        return metadata.state
    decision = SESSION.decide(metadata.state, timer.event, _Overdue(metadata, now, idle_after))
    return decision.target if isinstance(decision, Transition) else metadata.state


def collected_at(context: Context, config: Config) -> datetime | None:
    """When the messages that wait are to be answered; None if at once, or if none waits."""
    waiting = context.waiting
    if config.collect_for is None or not waiting or len(waiting) >= config.most_together:
        return None
    return waiting[-1].at + timedelta(seconds=config.collect_for)


def seconds_left(snapshot: Snapshot, config: Config, now: datetime) -> float | None:
    """Until something is to be done though nothing comes in: the state's timer, or leaving memory.

    None while there is something to answer: the end of the turn asks again.
    """
    metadata, context = snapshot
    if not metadata.is_settled:
        due = None if metadata.turn else collected_at(context, config)
        return None if due is None else (due - now).total_seconds()
    has_timer = timer_in(metadata.state) is not None
    duration = config.idle_after if has_timer else config.passivate_after
    return duration - (now - metadata.quiet_since).total_seconds()


def may_passivate(snapshot: Snapshot, config: Config, now: datetime) -> bool:
    """Nothing is left to do, and the time has come to leave memory."""
    if timer_in(snapshot.metadata.state) is not None or not snapshot.metadata.is_settled:
        return False
    left = seconds_left(snapshot, config, now)
    return left is not None and left <= 0
