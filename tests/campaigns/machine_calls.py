"""Calls of the campaign of the edge: machines, their runners and files, and settings, given nonsense."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import anyio

from argentos import Config, RoutingSettings
from argentos.machines import Diagram, Machine, Position, Runner, compare, migrate, step
from argentos.machines.exchange import NOTATIONS, convert, from_scxml, from_xstate, to_scxml, to_xstate
from argentos.storage import SnapshotFile
from tests.campaigns.odd import Odd

__all__ = ["MachineCalls"]

_DOOR: Final = """stateDiagram-v2
    [*] --> Shut
    state Open {
        [*] --> Ajar
        Ajar --> Wide: push
    }
    Shut --> Open: push / ring
    Open --> Shut: pull [is_free]
    Open --> Shut: after 10 seconds
    Shut --> [*]: lock
"""
_SETTINGS: Final = """{
  "agents": {"defaults": {"session": {"maxContextTokens": 5000, "compactionThreshold": 0.85, "idleAfter": 60}}},
  "routes": [{"agent": "main", "channel": "chat"}],
  "channels": {"chat": {"policy": "pairing", "accounts": {"family": {"policy": "allow-list", "allow": ["1"]}}}}
}
"""
_SHUT: Final = Machine(Diagram.parse(_DOOR))

Work = Callable[[], Awaitable[None]]


class _Free:
    is_free = True


class MachineCalls:
    """Chooses what to call.

    Args:
        odd: makes the values.
        folder: for snapshots and settings.
    """

    def __init__(self, odd: Odd, folder: Path) -> None:
        self._odd = odd
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._scxml = to_scxml(_SHUT).result
        self._xstate = json.dumps(to_xstate(_SHUT).result)
        self._pure: dict[str, Callable[[], object]] = {
            "Diagram.parse": lambda: Machine(Diagram.parse(self._text(_DOOR))),
            "Diagram.from_markdown": lambda: Diagram.from_markdown(self._text(f"# A\n```mermaid\n{_DOOR}```\n")),
            "Machine": lambda: Machine(Diagram.parse(_DOOR), self._bindings()),
            "from_scxml": lambda: from_scxml(self._text(self._scxml)),
            "from_xstate": lambda: from_xstate(self._text(self._xstate)),
            "convert": lambda: convert(self._text(_DOOR), self._notation(), self._notation()),
            "compare": lambda: compare(_SHUT, Machine(Diagram.parse(self._text(_DOOR)))),
            "step": lambda: step(_SHUT, Position("Shut", {}), str(self._odd.value()), _Free()),
            "Config.load": lambda: Config.load(self._settings(), self._odd.argument("agent")),
            "RoutingSettings.load": lambda: RoutingSettings.load(self._settings(), self._odd.argument("agent")),
        }

    def choice(self) -> tuple[str, Work]:
        """A name, and what it does."""
        name = self._odd.random.choice(("Runner", "Runner", "migrate", *self._pure))
        if name == "Runner":
            return name, self._run
        if name == "migrate":
            return name, self._migrate

        async def work() -> None:
            self._pure[name]()

        return name, work

    def _text(self, meant: str) -> Any:
        return self._odd.value() if self._odd.random.random() < 0.1 else self._odd.mangled(meant)

    def _notation(self) -> Any:
        return self._odd.random.choice((*NOTATIONS, self._odd.value()))

    def _bindings(self) -> Any:
        labels = ("push", "pull", "lock", self._odd.value())
        try:
            return {label: self._odd.value() for label in self._odd.random.sample(labels, 2)}
        except TypeError:  # no key
            return self._odd.value()

    def _settings(self) -> Path:
        (self._folder / "argent.json").write_text(self._odd.mangled(_SETTINGS), "utf-8", "surrogatepass")
        return self._folder

    # Runners ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """A life, maybe one that goes on with a file that somebody has changed, and some calls in it."""
        path = self._folder / "door.json"
        if path.exists() and self._odd.random.random() < 0.3:
            changed = self._odd.mangled(path.read_text("utf-8", "replace"))
            path.write_text(changed, "utf-8", "surrogatepass")
        try:
            await self._live(path)
        finally:
            if self._odd.random.random() < 0.3:
                path.unlink(missing_ok=True)

    async def _live(self, path: Path) -> None:
        async with Runner(_SHUT, _Free(), effects={"ring": lambda: None}, store=SnapshotFile(path), patience=1) as door:
            for _ in range(self._odd.random.randrange(1, 5)):
                method = self._odd.random.choice((door.send, door.offer, door.can, door.matches, self._wait(door)))
                found: Any = method(self._odd.random.choice(("push", "pull", self._odd.value())))
                if hasattr(found, "__await__"):
                    await found

    def _wait(self, door: Runner) -> Callable[[Any], Awaitable[str]]:
        async def wait(wanted: Any) -> str:
            with anyio.fail_after(3):
                return await door.wait_for(wanted, timeout=self._odd.random.choice((0.01, 0, -1)))

        return wait

    async def _migrate(self) -> None:
        path = self._folder / "old.json"
        async with Runner(_SHUT, _Free(), effects={"ring": lambda: None}, store=SnapshotFile(path)) as door:
            await door.offer("push")
        async with SnapshotFile(path) as file:
            stored = file.load()
        assert stored is not None
        migrate(stored, Machine(Diagram.parse(self._odd.mangled(_DOOR))), self._odd.value())
