"""A payment with parallel regions, written by hand: nothing of it is read from its diagram."""

from typing import Final, TypeAlias

DIAGRAM: Final = """\
stateDiagram-v2
    [*] --> Open: create
    state Open {
        [*] --> Unpaid
        Unpaid --> Authorized: authorize [is_covered]
        Authorized --> Captured: capture
        Authorized --> Unpaid: after 15m
        Captured --> Refunding: refund
        Refunding --> Unpaid: refunded
        --
        [*] --> Unchecked
        Unchecked --> Cleared: clear
        Unchecked --> Suspicious: flag
        Suspicious --> Cleared: clear [by_human]
        Suspicious --> Unchecked: after 15m
    }
    Open --> Closed: close [is_settled]
    Open --> Blocked: block
    Open --> Expired: after 3d
    Blocked --> Open: unblock
    Blocked --> Closed: after 30d
    Closed --> [*]: archive
    Expired --> [*]: archive
"""

DAY: Final = 86_400.0
LAPSE: Final = 900.0
_Moves: TypeAlias = dict[tuple[str, str], tuple[str, str]]

MONEY: Final[_Moves] = {
    ("Unpaid", "authorize"): ("Authorized", "is_covered"),
    ("Authorized", "capture"): ("Captured", ""),
    ("Captured", "refund"): ("Refunding", ""),
    ("Refunding", "refunded"): ("Unpaid", ""),
}
CHECKS: Final[_Moves] = {
    ("Unchecked", "clear"): ("Cleared", ""),
    ("Unchecked", "flag"): ("Suspicious", ""),
    ("Suspicious", "clear"): ("Cleared", "by_human"),
}
PHASES: Final[_Moves] = {
    ("[*]", "create"): ("Open", ""),
    ("Open", "close"): ("Closed", "is_settled"),
    ("Open", "block"): ("Blocked", ""),
    ("Blocked", "unblock"): ("Open", ""),
    ("Closed", "archive"): ("[end]", ""),
    ("Expired", "archive"): ("[end]", ""),
}


class Payment:
    """Money on the one side, suspicion on the other."""

    def __init__(self) -> None:
        self.now = 0.0
        self.phase = "[*]"
        self.money = ""
        self.check = ""
        self.opened = self.paid = self.checked = 0.0
        self.journal: list[tuple[str, str, str, str, float, float, float]] = []
        self.save()

    @property
    def state(self) -> str:
        return f"{self.money} & {self.check}" if self.phase == "Open" else self.phase

    def handle(self, event: str, facts: dict[str, bool]) -> str | None:
        """The fault of the event: the guard that refuses it, nothing where it is unknown; None if it is taken."""
        for moves, state, go in (
            (MONEY, self.money if self.phase == "Open" else "", self.pay),
            (CHECKS, self.check if self.phase == "Open" else "", self.look),
            (PHASES, self.phase, self.go),
        ):
            if (state, event) in moves:
                target, guard = moves[state, event]
                if guard and not facts[guard]:
                    return guard
                go(target)
                return None
        return ""

    def pay(self, money: str) -> None:
        self.money, self.paid = money, self.now
        self.save()

    def look(self, check: str) -> None:
        self.check, self.checked = check, self.now
        self.save()

    def go(self, phase: str) -> None:
        self.phase = phase
        self.opened = self.now
        if phase == "Open":
            self.money, self.check = "Unpaid", "Unchecked"
            self.paid = self.checked = self.now
        self.save()

    def save(self) -> None:
        times = self.opened, self.paid, self.checked
        self.journal.append((self.state, self.phase, self.money, self.check, *times))

    def revive(self) -> None:
        _, self.phase, self.money, self.check, self.opened, self.paid, self.checked = self.journal[-1]

    def due(self) -> list[tuple[float, str]]:
        """The next deeds of time, and when; those due together come from the outermost state first."""
        if self.phase == "Blocked":
            return [(self.opened + 30 * DAY, "Closed")]
        found: list[tuple[float, str]] = []
        if self.phase == "Open":
            found.append((self.opened + 3 * DAY, "Expired"))
            if self.money == "Authorized":
                found.append((self.paid + LAPSE, "Unpaid"))
            if self.check == "Suspicious":
                found.append((self.checked + LAPSE, "Unchecked"))
        return sorted(found, key=lambda each: each[0])

    def tick(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.due()) and due[0][0] <= end:
            self.now, target = due[0]
            if target == "Unpaid":
                self.pay(target)
            elif target == "Unchecked":
                self.look(target)
            else:
                self.go(target)
        self.now = end
