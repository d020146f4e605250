"""The figures of `load.py`, their tables and targets."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from benchmarks.actors.scenarios.arrivals import Arrivals
from benchmarks.actors.scenarios.crashes import Crashes
from benchmarks.actors.scenarios.flood import Flood
from benchmarks.actors.scenarios.hostile import Hostile
from benchmarks.actors.scenarios.live import Live
from benchmarks.actors.scenarios.others import Waits
from benchmarks.actors.scenarios.overdue import Overdue
from benchmarks.actors.scenarios.revival import Revival
from benchmarks.figures import Target, median, short, table
from benchmarks.storage.startup import Startup

__all__ = ["Known", "Load", "Round"]

_TIMES: Final = 2.0  # of the p99 in calm
_STOP: Final = 50.0  # ms
_STALL: Final = 50.0  # ms
_STARTUP, _MEMORY = 10.0, 300.0  # s, MB
_REVIVAL, _REVIVAL_P99 = 1.2, 5.0  # of a short history, ms
_MB: Final = 1e6


class Round(Struct, frozen=True):
    """What was done in a round, by the name of the store, or of the pace."""

    floods: dict[str, Flood]
    crashes: dict[str, Crashes]
    arrivals: dict[str, Arrivals]
    hostile: dict[str, Hostile]
    stalls: dict[str, float]
    stops: dict[str, Waits]
    overdue: Overdue
    revival: Revival


class Known(Struct, frozen=True):
    """A start on so many sessions, in seconds and bytes."""

    sessions: int
    startup: Startup
    memory: int


class Load(NamedTuple):
    """All rounds; what is large is done once."""

    rounds: list[Round]
    live: Live
    known: list[Known]

    def targets(self) -> Iterator[Target]:
        """The promises of the supervisor."""
        for name, calm, others in self._disturbed():
            yield Target(f"p99 of others × calm: {name}", _ratio(calm, others), _TIMES, is_limit=True)
        most = max(each.most for round_ in self.rounds for each in round_.stops.values()) * 1e3
        yield Target("ms to stop a turn that hangs, at most", most, _STOP, is_limit=True)
        for name in self.rounds[0].stalls:
            yield Target(f"ms without the event loop: {name}", self._stall(name) * 1e3, _STALL, is_limit=True)
        not_idle = max(each.overdue.overdue - each.overdue.idle for each in self.rounds)
        yield Target("overdue sessions not listed as Idle at once", float(not_idle), 0.0, is_limit=True)
        yield Target("messages without an answer, of many live sessions", float(self._unanswered()), 0.0, is_limit=True)
        for known in self.known:
            yield Target(
                f"s to start up on {known.sessions:,} sessions", known.startup.settled, _STARTUP, is_limit=True
            )
            yield Target(f"MB, starting up on {known.sessions:,}", known.memory / _MB, _MEMORY, is_limit=True)
        yield Target("revival × that of a short history", self._revival(), _REVIVAL, is_limit=True)
        late = median(each.revival.many.p99 * 1e3 for each in self.rounds)
        yield Target("ms p99 of a revival with a long history", late, _REVIVAL_P99, is_limit=True)

    def tables(self) -> Iterator[str]:
        """What others see; what stops, revivals and starts take; many live sessions."""
        yield "ms of an ask in other sessions, in calm and meanwhile: medians of the rounds"
        yield table(
            ("", "asks", "p50 calm", "p50", "p99 calm", "p99", "p99 × calm", "most"),
            map(_row, (*self._disturbed(), *self._arrivals())),
        )
        yield "What was done"
        yield table(("", "", ""), self._done())
        yield "ms to stop a turn that hangs, with five messages behind it"
        yield table(("", "turns", "p50", "p99", "most"), self._stops())
        yield "ms for which nothing else runs, at most: medians of the rounds"
        yield table(("", ""), ((name, short(self._stall(name) * 1e3)) for name in self.rounds[0].stalls))
        yield "ms to revive a session with ten messages in its context"
        yield table(("", "revivals", "p50", "p99", "most"), self._revivals())
        yield f"{self.live.live:,} live sessions with {self.live.messages:,} messages"
        yield table(("", "seconds", "MB in memory"), self._live())
        yield "Starting up on stored sessions"
        yield table(
            ("sessions", "open, s", "accepted, s", "settled, s", "MB of memory"),
            ((f"{each.sessions:,}", *map(short, _started(each))) for each in self.known),
        )

    def _stall(self, name: str) -> float:
        return median(each.stalls[name] for each in self.rounds)

    def _unanswered(self) -> int:
        return self.live.asks.asks - self.live.answered

    def _revival(self) -> float:
        return median(each.revival.many.p50 / each.revival.few.p50 for each in self.rounds)

    def _disturbed(self) -> Iterator[tuple[str, list[Waits], list[Waits]]]:
        """The others in calm and while something goes on, round by round."""
        for name in self.rounds[0].floods:
            floods = [each.floods[name] for each in self.rounds]
            yield f"flood, {name}", [each.calm for each in floods], [each.others for each in floods]
        for name in self.rounds[0].crashes:
            crashes = [each.crashes[name] for each in self.rounds]
            yield f"crashes, {name}", [each.calm for each in crashes], [each.others for each in crashes]
        for name in self.rounds[0].hostile:
            hostile = [each.hostile[name] for each in self.rounds]
            yield f"hostile code, {name}", [each.calm for each in hostile], [each.others for each in hostile]
        overdue = [each.overdue for each in self.rounds]
        yield "after a restart", [each.calm for each in overdue], [each.starting for each in overdue]
        yield "… while all are listed", [each.calm for each in overdue], [each.listing for each in overdue]

    def _arrivals(self) -> Iterator[tuple[str, list[Waits], list[Waits]]]:
        """Likewise, while there is only much to do."""
        for name in self.rounds[0].arrivals:
            arrivals = [each.arrivals[name] for each in self.rounds]
            yield f"new sessions, {name}", [each.calm for each in arrivals], [each.others for each in arrivals]

    def _done(self) -> Iterator[tuple[str, ...]]:
        last = self.rounds[-1]
        for name, flood in last.floods.items():
            sent = f"{flood.accepted:,} accepted, {flood.refused:,} refused with MailboxFullError"
            yield f"flood, {name}", sent, f"{short(flood.took)} s, then `stop` in {short(flood.stopped * 1e3)} ms"
        for name, crashes in last.crashes.items():
            yield (
                f"crashes, {name}",
                f"{crashes.parked:,} parked, {crashes.failures:,} failures",
                f"{short(crashes.took)} s",
            )
        for name, hostile in last.hostile.items():
            yield f"hostile code, {name}", f"{hostile.failed:,} messages failed", f"{short(hostile.took)} s"
        overdue = last.overdue
        listed = f"{overdue.idle:,} of {overdue.overdue:,} overdue sessions listed as Idle"
        yield "restart", listed, f"{short(overdue.listed)} s after the start, open after {short(overdue.opened)} s"

    def _stops(self) -> Iterator[tuple[str, ...]]:
        for name in self.rounds[0].stops:
            yield _waits(name, [each.stops[name] for each in self.rounds])

    def _revivals(self) -> Iterator[tuple[str, ...]]:
        yield _waits("which are all it has", [each.revival.few for each in self.rounds])
        yield _waits("and 100,000 behind them", [each.revival.many for each in self.rounds])

    def _live(self) -> Iterator[tuple[str, ...]]:
        live = self.live
        yield "none", "", short(live.empty / _MB)
        yield f"{live.live:,} revived", short(live.reviving), short(live.quiet / _MB)
        yield "a second in which all are quiet: computed", short(live.computed), ""
        yield f"{live.answered:,} asked and answered", short(live.asking), short(live.asked / _MB)


def _ratio(calm: list[Waits], others: list[Waits]) -> float:
    return median(then.p99 / before.p99 for before, then in zip(calm, others, strict=True))


def _row(disturbed: tuple[str, list[Waits], list[Waits]]) -> tuple[str, ...]:
    name, calm, others = disturbed
    figures = (
        median(each.p50 for each in calm) * 1e3,
        median(each.p50 for each in others) * 1e3,
        median(each.p99 for each in calm) * 1e3,
        median(each.p99 for each in others) * 1e3,
        _ratio(calm, others),
        max(each.most for each in others) * 1e3,
    )
    return (name, f"{sum(each.asks for each in others):,}", *map(short, figures))


def _waits(name: str, waits: list[Waits]) -> tuple[str, ...]:
    p50, p99 = (median(getattr(each, what) for each in waits) * 1e3 for what in ("p50", "p99"))
    most = max(each.most for each in waits) * 1e3
    return (name, f"{sum(each.asks for each in waits):,}", *map(short, (p50, p99, most)))


def _started(known: Known) -> tuple[float, ...]:
    startup = known.startup
    return (startup.entered, startup.accepted, startup.settled, known.memory / _MB)
