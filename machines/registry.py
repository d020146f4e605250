"""The machines of this program, by the names under which documents claim to show them."""

from collections.abc import Mapping
from typing import Final

from argentos.machines.machine import Machine
from argentos.machines.session import SESSION
from argentos.machines.supervision import SUPERVISION

__all__ = ["MACHINES"]

MACHINES: Final[Mapping[str, Machine]] = {"session": SESSION, "supervision": SUPERVISION}
