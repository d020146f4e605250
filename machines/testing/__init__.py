"""Testing machines by what their diagrams say.

Each name is imported when it is first used: some of the modules need Hypothesis, the extra `argentos[testing]`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from argentos.machines.testing.coverage import Coverage
    from argentos.machines.testing.crash import Crashes, Killed, crash_everywhere
    from argentos.machines.testing.exploration import Exploration, explore
    from argentos.machines.testing.lifecycle import Lifecycle, lifecycle_test
    from argentos.machines.testing.linear import Call, Linearization, linearizable, linearize
    from argentos.machines.testing.liveness import Liveness, always_reaches
    from argentos.machines.testing.outcomes import Move, moves
    from argentos.machines.testing.promela import Trail, to_promela
    from argentos.machines.testing.schedules import Race, every_choice, pause, race
    from argentos.machines.testing.spin import Verdict, model_check
    from argentos.machines.testing.system import Effect, Entry, MachineSystem, System

__all__ = [
    "Call",
    "Coverage",
    "Crashes",
    "Effect",
    "Entry",
    "Exploration",
    "Killed",
    "Lifecycle",
    "Linearization",
    "Liveness",
    "MachineSystem",
    "Move",
    "Race",
    "System",
    "Trail",
    "Verdict",
    "always_reaches",
    "crash_everywhere",
    "every_choice",
    "explore",
    "lifecycle_test",
    "linearizable",
    "linearize",
    "model_check",
    "moves",
    "pause",
    "race",
    "to_promela",
]

_MODULES: Final = {
    "coverage": {"Coverage"},
    "crash": {"Crashes", "Killed", "crash_everywhere"},
    "exploration": {"Exploration", "explore"},
    "lifecycle": {"Lifecycle", "lifecycle_test"},
    "linear": {"Call", "Linearization", "linearizable", "linearize"},
    "liveness": {"Liveness", "always_reaches"},
    "outcomes": {"Move", "moves"},
    "promela": {"Trail", "to_promela"},
    "schedules": {"Race", "every_choice", "pause", "race"},
    "spin": {"Verdict", "model_check"},
    "system": {"Effect", "Entry", "MachineSystem", "System"},
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"argentos.machines.testing.{module}"), name)
    raise AttributeError(f"module 'argentos.machines.testing' has no attribute {name!r}")
