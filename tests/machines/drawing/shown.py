"""The diagrams of which the documents show pictures; `python -m tests.machines.drawing.shown` draws them."""

from pathlib import Path
from typing import Final

from argentos.machines import Diagram
from argentos.machines.drawing import Theme, draw
from argentos.machines.lifecycles.turn import TURN

__all__ = ["SHOWN"]

_KEYBOARD: Final = """\
---
title: A keyboard
---
stateDiagram-v2
    [*] --> Off: Built
    Off: entry / beep
    Off: exit / say hello
    Off --> On: Power pressed [has_power]
    state "The keyboard is on 🎉" as On {
        [*] --> NumLockOff
        NumLockOff --> NumLockOn: Num pressed
        NumLockOn --> NumLockOff: Num pressed
        --
        [*] --> CapsLockOff
        CapsLockOff --> CapsLockOn: Caps pressed
        CapsLockOn --> CapsLockOff: Caps pressed
        CapsLockOn --> CapsLockOff: All released
        --
        [*] --> Quiet
        state Quiet {
            [*] --> Dark
            Dark --> Lit: Key pressed
            Lit --> Dark: after a_second
        }
        Quiet --> Counting: Count started
        state enough <<choice>>
        Counting --> enough: Key pressed
        enough --> Quiet: [is_enough]
        enough --> Counting: else
        note left of Counting : counts the keys that are pressed, 漢字も
    }
    On --> Off: Power pressed
    On --> On: Reset
    On --> On: Reset of all regions
    Lit --> Broken: Struck [not is_hard]
    On --> Sleeping: after an_hour
    Sleeping --> On: Key pressed
    Sleeping --> Sleeping: turn over
    note right of Sleeping
        Uses no power,
        and remembers nothing
    end note
    Broken --> [*]: Thrown away
"""

SHOWN: Final[dict[str, tuple[str, Theme]]] = {
    "keyboard": (_KEYBOARD, "light"),
    "turn": (TURN.diagram.to_mermaid(), "dark"),
}


def _draw_all() -> None:
    for name, (text, theme) in SHOWN.items():
        path = Path(__file__).parents[3] / "docs" / "images" / f"{name}.svg"
        path.write_text(draw(Diagram.parse(text), "svg", theme=theme), encoding="utf-8")


if __name__ == "__main__":
    _draw_all()
