"""A store of one's own passes the conformance suite, which finds what is wrong with one."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "sqlite_store.py"

_INSERT = "        await self._run(insert)\n"
_LOAD = "        records = await self._records(key)\n        return fold(key, None, records).snapshot"
_ENTERED = "        self._one_at_a_time ="

PLANTS: dict[str, list[tuple[str, str]]] = {
    "lets a former owner write": [("if epoch < newest or expected_sequence", "if expected_sequence")],
    "lets a former owner write once it is opened again": [
        (_ENTERED, "        self._epochs = {}\n" + _ENTERED),
        ("if epoch < newest or", "if epoch < self._epochs.get(key, 0) or"),
        (_INSERT, _INSERT + "        self._epochs[key] = epoch\n"),
        ("        delete = ", "        self._epochs.pop(key, None)\n        delete = "),
    ],
    "does not look where a writer believes that the session stands": [("or expected_sequence != sequence", "")],
    "takes records that do not follow": [
        ("if sequences != [*range(sequence + 1, sequence + 1 + len(records))]", "if not sequences")
    ],
    "writes half of an append": [
        ("    async def append(", "    async def _append_one("),
        (
            "    async def load(",
            (
                "    async def append(self, key, epoch, expected_sequence, records):\n"
                "        for record in records:\n"
                "            await self._append_one(key, epoch, record.sequence - 1, [record])\n"
                "        return False\n\n"
                "    async def load("
            ),
        ),
    ],
    "keeps nothing": [("connect(self.path", "connect(':memory:'")],
    "is durable once it is closed": [
        ("sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)", "connect(self.path)"),
        ("await self._run(sqlite3.Connection.close)", "self._database.backup(sqlite3.connect(self.path))"),
        (
            "class SqliteStore",
            (
                "def connect(path):\n"
                "    database = sqlite3.connect(':memory:', isolation_level=None, check_same_thread=False)\n"
                "    sqlite3.connect(path).backup(database)\n"
                "    return database\n\n\n"
                "class SqliteStore"
            ),
        ),
    ],
    "empties what it was given": [
        (
            "[record.sequence for record in records]",
            "[each.sequence for each in records]\n        length = len(records)",
        ),
        ("len(records))]", "length)]"),
        (_INSERT, _INSERT + "        records.clear() if isinstance(records, list) else None\n"),
    ],
    "keeps what it was given, and not a copy": [
        (_ENTERED, "        self._kept = {}\n" + _ENTERED),
        (_INSERT, _INSERT + "        self._kept[key, sequences[-1]] = records\n"),
        (
            "        return [record for (body,)",
            (
                "        if all(key != each for each, _ in self._kept) or not await self._rows(BODIES, key):\n"
                "            return await self._decoded(key)\n"
                "        return [record for (k, _), rows in self._kept.items() if k == key for record in rows]\n\n"
                "    async def _decoded(self, key):\n"
                "        return [record for (body,)"
            ),
        ),
    ],
    "sorts by the letters of the ids": [("ORDER BY name LIMIT", "ORDER BY id LIMIT")],
    "repeats the last session of a page": [("name > ?", "name >= ?")],
    "has an empty page at the end": [("if len(found) > limit", "if len(found) >= limit")],
    "takes agents for one that differ in case": [
        ("SELECT body FROM batches WHERE agent = ?", "SELECT body FROM batches WHERE lower(agent) = lower(?)")
    ],
    "takes sessions for one that differ in case": [
        ("        name, body = file_name(key.id)", "        name, body = file_name(key.id.lower())"),
        ("(key.agent, file_name(key.id))).fetchall", "(key.agent, file_name(key.id.lower()))).fetchall"),
    ],
    "forgets who owes": [("if each.is_owing)", "if False)")],
    "forgets who could not deliver": [("if each.is_owing)", "if each.undelivered)")],
    "forgets the messages that wait": [("if not each.is_settled or", "if each.turn or")],
    "forgets the turns that run": [("if not each.is_settled or", "if each.waiting or")],
    "forgets who is in a state": [(" or each.state in states", "")],
    "forgets what left the context": [("(*archived, *context.messages", "(*context.messages")],
    "forgets what waits": [(", *context.waiting)", ")")],
    "forgets checkpoints": [("records).checkpoints if records", "records).checkpoints[1:] if records")],
    "forgets edges": [("in await self._records(key) if", "in (await self._records(key))[1:] if")],
    "reads one message too many": [("< stop)", "<= stop)")],
    "reads in the order of leaving": [
        ("sorted((*archived", "list((*archived"),
        (", key=lambda message: message.number)", ")"),
    ],
    "does not know how large anything is": [("return int((", "return 0 * int((")],
    "says that it has deleted what was not there": [
        ("bool(await self._rows(delete, key))", "bool([await self._rows(delete, key)])")
    ],
    "keeps attachments of deleted sessions": [
        ('        await self._rows("DELETE FROM attachments WHERE agent = ? AND name = ?", key)\n', "")
    ],
    "gives a session the attachments of another": [
        ("WHERE agent = ? AND name = ? AND sha256 = ?", "WHERE agent = ? AND ? != '' AND sha256 = ?")
    ],
    "does not count attachments": [("SELECT agent, name, data FROM", "SELECT agent, name, '' FROM")],
    "keeps attachments until it is closed": [
        (_ENTERED, "        self._bytes = {}\n" + _ENTERED),
        ("        return sha256\n", "        self._bytes[row[:3]] = data\n        return sha256\n"),
        ('database.execute("INSERT OR IGNORE INTO attachments VALUES (?, ?, ?, ?)", row)', "None"),
        (
            "database.execute(ATTACHMENT, row).fetchone()",
            "database.execute(ATTACHMENT, row).fetchone() or ((self._bytes[row],) if row in self._bytes else None)",
        ),
    ],
    "deletes until it is closed": [("isolation_level=None", "isolation_level='DEFERRED'")],
    "deletes all but the beginning": [("AND name = ? RETURNING", "AND name = ? AND sequence > 1 RETURNING")],
    "goes back to a checkpoint": [
        (_ENTERED, "        self._snapshots = {}\n" + _ENTERED),
        ("        pass\n", "        self._snapshots[key] = snapshot\n"),
        (_LOAD, "        if key in self._snapshots:\n            return self._snapshots[key]\n" + _LOAD),
    ],
    "lets itself be opened twice": [
        (
            "if self._database is not None:\n            raise StoreBusyError",
            "if False:\n            raise StoreBusyError",
        )
    ],
}

SKIPPER = """
import pytest

broken = set()

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed:
        broken.add(item.path)
    return report

def pytest_runtest_setup(item):
    if item.path in broken:
        pytest.skip("found already")
"""  # fmt: skip


def run_pytest(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(  # noqa: S603 - this interpreter, on our own tests
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=200
    )


@pytest.mark.timeout(300)
def test_the_store_of_the_documents_passes(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "-W", "error", str(EXAMPLE))
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.campaign
@pytest.mark.timeout(300)
def test_what_is_wrong_with_a_store_is_found(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(SKIPPER)
    for number, changes in enumerate(PLANTS.values()):
        text = EXAMPLE.read_text()
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (tmp_path / f"test_{number}.py").write_text(text)
    run_pytest(tmp_path, "-k", "asyncio and not whatever_happens", "--junitxml", "found.xml")
    cases = ET.parse(tmp_path / "found.xml").iter("testcase")  # noqa: S314 - pytest's own
    found = {case.attrib["classname"].split(".")[0] for case in cases if case.find("failure") is not None}
    assert [name for number, name in enumerate(PLANTS) if f"test_{number}" not in found] == []
