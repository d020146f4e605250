"""Diagrams with all that machines have, for exchanging."""

from typing import Final

from tests.machines.texts import KEYBOARD

__all__ = ["CHARTS"]

ORDER: Final = """\
stateDiagram-v2
    [*] --> Open: Placed
    state Open {
        [*] --> Cart
        Cart: entry / beep
        Cart: exit / log, mail
        Cart: on Knock [loud] / ring
        Cart --> Paid: Go, turn [x or not y] / count
        Paid --> [*]: Over
        state "[H]" as Again
    }
    Open --> Done
    Open --> Sent: after 3d / refund
    Sent --> Again: Come back [amount > 5 and event.kind in ('a', 'b')]
    Sent: The parcel #35; is on its way
    Done --> [*]: Bye
"""
TASTE: Final = """\
stateDiagram-v2
    state f <<fork>>
    state j <<join>>
    [*] --> Cold
    Cold --> f: start / spark
    Cold --> P: enter
    f --> A1
    f --> B1
    state P {
        [*] --> A0
        A0 --> A1: a
        --
        [*] --> B1
        B1 --> B2: b
    }
    A1 --> j
    B2 --> j
    j --> Cold: / rest
    P --> Cold: stop [is_stopped]
"""
CHARTS: Final = {"keyboard": KEYBOARD, "order": ORDER, "fork and join": TASTE}
