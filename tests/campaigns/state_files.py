"""The files of a state directory, as they lie there after a kill."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


class StateFiles:
    """Looks at the files, each only when it has changed.

    Attributes:
        parsed: how many were parsed so far.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self.parsed = 0

    def broken(self) -> Iterator[str]:
        """Parse every JSON file that is not known yet; a sentence for each that is no JSON."""
        for path in self._state.glob("agents/*/sessions/*/**/*.json"):
            stat = path.stat()
            mark = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if self._seen.get(path) == mark or path.name.startswith("."):
                continue
            self._seen[path] = mark
            self.parsed += 1
            try:
                json.loads(path.read_bytes())
            except ValueError as error:
                yield f"{path} is not JSON: {error}"

    def mentioned(self, ids: Iterable[str]) -> set[str]:
        """Those of the message ids that stand in the journal or in a history, in whatever way."""
        everything = b"".join(path.read_bytes() for path in self._histories_and_journals())
        return {each for each in ids if each.encode() in everything}

    def damaged(self) -> Iterator[str]:
        """A sentence for each thing that the store took for damage, where there was only a kill."""
        yield from (f"{path} was taken for damage" for path in self._state.glob("**/*.damaged-*"))

    @property
    def torn(self) -> int:
        """How many torn commits the store found and set aside."""
        return sum(1 for _ in self._state.glob("journal/*.torn-*"))

    def open_ones(self) -> list[Path]:
        """The files that may be being written: the journal, and temporary ones. A folder may go away meanwhile."""
        folders = os.walk(self._state / "agents")
        temporary = [Path(folder, name) for folder, _, names in folders for name in names if name.startswith(".")]
        return [*self._state.glob("journal/*"), *temporary]

    def _histories_and_journals(self) -> Iterator[Path]:
        yield from (path for path in self._state.glob("journal/*") if path.is_file())
        yield from self._state.glob("agents/*/sessions/*/history.json")
