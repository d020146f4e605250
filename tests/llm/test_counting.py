"""How far the estimate of a context is from what models count: see docs/benchmarks.md."""

from pathlib import Path
from statistics import median
from typing import Final

import pytest

from benchmarks.counting.__main__ import OWN, cases_of
from benchmarks.counting.make_texts import claude_counts
from benchmarks.counting.sessions import REPORTS, live
from benchmarks.counting.texts import COUNTERS, Text, read_texts, write_texts

TOKENIZER: Final = Path(__file__).parents[2] / ".venv-tokenizer"


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    return read_texts()


@pytest.mark.parametrize("reports", REPORTS)
@pytest.mark.parametrize("counter", [*COUNTERS, OWN])
@pytest.mark.parametrize(("window", "overhead"), [(20_000, 0), (20_000, 2000), (60_000, 20_000)])
def test_once_a_usage_is_known_it_is_never_much_under_and_seldom_much_over(
    texts: list[Text], window: int, overhead: int, counter: str, reports: str
) -> None:
    cases = [*cases_of(counter, overhead, window, reports, [3])][::4]  # a quarter; `make benchmark-counting` takes all
    errors = [each.error for case in cases for each in live(case._replace(turns=100), texts) if each.is_known]
    assert min(errors) >= -0.01
    assert median(errors) <= 0.03


@pytest.mark.parametrize("counter", COUNTERS)
def test_before_the_first_report_no_text_of_any_language_counts_less_than_it_is(
    texts: list[Text], counter: str
) -> None:
    cases = cases_of(counter, 0, 20_000, "each", [3])
    assert min(each.error for case in cases for each in live(case._replace(turns=1), texts)[:1]) >= 0


def test_the_texts_are_those_of_the_seed(texts: list[Text]) -> None:
    assert [(each.kind, each.text) for each in texts] == write_texts()


@pytest.mark.server
def test_the_counts_are_those_of_claude_2(texts: list[Text]) -> None:
    assert [each.counts["claude-2"] for each in texts] == claude_counts([each.text for each in texts], TOKENIZER)
