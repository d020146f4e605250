"""Spin, run on a machine's model: the one module here that starts processes and writes files, which it removes.

Spin turns the model into a program in C, which is compiled and looks at all that can happen.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argentos.errors import ArgentError
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.promela import REACHES, Trail, read_trail, to_promela

__all__ = ["Verdict", "model_check"]

_FOUND: Final = re.compile(r"depth reached (\d+), errors: (\d+)\s+(\d+) states, stored")
_CUT_SHORT: Final = re.compile("Search not completed|search depth too small")
_DEEPEST: Final = 1_000_000
_MEMORY: Final = 2_048  # MiB
_LARGEST_STATE: Final = 32_768  # bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """Spin's verdict on a property.

    Attributes:
        trail: a life that the property is not true of; None if it holds.
        states: how many of the model's states were looked at.
    """

    name: str
    trail: Trail | None
    states: int

    @property
    def holds(self) -> bool:
        """Tell whether it is true of every life."""
        return self.trail is None

    def __str__(self) -> str:
        """The verdict as a sentence."""
        if self.trail is None:
            return f"{self.name} holds, in all of {self.states} states"
        word, cycle = (", ".join(map(str, moves)) for moves in self.trail)
        return f"{self.name} does not hold: {word}, and then {f'{cycle}, for ever' if cycle else 'nothing'}"


def model_check(
    machine: Machine, *goals: str, properties: Mapping[str, str] | None = None, seconds: float = 60
) -> tuple[Verdict, ...]:
    """Have Spin check that every state can reach a goal, and the properties.

    Args:
        machine: any machine.
        goals: see `to_promela`.
        properties: likewise.
        seconds: for each of the steps: the translation, the compiler, and the search for each property.

    Raises:
        UnknownStateError: the machine never is in a state with the name of a goal.
        ArgentError: Spin or a C compiler is missing, a property is no LTL, or it took too long or too much memory.
    """
    names = [*([REACHES] if goals else []), *(properties or {})]
    with tempfile.TemporaryDirectory(prefix="spin-") as folder:
        spin = _Spin(Path(folder), seconds)
        spin.build(to_promela(machine, *goals, properties=properties))
        return tuple(spin.verdict(machine, name) for name in names)


class _Spin:
    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds

    def build(self, model: str) -> None:
        """Make the program that searches."""
        (self._folder / "model.pml").write_text(model, encoding="utf-8")
        self._run("spin", "-a", "model.pml")
        self._run("cc", "-w", f"-DMEMLIM={_MEMORY}", f"-DVECTORSZ={_LARGEST_STATE}", "-o", "pan", "pan.c")

    def verdict(self, machine: Machine, name: str) -> Verdict:
        """Search for a life that the property is not true of."""
        said = self._run(str(self._folder / "pan"), "-a", f"-m{_DEEPEST}", "-N", name)
        found = _FOUND.search(said)
        if found is None or (_CUT_SHORT.search(said) and found[2] == "0"):
            raise ArgentError(f"Spin could not search for {name} to its end: {_last_line(said)}")
        trail = read_trail(machine, self._follow(name)) if found[2] != "0" else None
        return Verdict(name, trail, int(found[3]))

    def _follow(self, name: str) -> str:
        (trail,) = self._folder.glob("*.trail")
        printed = self._run(str(self._folder / "pan"), "-r", trail.name, "-n", "-N", name)
        trail.unlink()
        return printed

    def _run(self, program: str, *arguments: str) -> str:
        command = shutil.which(program)
        if command is None:
            raise ArgentError(f"{program} is not installed, and Spin needs it; on Debian: apt-get install spin gcc")
        try:
            done = subprocess.run(  # noqa: S603 - programs by name, no shell
                [command, *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ArgentError(
                f"{Path(program).name} took longer than {self._seconds:g} s; allow more seconds"
            ) from None
        if done.returncode:
            raise ArgentError(f"{Path(program).name} failed: {_last_line(done.stdout)}")
        return done.stdout


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["it said nothing"])[-1]
