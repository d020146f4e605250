"""The table of docs/security.md has all thirty attacks, and names tests that exist."""

import re
from typing import Final

import pytest

from tests.gateway.attacks.defences import DEFENCES
from tests.lifecycle.planted import ROOT
from tests.promises.test_promises import TEST

ROW: Final = re.compile(r"\| (\d+) \|(.*)")
ROWS: Final = {
    int(found[1]): found[2]
    for line in (ROOT / "docs/security.md").read_text(encoding="utf-8").splitlines()
    if (found := ROW.match(line))
}


def nodes_of(row: str) -> set[str]:
    return {f"{file}::{name}" for file, name in TEST.findall(row)}


def test_there_is_a_row_for_each_of_thirty_attacks() -> None:
    assert [*ROWS] == [*range(1, 31)]


@pytest.mark.parametrize("number", range(1, 31))
def test_the_tests_of_a_row_exist(number: int) -> None:
    named = TEST.findall(ROWS[number])
    assert named
    for file, name in named:
        assert re.search(rf"^ *(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name


def test_a_defence_is_taken_out_for_each_row_that_says_so() -> None:
    planted = {test for _, test in DEFENCES}
    assert {number for number, row in ROWS.items() if "**planted**" in row} == {
        number for number, row in ROWS.items() if nodes_of(row) & planted
    }
    assert planted <= {node for row in ROWS.values() for node in nodes_of(row)}
