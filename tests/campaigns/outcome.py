"""What a campaign saw, in the worker that ran it and in the table that is shown."""

from collections.abc import Iterable

from msgspec import Struct, field

from tests.campaigns.phases import PHASES
from tests.campaigns.rounds import Round


class Outcome(Struct):
    """What a campaign saw.

    Attributes:
        ends: lives that were ended from outside after they had acknowledged something.
        resent: messages sent again because they had no acknowledgement; `stored` says how many were on disk already.
        inside: how many ends fell inside each phase; one may fall inside several.
    """

    ends: int = 0
    acknowledged: int = 0
    resent: int = 0
    stored: int = 0
    torn: int = 0
    parsed: int = 0
    inside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    problems: list[str] = field(default_factory=list[str])

    @property
    def fewest(self) -> int:
        """How many ends fell inside the phase that had the fewest."""
        return min(self.inside[phase] for phase in PHASES)

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
        for phase in inside | {"accept"} if stored else inside:
            self.inside[phase] += 1

    def count_round(self, round_: Round) -> None:
        """A round is over."""
        self.acknowledged += round_.ledger.count
        self.torn += round_.files.torn
        self.parsed += round_.files.parsed

    def table(self, title: str, least: int) -> str:
        """All of it, to be shown."""
        return "\n".join(
            (
                f"\n{title}: {self.ends:,} ends",
                *(f"  inside {phase:<15}{self.inside[phase]:>7,}   at least {least}" for phase in PHASES),
                f"  acknowledged {self.acknowledged:,}",
                f"  sent again {self.resent:,}, of which {self.stored:,} were on disk",
                f"  torn commits set aside {self.torn:,}",
                f"  JSON files parsed {self.parsed:,}; problems {len(self.problems)}\n",
            )
        )


def sum_of(outcomes: Iterable[Outcome]) -> Outcome:
    """What several workers saw."""
    total = Outcome()
    for each in outcomes:
        total.ends += each.ends
        total.acknowledged += each.acknowledged
        total.resent += each.resent
        total.stored += each.stored
        total.torn += each.torn
        total.parsed += each.parsed
        total.inside = {phase: total.inside[phase] + each.inside[phase] for phase in PHASES}
        total.problems += each.problems
    return total
