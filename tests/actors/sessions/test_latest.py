"""What is kept of the many sessions that a list is told of."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import anyio
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from argentos import Config, SessionInfo
from argentos.actors.info import Latest
from argentos.llm import Gauge
from argentos.storage import SessionKey, Transitioned, fold

START = datetime(2026, 1, 1, tzinfo=UTC)
METADATA, _ = fold(
    SessionKey("main", "a"),
    None,
    [Transitioned(sequence=1, epoch=1, at=START, source="[*]", target="Created", event="e", label="l")],
).snapshot


@given(limit=st.integers(1, 30), seconds=st.lists(st.integers(0, 20), max_size=60), pages=st.integers(1, 60))
def test_what_is_kept_of_many_sessions_are_the_latest_in_the_order_of_all(
    limit: int, seconds: list[int], pages: int
) -> None:
    told = [_info(str(number), START + timedelta(seconds=late)) for number, late in enumerate(seconds)]
    ordered = sorted(told, key=lambda each: each.last_activity, reverse=True)
    latest = Latest(limit, spare=3)
    for begin in range(0, len(told), pages):
        latest.add(told[begin : begin + pages])
    assert anyio.run(latest.sorted) == ordered[:limit]


def test_few_of_many_sessions_take_the_memory_of_few() -> None:
    latest = Latest(10, spare=100)
    tracemalloc.start()
    try:
        for number in range(50):
            latest.add(_info(f"{number}-{each}", START + timedelta(seconds=each)) for each in range(100))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000


GAUGE = Gauge(window=1000, threshold=0.85, keep_recent=200, system_tokens=0, model="any", first_ratio=1.0)


def _info(id_: str, active: datetime) -> SessionInfo:
    return SessionInfo.of(structs.replace(METADATA, session=id_, last_activity=active), Config(), GAUGE, 0.0)
