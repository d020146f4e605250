"""A door with a lock, written by hand: nothing of it is read from its diagram."""

from typing import Final

DIAGRAM: Final = """\
stateDiagram-v2
    [*] --> Closed: install
    Closed --> Open: push [is_free]
    Open --> Closed: pull
    Open --> Closed: after 30s
    Closed --> Locked: lock [has_key]
    Locked --> Closed: unlock [has_key and not is_jammed]
    Locked --> Ajar: kick
    Ajar --> Ajar: kick
    Ajar --> Closed: after 5s
    Ajar --> [*]: remove
"""

SPRINGS: Final = {"Open": 30.0, "Ajar": 5.0}
MOVES: Final[dict[tuple[str, str], tuple[str, tuple[str, ...]]]] = {
    ("[*]", "install"): ("Closed", ()),
    ("Closed", "push"): ("Open", ("is_free",)),
    ("Open", "pull"): ("Closed", ()),
    ("Closed", "lock"): ("Locked", ("has_key",)),
    ("Locked", "unlock"): ("Closed", ("has_key", "not is_jammed")),
    ("Locked", "kick"): ("Ajar", ()),
    ("Ajar", "kick"): ("Ajar", ()),
    ("Ajar", "remove"): ("[end]", ()),
}


class Door:
    """A door that a spring closes."""

    def __init__(self) -> None:
        self.now = 0.0
        self.state = "[*]"
        self.swung = 0.0
        self.journal: list[tuple[str, float]] = [("[*]", 0.0)]

    def handle(self, event: str, facts: dict[str, bool]) -> str | None:
        """The fault of the event: the guard that refuses it, nothing where it is unknown; None if it is taken."""
        if (self.state, event) not in MOVES:
            return ""
        target, guards = MOVES[self.state, event]
        for guard in guards:
            if facts[guard.removeprefix("not ")] is guard.startswith("not "):
                return guard
        self.swing(target)
        return None

    def swing(self, state: str) -> None:
        self.state, self.swung = state, self.now
        self.journal.append((self.state, self.swung))

    def tick(self, seconds: float) -> None:
        end = self.now + seconds
        if self.state in SPRINGS and self.swung + SPRINGS[self.state] <= end:
            self.now = self.swung + SPRINGS[self.state]
            self.swing("Closed")
        self.now = end

    def revive(self) -> None:
        self.state, self.swung = self.journal[-1]
