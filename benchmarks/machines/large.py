"""Texts as large as machines get: 500 states in a row, and 5,000 edges between 900."""

from typing import Any, Final

from transitions import Machine as Peer

__all__ = ["CHAIN", "LINES", "built_by_transitions"]

_LENGTH: Final = 500

CHAIN: Final = "stateDiagram-v2\n[*] --> S0: made\n" + "".join(
    f"S{number} --> S{number + 1}: next [is_ok] / log\n" for number in range(_LENGTH - 1)
)
LINES: Final = "stateDiagram-v2\n[*] --> S0\n" + "".join(
    f"S{number % 900} --> S{number * 7 % 900}: next{number} [is_ok] / log\n" for number in range(5_000)
)


def built_by_transitions() -> Any:
    """The row of 500 states, as transitions has it; without a model, and without the events that lead to each state."""
    rows = [
        {"trigger": "next", "source": f"S{number}", "dest": f"S{number + 1}", "conditions": "is_ok", "after": "log"}
        for number in range(_LENGTH - 1)
    ]
    states = [f"S{number}" for number in range(_LENGTH)]
    return Peer(model=None, states=states, transitions=rows, initial="S0", auto_transitions=False)
