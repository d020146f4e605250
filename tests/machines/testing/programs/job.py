"""A job with retries, written by hand: nothing of it is read from its diagram."""

from typing import Final

DIAGRAM: Final = """\
stateDiagram-v2
    [*] --> Queued: submit
    Queued --> Claimed: claim
    Queued --> Cancelled: cancel
    Claimed --> Preparing: prepare
    Claimed --> Queued: after 30s
    Preparing --> Running: start [has_inputs]
    Preparing --> Rejected: start [not has_inputs]
    Running --> Paused: pause
    Running --> Cancelling: cancel
    Running --> Checking: finish
    Running --> Failing: crash
    Running --> Failing: after 1h
    Paused --> Running: resume
    Paused --> Cancelling: cancel
    Cancelling --> Cancelled: stopped
    Cancelling --> Killed: after 10s
    Checking --> Succeeded: accept
    Checking --> Failing: refuse
    Failing --> Waiting: retry [may_retry]
    Failing --> Dead: retry [not may_retry]
    Waiting --> Queued: after 60s
    Waiting --> Cancelled: cancel
    Dead --> Queued: revive
    Succeeded --> [*]: after 7d
    Rejected --> [*]: forget
    Cancelled --> [*]: forget
    Killed --> [*]: forget
"""

END: Final = "[end]"
ATTEMPTS: Final = 3
MOVES: Final = {
    ("[*]", "submit"): "Queued",
    ("Queued", "claim"): "Claimed",
    ("Queued", "cancel"): "Cancelled",
    ("Claimed", "prepare"): "Preparing",
    ("Running", "pause"): "Paused",
    ("Running", "cancel"): "Cancelling",
    ("Running", "finish"): "Checking",
    ("Running", "crash"): "Failing",
    ("Paused", "resume"): "Running",
    ("Paused", "cancel"): "Cancelling",
    ("Cancelling", "stopped"): "Cancelled",
    ("Checking", "accept"): "Succeeded",
    ("Checking", "refuse"): "Failing",
    ("Waiting", "cancel"): "Cancelled",
    ("Dead", "revive"): "Queued",
    ("Rejected", "forget"): END,
    ("Cancelled", "forget"): END,
    ("Killed", "forget"): END,
}
WAITS: Final = {
    "Claimed": (30.0, "Queued"),
    "Running": (3_600.0, "Failing"),
    "Cancelling": (10.0, "Killed"),
    "Waiting": (60.0, "Queued"),
    "Succeeded": (7 * 86_400.0, END),
}


class Job:
    """A job that is tried three times."""

    def __init__(self) -> None:
        self.now = 0.0
        self.state = "[*]"
        self.attempts = 0
        self.since = 0.0
        self.journal: list[tuple[str, int, float]] = [("[*]", 0, 0.0)]

    def handle(self, event: str, facts: dict[str, bool]) -> str | None:
        """The fault of the event: the guard that refuses it, nothing where it is unknown; None if it is taken."""
        if (self.state, event) == ("Preparing", "start"):
            self.go("Running" if facts["has_inputs"] else "Rejected")
        elif (self.state, event) == ("Failing", "retry"):
            self.retry()
        elif (self.state, event) in MOVES:
            if self.state == "Dead":
                self.attempts = 0
            self.go(MOVES[self.state, event])
        else:
            return ""
        return None

    def retry(self) -> None:
        if self.attempts < ATTEMPTS:
            self.attempts += 1
            self.go("Waiting")
        else:
            self.go("Dead")

    def go(self, state: str) -> None:
        self.state = state
        self.since = self.now
        self.journal.append((self.state, self.attempts, self.since))

    def tick(self, seconds: float) -> None:
        end = self.now + seconds
        while self.state in WAITS:
            wait, target = WAITS[self.state]
            if self.since + wait > end:
                break
            self.now = self.since + wait
            self.go(target)
        self.now = end

    def revive(self) -> None:
        self.state, self.attempts, self.since = self.journal[-1]
