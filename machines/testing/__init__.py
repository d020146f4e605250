"""Testing machines by what their diagrams say, on Hypothesis; names of `argentos.machines.modelcheck` are here, too.

`Lifecycle` and `lifecycle_test` are imported when they are first used: they need the extra `argentos[testing]`; so is
`RunnerSystem`, which stands on anyio.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from argentos.errors import MissingExtraError
from argentos.machines.modelcheck import (
    Call,
    Crashes,
    Effect,
    Entry,
    Exploration,
    Killed,
    Linearization,
    Liveness,
    MachineSystem,
    Move,
    Race,
    System,
    Trail,
    Verdict,
    always_reaches,
    crash_everywhere,
    every_choice,
    explore,
    linearizable,
    linearize,
    model_check,
    moves,
    pause,
    race,
    to_promela,
)
from argentos.machines.testing.coverage import Coverage

if TYPE_CHECKING:
    from argentos.machines.testing.lifecycle import Lifecycle, lifecycle_test
    from argentos.machines.testing.runner_system import RunnerSystem

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
    "RunnerSystem",
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


_MODULES = {"Lifecycle": "lifecycle", "lifecycle_test": "lifecycle", "RunnerSystem": "runner_system"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        try:
            return getattr(import_module(f"argentos.machines.testing.{_MODULES[name]}"), name)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"{name} needs the package {error.name}; install it with `pip install 'argentos[testing]'`"
            ) from error
    raise AttributeError(f"module 'argentos.machines.testing' has no attribute {name!r}")
