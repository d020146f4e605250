"""Damaged copies of a state directory; the same seed makes the same one."""

import re
import shutil
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from argentos.storage import SessionKey, file_name
from tests.campaigns.mutants import BYTES, EDITS, FILES, JSON, RECORDS, drop_a_record
from tests.campaigns.wrecks import Span, Wreck, journal_names

PARTS: Final = {"journal": 8, "history.json": 5, "metadata.json": 3, "archive": 2, "index": 2, "argent.json": 1}
CONFIG: Final = b'{"agents": {"defaults": {"session": {"idleAfter": "5m", "maxContextTokens": 1000}}}}'
_MARK: Final = b"\xc1AJ\xc1"
_NEWER: Final = re.compile(rb"ARGENTJ[3-9]")
_CONFIG_FILE: Final = "argent.json"
_HEAD: Final = 16  # bytes; in front of the first record there are at most so many


class Damage(NamedTuple):
    """A state directory, and what was done to it.

    Attributes:
        name: of the file that was hit.
        touched: the sessions of which a byte was hit; to all others nothing may happen.
        is_silent: it looks as the directory did at an earlier time, or as it might have, so that nobody can tell.
        is_newer: it looks as if a newer version had written the journal.
        is_edit: it looks as if somebody had edited a file, which is taken, and told, unless it makes no sense.
    """

    state: Path
    part: str
    name: str
    kind: str
    touched: frozenset[SessionKey]
    is_silent: bool
    is_newer: bool
    is_edit: bool

    def __str__(self) -> str:
        touched = ", ".join(sorted(key.id for key in self.touched)) or "no session"
        return f"{self.kind} in {self.name}, which touches {touched}"


class Damager:
    """Makes them.

    Attributes:
        wreck: what they are copies of.
    """

    def __init__(self, folder: Path) -> None:
        self.wreck = Wreck(folder)
        self._state = folder / "state"
        for state in (self.wreck.killed, self.wreck.closed):
            (state / _CONFIG_FILE).write_bytes(CONFIG)

    def damage(self, seed: int) -> Damage:
        chance = Random(seed)  # noqa: S311 - chance, not secrecy
        shutil.rmtree(self._state, ignore_errors=True)
        shutil.copytree(chance.choice([self.wreck.killed, self.wreck.killed, self.wreck.closed]), self._state)
        names = {part: self._names(part) for part in PARTS}
        part = chance.choices(list(PARTS), [weight if names[part] else 0 for part, weight in PARTS.items()])[0]
        name = chance.choice(names[part])
        path = self._state / name
        before = path.read_bytes()
        kind = self._strike(path, part, name, chance)
        after = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        touched = self._touched(part, name, before, after)
        is_edit = kind in {each.__name__ for each in EDITS}
        is_silent = self._is_silent(part, name, kind, after)
        is_newer = part == "journal" and _NEWER.match(after or b"") is not None
        return Damage(self._state, part, name, kind, touched, is_silent, is_newer, is_edit)

    def _names(self, part: str) -> list[str]:
        if part == "journal":
            return [name for name in journal_names(self._state) if self.wreck.spans.get(name)]
        pattern = {"archive": "agents/**/archive/*.json", "index": "index.*"}.get(part, f"**/{part}")
        return sorted(str(path.relative_to(self._state)) for path in self._state.glob(pattern))

    def _strike(self, path: Path, part: str, name: str, chance: Random) -> str:
        if chance.random() < 0.08:
            as_a_file = chance.choice(FILES)
            as_a_file(path)
            return as_a_file.__name__
        data = path.read_bytes()
        records = [(each.begin, each.end) for each in self.wreck.spans.get(name, []) if len(each.keys) == 1]
        if part == "journal" and len(records) > 1 and chance.random() < 0.4:
            by_record = chance.choice(RECORDS)
            path.write_bytes(by_record(data, records, chance))
            return by_record.__name__
        by_byte = chance.choice(JSON if name.endswith(".json") and chance.random() < 0.6 else BYTES)
        path.write_bytes(by_byte(data, chance))
        return by_byte.__name__

    def _touched(self, part: str, name: str, before: bytes, after: bytes | None) -> frozenset[SessionKey]:
        """Those of which a byte is another one now, or is gone."""
        if part == "journal":
            spans = self.wreck.spans[name]
            return frozenset(key for span in spans if _differs(before, after, span) for key in span.keys)
        folders = {f"agents/main/sessions/{file_name(story.key.id)}/": story.key for story in self.wreck.stories}
        return frozenset(key for folder, key in folders.items() if name.startswith(folder))

    def _is_silent(self, part: str, name: str, kind: str, after: bytes | None) -> bool:
        """Whether something is gone without a trace, or a file of the journal is as it was before."""
        if part not in {"journal", "archive"}:
            return False
        if after is None:
            return True
        if part == "journal" and name != journal_names(self._state)[-1]:
            return False  # the next segment says what was in front of it
        if kind == drop_a_record.__name__:
            return True
        left, held = after.rstrip(b"\0"), [state.rstrip(b"\0") for state in self.wreck.states.get(name, [])]
        return len(left) < _HEAD or any(state.startswith(left) and _begins_or_ends(state, len(left)) for state in held)


def _begins_or_ends(state: bytes, at: int) -> bool:
    """What a file held ends there, or an append of those that became durable together begins."""
    return len(state) == at or state.startswith(_MARK, at)


def _differs(before: bytes, after: bytes | None, span: Span) -> bool:
    return after is None or before[span.begin : span.end] != after[span.begin : span.end]
