"""XState under node, where there is one."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from benchmarks.machines.lifecycle import EDGES, FIRST, STATES, TAKEN, WALK, Step

__all__ = ["Node", "NodeMissingError"]

_HERE: Final = Path(__file__).parent
_PATIENCE: Final = 300.0  # seconds


class NodeMissingError(Exception):
    """There is no node, or XState cannot be installed; the sentence says which."""


class Node:
    """XState, installed by npm.

    Args:
        folder: where to install; nothing is written elsewhere.

    Attributes:
        version: of node.

    Raises:
        NodeMissingError: it cannot be.
    """

    def __init__(self, folder: Path) -> None:
        self._node, npm = _found("node"), _found("npm")
        self.version = _said([self._node, "--version"])
        for name in ("package.json", "xstate.mjs"):
            shutil.copy(_HERE / name, folder)
        self._script = folder / "xstate.mjs"
        try:
            _said([npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--no-package-lock"])
        except (OSError, subprocess.SubprocessError) as error:
            raise NodeMissingError(f"npm did not install XState ({error})") from error

    def run(self, what: str, amount: float) -> bytes:
        """Run one measurement, and return what it printed.

        Raises:
            click.ClickException: it failed; its last words are in the sentence.
        """
        try:
            return _said([self._node, "--expose-gc", str(self._script), what, str(amount)], _lifecycle()).encode()
        except subprocess.CalledProcessError as error:
            raise click.ClickException(f"xstate.mjs {what} failed: {error.stderr.strip()[-300:]}") from error


def _found(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise NodeMissingError(f"{name} is not installed")
    return path


def _said(command: Sequence[str], given: bytes = b"") -> str:
    done = subprocess.run(  # noqa: S603 - node and npm, wherever they are, on our own files
        command, input=given.decode(), capture_output=True, check=True, text=True, timeout=_PATIENCE
    )
    return done.stdout.strip()


def _lifecycle() -> bytes:
    return msgspec.json.encode(
        {
            "states": STATES,
            "edges": [edge._asdict() for edge in EDGES],
            "first": _event(FIRST),
            "walk": [_event(step) for step in WALK],
            "taken": TAKEN,
        }
    )


def _event(step: Step) -> dict[str, object]:
    return {"type": step.event, "facts": vars(step.facts)}
