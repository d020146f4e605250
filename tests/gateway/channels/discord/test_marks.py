"""Marks of channels, behind which messages may not have been taken yet."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hikari import Snowflake

from argentos.errors import StoreDamagedError
from argentos.gateway.channels.discord.marks import Marks

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def at(**ago: float) -> int:
    """The id of a message that was written so long ago."""
    return int(Snowflake.from_datetime(NOW - timedelta(**ago)))


async def loaded(folder: Path, **ago: float) -> Marks:
    marks = Marks(folder)
    await marks.load(NOW - timedelta(**ago))
    return marks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "gateway" / "channels" / "discord"


async def test_of_a_channel_without_a_mark_all_since_the_first_connection_or_since_we_came_is_taken(
    folder: Path,
) -> None:
    marks = await loaded(folder, hours=5)
    assert marks.begin(1, NOW) == at(hours=5)
    assert marks.begin(1, NOW, joined_at=NOW - timedelta(hours=2)) == at(hours=2)
    assert marks.may_lack(1, at(hours=4), NOW)
    assert not marks.may_lack(1, at(hours=6), NOW)


async def test_of_one_with_a_mark_what_came_since_and_the_minute_before_and_no_more_than_a_day(folder: Path) -> None:
    await loaded(folder, days=3)
    marks = await loaded(folder)
    marks.move(1, at(hours=2), is_direct=False)
    marks.move(2, at(days=2), is_direct=True)
    await marks.save()
    marks = await loaded(folder)
    assert marks.begin(1, NOW) == at(hours=2, minutes=1)
    assert marks.begin(2, NOW) == at(days=1)
    assert marks.direct == [2]
    assert marks.may_lack(1, at(hours=2), NOW)  # it was the latest one
    assert not marks.may_lack(2, at(days=2), NOW)


async def test_messages_that_come_before_a_channel_was_looked_at_hide_none_before_them(folder: Path) -> None:
    marks = await loaded(folder, hours=5)
    marks.move(1, at(hours=4), is_direct=False)
    marks.begin_session()
    marks.move(1, at(minutes=1), is_direct=False)
    assert marks.begin(1, NOW) == at(hours=4, minutes=1)
    assert marks.may_lack(1, at(minutes=1), NOW)


async def test_a_mark_does_not_go_back(folder: Path) -> None:
    marks = await loaded(folder, hours=5)
    marks.move(1, at(hours=1), is_direct=False)
    marks.move(1, at(hours=2), is_direct=False)
    marks.begin_session()
    assert marks.begin(1, NOW) == at(hours=1, minutes=1)


async def test_a_file_that_cannot_be_read_says_how_to_mend_it(folder: Path) -> None:
    await loaded(folder)
    (folder / "marks.json").write_text("{")
    with pytest.raises(StoreDamagedError, match="remove it"):
        await loaded(folder)
