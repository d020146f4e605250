"""`argent diagram migrate`: what was stored with the old version of a diagram is taken over to the new one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from argentos.machines import Diagram, MachineSnapshot
from argentos.storage import SnapshotFile
from tests.gateway.shared import Argent, Ask, Fails

DOOR = """\
stateDiagram-v2
    [*] --> Open: made
    Open --> Shut: push
    Shut --> Locked: lock
    Locked --> Shut: unlock
"""


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Path, Path]:
    """The door as it was, and as it is, with another name for a state."""
    old, new = tmp_path / "old.mmd", tmp_path / "new.mmd"
    old.write_text(DOOR)
    new.write_text(DOOR.replace("Locked", "Bolted"))
    return old, new


@pytest.fixture
def store(tmp_path: Path, versions: tuple[Path, Path]) -> Callable[..., Path]:
    def put(name: str, state: str, diagram: str = "") -> Path:
        digest = diagram or Diagram.parse(versions[0].read_text()).digest
        at = datetime(2026, 11, 30, tzinfo=UTC)
        snapshot = MachineSnapshot(id=name, diagram=digest, state=state, sequence=3, at=at, active={state: 5.0})
        path = tmp_path / f"{name}.json"
        SnapshotFile(path).save(snapshot)
        return path

    return put


def test_without_yes_it_says_what_it_would_do(
    argent: Argent, versions: tuple[Path, Path], store: Callable[..., Path]
) -> None:
    one, two = store("one", "Locked"), store("two", "Open")
    before = one.read_bytes()
    assert argent("diagram", "migrate", *versions, one, two, "--state", "Locked=Bolted") == (
        0,
        f"{one}: Locked → Bolted\n{two}: stays Open\nNothing was written; --yes writes it.\n",
        "",
    )
    assert one.read_bytes() == before


def test_with_yes_each_is_replaced_and_what_it_was_is_kept(
    ask: Ask, versions: tuple[Path, Path], store: Callable[..., Path]
) -> None:
    one, two = store("one", "Locked"), store("two", "Open")
    before = one.read_bytes()
    answer = ask("diagram", "migrate", *versions, one, two, "--state", "Locked=Bolted", "--yes")
    assert answer["done"]
    assert [(each["before"], each["after"]) for each in answer["snapshots"]] == [("Locked", "Bolted"), ("Open", "Open")]
    assert Path(answer["snapshots"][0]["backup"]).read_bytes() == before
    now = json.loads(one.read_text())
    assert (now["state"], now["active"], now["sequence"]) == ("Bolted", {"Bolted": 5.0}, 3)
    digests = {json.loads(each.read_text())["diagram"] for each in (one, two)}
    assert digests == {Diagram.parse(versions[1].read_text()).digest}
    again = ask("diagram", "migrate", *versions, one, "--state", "Locked=Bolted", "--yes")
    assert again["snapshots"] == [{"file": str(one), "before": "Bolted", "after": "Bolted", "backup": None}]


def test_if_one_cannot_be_migrated_none_is(
    argent: Argent, versions: tuple[Path, Path], store: Callable[..., Path]
) -> None:
    one, two, three = store("one", "Open"), store("two", "Locked"), store("three", "Open", "0123456789abcdef")
    before = [each.read_bytes() for each in (one, two, three)]
    status, out, err = argent("diagram", "migrate", *versions, one, two, three, "--yes")
    assert (status, out) == (1, "")
    assert "two.json was made with another version of" in err
    assert "three.json was made with another version (0123456789abcdef)" in err
    assert err.endswith("Nothing was written, for 2 of 3 cannot be migrated.\n")
    assert [each.read_bytes() for each in (one, two, three)] == before


def test_one_that_a_runner_has_is_left_to_it(
    fails: Fails, versions: tuple[Path, Path], store: Callable[..., Path]
) -> None:
    one = store("one", "Locked")
    with SnapshotFile(one):
        assert "is in use by" in fails("diagram", "migrate", *versions, one, "--state", "Locked=Bolted", "--yes")[1]


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("Locked", "--state Locked says no new name"),
        ("Lokced=Bolted", "has no state 'Lokced'"),
        ("Locked=Blted", "has no state 'Blted'"),
    ],
)
def test_a_name_of_no_use_is_refused(
    fails: Fails, versions: tuple[Path, Path], store: Callable[..., Path], option: str, problem: str
) -> None:
    assert problem in fails("diagram", "migrate", *versions, store("one", "Open"), "--state", option)[1]


def test_a_file_that_is_none_is_refused(fails: Fails, versions: tuple[Path, Path], tmp_path: Path) -> None:
    assert "is no file" in fails("diagram", "migrate", *versions, tmp_path / "none.json")[1]
    assert not [*tmp_path.glob(".none*")]
