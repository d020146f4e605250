"""What is printed for people."""

import json
import sys
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from argentos.gateway.output import age, print_json, print_json_line, print_json_list, printable

NOW = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"),
        (59, "just now"),
        (-30, "just now"),
        (300, "5m ago"),
        (3 * 3600 + 59, "3h ago"),
        (999 * 86400, "999d ago"),
        (1001 * 86400, "2024-03-03"),
        (20_786 * 86400 + 14 * 3600, "1970-01-01"),
        (-120, "2026-11-29"),
        (-365 * 86400, "2027-11-29"),
    ],
)
def test_an_age_is_told_by_its_day_where_the_clock_may_have_been_wrong(seconds: float, shown: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == shown


@pytest.mark.parametrize("time", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_the_ends_of_time_have_an_age(time: datetime) -> None:
    assert age(time, NOW) == f"{time:%Y-%m-%d}"


UNSEEN = [
    chr(each)
    for each in range(sys.maxunicode + 1)
    if unicodedata.category(chr(each)) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and chr(each) not in "\n\t\u200d"
]


def test_what_nobody_sees_is_printed_as_an_escape() -> None:
    assert [each for each in UNSEEN if printable(each) != ascii(each)[1:-1]] == []
    seen = "Ahoy,\tEngland\n 綱 é e\u0301 👩\u200d🚀 ١٢٣"
    assert printable(seen) == seen


def test_json_has_escapes_for_it_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": "".join(each for each in UNSEEN if not "\ud800" <= each <= "\udfff") + "綱\n"}
    for prints in (print_json, print_json_line, print_json_list):
        prints([value, value])
        out = capsys.readouterr().out
        assert json.loads(out) == [value, value]
        assert set(out) & set(UNSEEN) == set()
