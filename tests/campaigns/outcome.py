"""What a campaign saw, in the worker that ran it and in the table that is shown."""

from collections.abc import Sequence

from msgspec import Struct, field

from tests.campaigns.phases import PHASES
from tests.campaigns.rounds import Round


class Outcome(Struct):
    """What a campaign saw.

    Attributes:
        ends: lives that were ended from outside after they had acknowledged something.
        resent: messages sent again because they had no acknowledgement; `stored` says how many were on disk already.
        delivered: deliveries from the outbox; `repeated` says how many were of an id that had come before.
        inside: how many ends fell inside each phase; one may fall inside several.
        broken_off: before how many ends another life had ended between a write of a phase and its flush.
    """

    ends: int = 0
    acknowledged: int = 0
    resent: int = 0
    stored: int = 0
    delivered: int = 0
    repeated: int = 0
    torn: int = 0
    parsed: int = 0
    inside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    broken_off: dict[str, int] = field(default_factory=dict[str, int])
    problems: list[str] = field(default_factory=list[str])

    @property
    def fewest(self) -> int:
        """How many ends fell inside the phase that had the fewest."""
        return min(self.inside.values())

    @property
    def first_problems(self) -> str:
        """So many of them as one can read."""
        return "\n".join(self.problems[:20])

    def count_end(self, round_: Round, inside: set[str]) -> None:
        """A life was ended inside of these phases."""
        stored = round_.newly_stored()
        self.ends += 1
        self.stored += stored
        self.resent += round_.unacknowledged
        # What is in the journal without an acknowledgement was caught between the two.
        for phase in self.inside.keys() & (inside | {"accept"} if stored else inside):
            self.inside[phase] += 1

    def count_broken_off(self, phases: set[str]) -> None:
        """Before the last end another life was broken off in these phases."""
        for phase in phases:
            self.broken_off[phase] += 1

    def count_round(self, round_: Round) -> None:
        """A round is over."""
        self.acknowledged += round_.ledger.count
        delivered, repeated = round_.deliveries.counts
        self.delivered += delivered
        self.repeated += repeated
        self.torn += round_.files.torn
        self.parsed += round_.files.parsed

    def table(self, title: str, least: int) -> str:
        """All of it, to be shown."""
        return "\n".join(
            (
                f"\n{title}: {self.ends:,} ends",
                *(f"  inside {phase:<15}{self.inside[phase]:>7,}   at least {least}" for phase in self.inside),
                *(f"  after one before a flush: {phase:<15}{count:>4,}" for phase, count in self.broken_off.items()),
                f"  acknowledged {self.acknowledged:,}",
                f"  sent again {self.resent:,}, of which {self.stored:,} were on disk",
                f"  delivered {self.delivered:,}, of which {self.repeated:,} again",
                f"  torn commits set aside {self.torn:,}",
                f"  JSON files parsed {self.parsed:,}; problems {len(self.problems)}\n",
            )
        )


def sum_of(outcomes: Sequence[Outcome]) -> Outcome:
    """What several workers saw of the same campaign."""
    total = Outcome(inside=dict.fromkeys(outcomes[0].inside, 0), broken_off=dict.fromkeys(outcomes[0].broken_off, 0))
    for each in outcomes:
        total.ends += each.ends
        total.acknowledged += each.acknowledged
        total.resent += each.resent
        total.stored += each.stored
        total.delivered += each.delivered
        total.repeated += each.repeated
        total.torn += each.torn
        total.parsed += each.parsed
        total.broken_off = {phase: total.broken_off[phase] + each.broken_off[phase] for phase in total.broken_off}
        total.inside = {phase: total.inside[phase] + each.inside[phase] for phase in total.inside}
        total.problems += each.problems
    return total
