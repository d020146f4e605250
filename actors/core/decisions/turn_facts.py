"""The facts of which a turn's machine asks, and where its events may be raised."""

from collections.abc import Mapping
from typing import Final
from zlib import crc32

from argentos.actors.core.deadlines import collected_at, is_delayed, is_expired
from argentos.actors.core.decisions.draft import Draft
from argentos.llm import find_cuts
from argentos.machines.lifecycles.session import TURNS_RUN_IN
from argentos.machines.lifecycles.turn import (
    TURN,
)
from argentos.storage import (
    Address,
    OpenTurn,
    SessionKey,
)

__all__ = ["Facts", "in_states", "open_turn", "pause", "pause_of"]

_FIRST: Final = 1.0  # seconds
_LONGEST: Final = 60.0  # seconds
_SPREAD: Final = 0.5


def in_states(*events: str) -> Mapping[str, tuple[str, ...]]:
    """For each state of a turn those of the events that it knows."""
    return {state: tuple(event for event in events if TURN.knows(state, event)) for state in TURN.states}


class Facts:
    """Facts for the guards, read off the draft when they ask: see `argentos.machines.lifecycles.turn.TurnFacts`.

    Args:
        draft: of the session.
        retry_after: seconds for which the model asks, where it is not available.
        address: of the newer message.
    """

    def __init__(self, draft: Draft, *, retry_after: float | None = None, address: Address | None = None) -> None:
        self._draft = draft
        self._retry_after = retry_after
        self._address = address

    @property
    def may_begin(self) -> bool:
        """See `TurnFacts`."""
        return self._draft.may_begin_turns and self._draft.metadata.state in TURNS_RUN_IN

    @property
    def is_collected(self) -> bool:
        """See `TurnFacts`."""
        draft = self._draft
        due = collected_at(draft.metadata, draft.marks, draft.config)
        return due is None or draft.moment >= due

    @property
    def has_task(self) -> bool:
        """See `TurnFacts`."""
        return self._draft.has_task

    @property
    def has_calls(self) -> bool:
        """See `TurnFacts`."""
        return open_turn(self._draft).has_calls

    @property
    def is_answered(self) -> bool:
        """See `TurnFacts`."""
        return not open_turn(self._draft).calls

    @property
    def approval_is_over(self) -> bool:
        """See `TurnFacts`."""
        return is_expired(self._draft.metadata, self._draft.marks, self._draft.moment)

    @property
    def delay_is_over(self) -> bool:
        """See `TurnFacts`."""
        return not is_delayed(self._draft.metadata, self._draft.marks, self._draft.moment)

    @property
    def may_be_delayed(self) -> bool:
        """See `TurnFacts`."""
        turn, config = open_turn(self._draft), self._draft.config
        seconds = pause_of(self._draft, turn, self._retry_after)
        return turn.delays < config.retry_attempts and turn.delayed + seconds <= config.retry_for

    @property
    def has_replaceable(self) -> bool:
        """See `TurnFacts`."""
        return self._draft.gauge.replaceable(self._draft.snapshot) > 0

    @property
    def has_shortenable(self) -> bool:
        """See `TurnFacts`."""
        return bool(find_cuts(self._draft.snapshot, self._draft.gauge, is_refused=True))

    @property
    def gives_way(self) -> bool:
        """See `TurnFacts`."""
        draft = self._draft
        if draft.config.queue_mode != "interrupt":
            return False
        return draft.open_context.latest(open_turn(draft).messages)[-1].address == self._address

    @property
    def was_fatal(self) -> bool:
        """See `TurnFacts`."""
        draft = self._draft
        return draft.runs_alone and open_turn(draft).alone >= draft.config.max_crashes


def open_turn(draft: Draft) -> OpenTurn:
    """The turn that is open; there is one."""
    turn = draft.metadata.turn
    if turn is None:
        raise ValueError(f"session {draft.key} has no open turn")
    return turn


def pause_of(draft: Draft, turn: OpenTurn, retry_after: float | None) -> float:
    """Seconds before the next attempt of the turn that is open."""
    return pause(draft.key, turn.turn, turn.delays, retry_after)


def pause(key: SessionKey, turn: int, delays: int, retry_after: float | None) -> float:
    """Seconds before the next attempt of a turn: twice as long each time, and as long as the provider asks at least.

    Sessions that fail together do not come back together: each has a part of its own, the same in every life.

    Args:
        key: the session.
        turn: its turn.
        delays: how many there were.
        retry_after: what the provider asks for, in seconds.
    """
    part = crc32(f"{key} {turn} {delays}".encode()) / 2**32
    seconds = min(_FIRST * 2.0**delays, _LONGEST) * (1 - _SPREAD * part)
    asked = (retry_after or 0.0) * (1 + _SPREAD * part / 5)
    return max(seconds, asked)
