"""The table of docs/promises.md names tests that exist, and they notice when their guards are taken out."""

import re
import subprocess
import sys
from typing import Final

import pytest

from tests.lifecycle.planted import ROOT, Bug
from tests.promises.going_back import GOING_BACK
from tests.promises.guards import GUARDS

ROW: Final = re.compile(r"\| (\d+) \|(.*)")
TEST: Final = re.compile(r"`(tests/[\w/.]+)::(\w+)`")


def rows() -> dict[int, str]:
    text = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
    return {int(found[1]): found[2] for line in text.splitlines() if (found := ROW.match(line))}


def nodes_of(row: str) -> list[str]:
    return [f"{file}::{name}" for file, name in TEST.findall(row)]


def test_there_is_a_row_for_each_of_thirty_complaints_with_a_test_or_a_reason() -> None:
    assert list(rows()) == list(range(1, 31))
    assert [number for number, row in rows().items() if not nodes_of(row)] == [2]


@pytest.mark.parametrize("number", range(1, 31))
def test_the_nodes_of_a_row_exist(number: int) -> None:
    for file, name in TEST.findall(rows()[number]):
        assert re.search(rf"^ *(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name


def test_a_guard_is_taken_out_for_each_row_that_says_so() -> None:
    assert [number for number, row in rows().items() if "**planted**" in row] == [number for number, *_ in GUARDS]
    for number, _, test in GUARDS:
        assert test in nodes_of(rows()[number])


@pytest.mark.parametrize("bug", [bug for _, bug, _ in (*GUARDS, *GOING_BACK)], ids=str)
def test_a_guard_is_in_the_source_as_it_is(bug: Bug) -> None:
    compile(bug.planted(), bug.module, "exec")


@pytest.mark.campaign
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("number", "bug", "test"), [*GUARDS, *GOING_BACK], ids=lambda value: str(value)[:40])
def test_the_named_test_notices_that_its_guard_is_gone(number: int, bug: Bug, test: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.promises.taking_out", test]
    done = subprocess.run(  # noqa: S603 - tests of ours
        [*command, f"--without-guard={number}"], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 1, f"{bug}\n{done.stdout}\n{done.stderr}"
