"""The lifecycles of this program, by the names under which documents claim to show them."""

from collections.abc import Mapping
from typing import Final

from argentos.machines.lifecycles.compaction import COMPACTION
from argentos.machines.lifecycles.pairing import PAIRING
from argentos.machines.lifecycles.session import SESSION
from argentos.machines.lifecycles.supervision import SUPERVISION
from argentos.machines.lifecycles.turn import TURN
from argentos.machines.machine import Machine

__all__ = ["MACHINES"]

MACHINES: Final[Mapping[str, Machine]] = {
    "session": SESSION,
    "turn": TURN,
    "compaction": COMPACTION,
    "supervision": SUPERVISION,
    "pairing": PAIRING,
}
"""The machines of this program, by the names that documents claim."""
