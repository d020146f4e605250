"""Bugs to plant into the programs written by hand: each a text of the program, and what stands there instead."""

from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from tests.machines.testing.programs.driven import Program

__all__ = ["PLANTED", "Planted"]


class Planted(NamedTuple):
    """A bug.

    Attributes:
        file: the program's, without `.py`.
        why: in a sentence.
    """

    file: str
    why: str
    text: str
    instead: str

    def program(self) -> type[Program]:
        """The program with the bug in it."""
        source = (Path(__file__).parent / f"{self.file}.py").read_text(encoding="utf-8")
        if source.count(self.text) != 1:
            raise AssertionError(f"{self.why}: its text stands {source.count(self.text)} times in {self.file}.py")
        names: dict[str, Any] = {"__name__": self.file}
        exec(source.replace(self.text, self.instead), names)  # noqa: S102 - our own program
        return cast("type[Program]", names[self.file.title()])


PLANTED: Final = tuple(
    Planted(*each)
    for each in (
        ("job", "a job is tried once more than it may be", "self.attempts < ATTEMPTS", "self.attempts <= ATTEMPTS"),
        ("job", "a job is tried once less than it may be", "self.attempts < ATTEMPTS", "self.attempts + 1 < ATTEMPTS"),
        (
            "job",
            "a job that is revived has no attempts left",
            """            if self.state == "Dead":
                self.attempts = 0
""",
            "",
        ),
        (
            "job",
            "attempts are forgotten in a restart",
            "self.state, self.attempts, self.since = self.journal[-1]",
            "(self.state, _, self.since), self.attempts = self.journal[-1], 0",
        ),
        (
            "job",
            "a wait begins anew with a restart",
            "self.state, self.attempts, self.since = self.journal[-1]",
            "self.state, self.attempts, self.since = *self.journal[-1][:2], self.now",
        ),
        ("job", "what is due is done a moment late", "if self.since + wait > end:", "if self.since + wait >= end:"),
        ("job", "a lease lasts twice as long", '"Claimed": (30.0, "Queued")', '"Claimed": (60.0, "Queued")'),
        (
            "job",
            "a job that is paused may take too long",
            '    "Running": (3_600.0, "Failing"),',
            '    "Running": (3_600.0, "Failing"),\n    "Paused": (3_600.0, "Failing"),',
        ),
        ("job", "a job that is cancelled is never killed", '    "Cancelling": (10.0, "Killed"),\n', ""),
        ("job", "a job without inputs runs", '"Running" if facts["has_inputs"] else "Rejected"', '"Running"'),
        ("job", "a job that waits cannot be cancelled", '    ("Waiting", "cancel"): "Cancelled",\n', ""),
        ("job", "a job that was killed is never forgotten", '    ("Killed", "forget"): END,\n', ""),
        (
            "job",
            "a job that is being checked can be cancelled",
            '    ("Checking", "accept")',
            '    ("Checking", "cancel"): "Cancelling",\n    ("Checking", "accept")',
        ),
        (
            "job",
            "the pause before a retry counts from the failure",
            "        self.since = self.now\n",
            '        self.since = self.since if state == "Waiting" else self.now\n',
        ),
        ("payment", "an authorization needs no cover", '("Authorized", "is_covered")', '("Authorized", "")'),
        ("payment", "anybody clears what is suspicious", '("Cleared", "by_human")', '("Cleared", "")'),
        (
            "payment",
            "money that lapses takes the suspicion with it",
            '            if target == "Unpaid":\n',
            '            if target == "Unpaid":\n                self.check = "Unchecked"\n',
        ),
        (
            "payment",
            "a suspicion begins anew with every move of the money",
            "        self.money, self.paid = money, self.now\n",
            "        self.money, self.paid, self.checked = money, self.now, self.now\n",
        ),
        (
            "payment",
            "a payment that is unblocked expires as if it had been open all the time",
            "        self.opened = self.now\n",
            '        self.opened = self.opened if phase == "Open" else self.now\n',
        ),
        (
            "payment",
            "a payment that is unblocked keeps its suspicion",
            'self.money, self.check = "Unpaid", "Unchecked"',
            'self.money, self.check = "Unpaid", self.check or "Unchecked"',
        ),
        (
            "payment",
            "a payment that is being refunded never expires",
            "            found.append((self.opened + 3 * DAY",
            '            _ = self.money == "Refunding" or found.append((self.opened + 3 * DAY',
        ),
        (
            "payment",
            "a suspicion is lost in a restart",
            "        _, self.phase, self.money, self.check, self.opened, self.paid, self.checked = self.journal[-1]\n",
            """        _, self.phase, self.money, _, self.opened, self.paid, self.checked = self.journal[-1]
        self.check = "Unchecked" if self.check == "Suspicious" else self.check
""",
        ),
        (
            "payment",
            "a refund of what is suspicious leaves the money captured",
            "        self.money, self.paid = money, self.now\n",
            """        self.money = "Captured" if (money, self.check) == ("Refunding", "Suspicious") else money
        self.paid = self.now
""",
        ),
        (
            "payment",
            "a payment that is blocked with captured money is never closed",
            'if self.phase == "Blocked":',
            'if self.phase == "Blocked" and self.money != "Captured":',
        ),
        (
            "door",
            "the spring is wound up again by a restart",
            "self.state, self.swung = self.journal[-1]",
            "self.state, self.swung = self.journal[-1][0], self.now",
        ),
        (
            "door",
            "a door that is kicked twice keeps its time",
            "        self.state, self.swung = state, self.now\n",
            "        self.state, self.swung = state, self.swung if state == self.state else self.now\n",
        ),
        ("door", "a jammed lock opens", '("has_key", "not is_jammed")', '("has_key",)'),
        (
            "door",
            "a locked door can be pushed",
            '    ("Open", "pull")',
            '    ("Locked", "push"): ("Open", ("is_free",)),\n    ("Open", "pull")',
        ),
        ("door", "the spring is a moment slow", "+ SPRINGS[self.state] <= end", "+ SPRINGS[self.state] < end"),
        (
            "door",
            "a door that was removed is there again after a restart",
            "        self.journal.append((self.state, self.swung))\n",
            "        if state != '[end]':\n            self.journal.append((self.state, self.swung))\n",
        ),
        # Guards
        (
            "parcel",
            "an unpaid parcel is shipped",
            'if event == "ship" and not facts["is_paid"]:',
            'if event == "shop":',
        ),
        (
            "parcel",
            "what is paid can be cancelled once it is packed",
            'if (self.state, event) == ("Packed", "cancel") and facts["is_paid"]:',
            'if (self.state, event) == ("Packed", "cancel") and not facts:',
        ),
        (
            "parcel",
            "a parcel that somebody known to us takes needs a signature, too",
            'not (facts["is_signed"] or facts["is_known"])',
            'not facts["is_signed"]',
        ),
        (
            "parcel",
            "a code that is blocked still opens the shop",
            'and facts["is_blocked"]',
            'and not facts["has_code"]',
        ),
        ("parcel", "a door is called at once too often", "self.calls < CALLS", "self.calls <= CALLS"),
        (
            "parcel",
            "a parcel that was found is called for no more",
            """        if event == "found":
            self.calls = 0
""",
            "",
        ),
        (
            "oven",
            "what is unsafe may be heated once more",
            """            case "Ready", "more":
                if not facts["is_safe"]:""",
            """            case "Ready", "more":
                if not facts:""",
        ),
        ("oven", "a locked door opens", 'if facts["is_locked"]:', "if not facts:"),
        # Timers
        (
            "parcel",
            "fourteen days begin anew with each move on the way",
            """        if not (was_insured and is_insured):
            self.since = self.now
""",
            "        self.since = self.now\n",
        ),
        ("parcel", "the shop keeps a parcel for a fortnight", '"AtShop": (7 * DAY', '"AtShop": (14 * DAY'),
        ("parcel", "what is on its way back is never missed", '    "Returning": (14 * DAY, "Lost", "search"),\n', ""),
        ("parcel", "thirty days are over a moment late", "if self.since + wait > end:", "if self.since + wait >= end:"),
        (
            "oven",
            "twenty minutes begin anew with each change of the heat",
            "if place in BAKING and before not in BAKING:",
            "if place in BAKING:",
        ),
        (
            "oven",
            "twenty minutes go on while the door is open",
            "if place in BAKING and before not in BAKING:",
            'if place in BAKING and before not in (*BAKING, "Open"):',
        ),
        (
            "oven",
            "an oven that was killed counts its minutes anew",
            "self.since, self.baking = self.journal[-1]",
            "self.since, self.baking = *self.journal[-1][:4], self.now",
        ),
        ("oven", "an alarm never ends", '        if self.place == "Alarm":', '        if self.place == "Alarms":'),
        # Effects
        (
            "parcel",
            "a parcel in the shop leaves no card",
            'self.go("AtShop", ("leave_card", "store"))',
            'self.go("AtShop", ("store",))',
        ),
        (
            "parcel",
            "a parcel is restocked before it is refunded",
            '("Returned", ("refund", "restock"))',
            '("Returned", ("restock", "refund"))',
        ),
        (
            "parcel",
            "what is lost stays insured",
            "if was_insured and not is_insured:",
            'if was_insured and not is_insured and state != "Lost":',
        ),
        (
            "parcel",
            "a parcel is insured again at each hub",
            "if is_insured and not was_insured:",
            'if is_insured and (not was_insured or state == "AtHub"):',
        ),
        (
            "oven",
            "the light stays on when the alarm begins",
            '("dark", before == "Open", ("Open",))',
            '("dark", before == "Open", ("Open", "Alarm"))',
        ),
        (
            "oven",
            "a door that is opened lets the heat on",
            '("cool", before in BAKING, BAKING)',
            '("cool", before in BAKING, (*BAKING, "Open"))',
        ),
        (
            "oven",
            "the heat goes on before the beep",
            "self.save((*ended, *effects, *entered))",
            "self.save((*ended, *entered, *effects))",
        ),
        # Edges
        (
            "parcel",
            "a parcel can be unloaded at the door",
            '    ("InVan", "arrive")',
            '    ("AtDoor", "unload"): ("AtHub", ("scan",)),\n    ("InVan", "arrive")',
        ),
        ("parcel", "what is lost is found in a van", '("Lost", "found"): ("AtHub"', '("Lost", "found"): ("InVan"'),
        (
            "oven",
            "an oven that cools is never clean",
            '            case "Hot", "clean":',
            '            case "Warming" | "Hot", "clean":',
        ),
        # Hierarchy
        (
            "oven",
            "an oven never fails",
            'return self.leave(event, facts) if refusal == "" else refusal',
            'return self.leave(event, facts) if not refusal and event != "fail" else refusal',
        ),
        (
            "oven",
            "an oven forgets that it was cleaning",
            "            self.memory = before\n",
            '            self.memory = "Warming" if before == "Cleaning" else before\n',
        ),
        (
            "oven",
            "an oven remembers only whether it was baking",
            'self.go(self.memory or "Idle", "hush")',
            'self.go("Warming" if self.memory in BAKING else self.memory or "Idle", "hush")',
        ),
        (
            "oven",
            "a repair remembers what was before",
            'self.go("Idle", "test")',
            'self.go(self.memory or "Idle", "test")',
        ),
    )
)
