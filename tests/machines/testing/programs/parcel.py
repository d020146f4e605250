"""A parcel with returns, written by hand: nothing of it is read from its diagram."""

from typing import Final

DIAGRAM: Final = """\
stateDiagram-v2
    [*] --> Ordered: order
    Ordered --> Packed: pack / weigh
    Ordered --> Cancelled: cancel / refund
    Packed --> Shipped: ship [is_paid] / print, notify
    Packed --> Cancelled: cancel [not is_paid] / restock
    state Shipped {
        [*] --> AtHub
        AtHub --> InVan: load
        InVan --> AtHub: unload / scan
        InVan --> AtDoor: arrive
        AtDoor --> InVan: nobody home [may_call_again] / leave card
    }
    Shipped : entry / insure<br>exit / uninsure
    Shipped --> Lost: after 14d / search
    AtDoor --> Delivered: hand over [is_signed or is_known] / notify
    AtDoor --> AtShop: nobody home [not may_call_again] / leave card, store
    AtShop --> Delivered: collect [has_code and not is_blocked] / notify
    AtShop --> Returning: after 7d / notify
    Delivered --> Returning: send back [is_intact] / print
    Delivered --> [*]: after 30d / archive
    Returning --> Returned: arrive / refund, restock
    Returning --> Lost: after 14d / search
    Lost --> Returned: give up / refund
    Lost --> Shipped: found / apologise
    Returned --> [*]: archive
    Cancelled --> [*]: archive
"""

DAY: Final = 86_400.0
CALLS: Final = 2
ON_THE_WAY: Final = ("AtHub", "InVan", "AtDoor")
MOVES: Final[dict[tuple[str, str], tuple[str, tuple[str, ...]]]] = {
    ("[*]", "order"): ("Ordered", ()),
    ("Ordered", "pack"): ("Packed", ("weigh",)),
    ("Ordered", "cancel"): ("Cancelled", ("refund",)),
    ("Packed", "ship"): ("AtHub", ("print", "notify")),
    ("Packed", "cancel"): ("Cancelled", ("restock",)),
    ("AtHub", "load"): ("InVan", ()),
    ("InVan", "unload"): ("AtHub", ("scan",)),
    ("InVan", "arrive"): ("AtDoor", ()),
    ("AtDoor", "hand_over"): ("Delivered", ("notify",)),
    ("AtShop", "collect"): ("Delivered", ("notify",)),
    ("Delivered", "send_back"): ("Returning", ("print",)),
    ("Returning", "arrive"): ("Returned", ("refund", "restock")),
    ("Lost", "give_up"): ("Returned", ("refund",)),
    ("Lost", "found"): ("AtHub", ("apologise",)),
    ("Returned", "archive"): ("[end]", ()),
    ("Cancelled", "archive"): ("[end]", ()),
}
WAITS: Final = {
    "AtShop": (7 * DAY, "Returning", "notify"),
    "Delivered": (30 * DAY, "[end]", "archive"),
    "Returning": (14 * DAY, "Lost", "search"),
    **dict.fromkeys(ON_THE_WAY, (14 * DAY, "Lost", "search")),
}


class Parcel:
    """A parcel that is brought to a door twice, and then to a shop."""

    def __init__(self) -> None:
        self.now = 0.0
        self.state = "[*]"
        self.calls = 0
        self.since = 0.0
        self.journal: list[tuple[str, int, float]] = [("[*]", 0, 0.0)]
        self.done: list[tuple[str, ...]] = [()]

    def handle(self, event: str, facts: dict[str, bool]) -> str | None:
        """The fault of the event: the guard that refuses it, nothing where it is unknown; None if it is taken."""
        if (self.state, event) == ("AtDoor", "nobody_home"):
            self.call()
            return None
        if (self.state, event) not in MOVES:
            return ""
        refusal = self.refusal(event, facts)
        if refusal:
            return refusal
        if event == "found":
            self.calls = 0
        self.go(*MOVES[self.state, event])
        return None

    def refusal(self, event: str, facts: dict[str, bool]) -> str:
        if event == "ship" and not facts["is_paid"]:
            return "is_paid"
        if (self.state, event) == ("Packed", "cancel") and facts["is_paid"]:
            return "not is_paid"
        if event == "hand_over" and not (facts["is_signed"] or facts["is_known"]):
            return "is_signed"
        if event == "collect" and not facts["has_code"]:
            return "has_code"
        if event == "collect" and facts["is_blocked"]:
            return "not is_blocked"
        if event == "send_back" and not facts["is_intact"]:
            return "is_intact"
        return ""

    def call(self) -> None:
        if self.calls < CALLS:
            self.calls += 1
            self.go("InVan", ("leave_card",))
        else:
            self.go("AtShop", ("leave_card", "store"))

    def go(self, state: str, effects: tuple[str, ...]) -> None:
        was_insured, is_insured = self.state in ON_THE_WAY, state in ON_THE_WAY
        if was_insured and not is_insured:
            effects = ("uninsure", *effects)
        if is_insured and not was_insured:
            effects = (*effects, "insure")
        if not (was_insured and is_insured):
            self.since = self.now
        self.state = state
        self.journal.append((self.state, self.calls, self.since))
        self.done.append(effects)

    def tick(self, seconds: float) -> None:
        end = self.now + seconds
        while self.state in WAITS:
            wait, target, effect = WAITS[self.state]
            if self.since + wait > end:
                break
            self.now = self.since + wait
            self.go(target, (effect,))
        self.now = end

    def revive(self) -> None:
        self.state, self.calls, self.since = self.journal[-1]
