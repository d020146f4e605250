"""The lifecycle of a pairing: from the first message of an unknown sender to the sessions that senders share.

`diagrams/pairing.mmd` is the lifecycle of one sender, a user of a platform as one account of ours knows them;
`BINDINGS` gives its labels a meaning. The rest of the program asks `PAIRING.decide` and obeys.

How events come about
=====================
`heard_of` is raised when anything is asked about a sender of whom nothing is written down: such a one is `Unknown`.
`code_asked_for` is offered when a sender writes whom nobody knows; a sender whose code is valid gets no second one, and
one who was refused none at all. `code_expired` is raised by the timer of its state, which counts from when the code was
made, also over restarts. The others are words of the owner. A sender whose last partner leaves is unlinked, too.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from argentos.machines.bindings import Binding
from argentos.machines.lifecycles.reading import diagram
from argentos.machines.machine import Machine

__all__ = [
    "ADMITTED",
    "APPROVE",
    "BINDINGS",
    "CODE_ASKED_FOR",
    "CODE_EXPIRED",
    "DENY",
    "EXPIRED",
    "HEARD_OF",
    "LINK",
    "LINKED",
    "PAIRING",
    "REFUSED",
    "REQUESTED",
    "UNKNOWN",
    "UNLINK",
    "PairingFacts",
]


class PairingFacts(Protocol):
    """Facts that the guards of a pairing ask for."""

    @property
    def may_ask(self) -> bool:
        """The account gives codes to those who write to it directly."""
        ...

    @property
    def is_heard_now(self) -> bool:
        """The message was sent a moment ago: it is none of a backlog."""
        ...

    @property
    def has_place(self) -> bool:
        """Few enough codes of the account are valid, or the sender is known at another one."""
        ...

    @property
    def code_is_over(self) -> bool:
        """The time is over in which the code is valid."""
        ...


BINDINGS: Final[Mapping[str, Binding]] = {
    "Heard of": Binding("heard_of"),
    "Code asked for": Binding(
        "code_asked_for", guards=("may_ask", "is_heard_now", "has_place"), effects=("make_code",)
    ),
    "Code expired": Binding("code_expired", guards=("code_is_over",), timer="code_life", effects=("drop_code",)),
    "Approve": Binding("approve", effects=("drop_code",)),
    "Deny": Binding("deny", effects=("drop_code", "leave")),
    "Link": Binding("link", effects=("join",)),
    "Unlink": Binding("unlink", effects=("leave",)),
}

PAIRING: Final = Machine(diagram("pairing"), BINDINGS, facts=PairingFacts, stored=True)
"""The lifecycle of a pairing, as `diagrams/pairing.mmd` draws it."""

UNKNOWN: Final = PAIRING.state("Unknown")
REQUESTED: Final = PAIRING.state("Requested")
EXPIRED: Final = PAIRING.state("Expired")
REFUSED: Final = PAIRING.state("Refused")
LINKED: Final = PAIRING.state("Linked")

ADMITTED: Final = frozenset({PAIRING.state("Approved"), LINKED, PAIRING.state("Unlinked")})
"""The states of senders whom the owner has let in."""

HEARD_OF: Final = PAIRING.event("heard_of")
CODE_ASKED_FOR: Final = PAIRING.event("code_asked_for")
CODE_EXPIRED: Final = PAIRING.event("code_expired")
APPROVE: Final = PAIRING.event("approve")
DENY: Final = PAIRING.event("deny")
LINK: Final = PAIRING.event("link")
UNLINK: Final = PAIRING.event("unlink")
