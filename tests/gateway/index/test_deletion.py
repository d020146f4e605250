"""Nothing of a session that was deleted is left in the index, whoever deletes it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from argentos import FileStore, ManualClock, OfflineModel, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from argentos.gateway.index import updating, writing
from tests.gateway.index.conftest import Indexing

pytestmark = pytest.mark.anyio

SECRETS = ("xylophone", "quagmire", "zephyr", "kumquat", "velociraptor")


def files(state: Path) -> Iterator[bytes]:
    for path in (state / "search").iterdir():
        yield path.read_bytes()


def left(state: Path) -> set[str]:
    """The secrets that stand in a file of the index, and trigrams of theirs that its words have."""
    content = b"".join(files(state))
    found = {each for each in SECRETS if each.encode() in content}
    connection = sqlite3.connect(state / "search" / "index.sqlite")
    connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, texts, row)")
    known = {term for (term,) in connection.execute("SELECT term FROM temp.terms")}
    connection.close()
    return found | {each for each in SECRETS if each[:3] in known}


async def test_no_text_title_tag_or_trigram_is_left(indexing: Indexing, state: Path) -> None:
    async with indexing() as indexed:
        for number in range(20):
            await indexed.supervisor.session(f"s-{number}").say(f"harmless {number}")
        session = indexed.supervisor.session(SECRETS[0])
        messages = tuple(TranscriptMessage(role="user", text=f"{SECRETS[1]} {number}") for number in range(700))
        await session.adopt(Transcript(session=session.id, messages=messages))
        await session.update(title=SECRETS[2], tags=[SECRETS[3]], owner=SECRETS[4])
        await indexed.index.settle()
        assert left(state) == set(SECRETS)
        await session.delete()
        assert len(await indexed.found("harmless")) == 20
        assert left(state) == set()
    assert left(state) == set()


async def test_nothing_is_left_of_many_that_were_deleted_at_once(indexing: Indexing, state: Path) -> None:
    async with indexing() as indexed:
        for number in range(30):
            await indexed.supervisor.session(f"s-{number}").say(f"{SECRETS[number % 5]} {number}")
        await indexed.index.settle()
        for number in range(30):
            await indexed.supervisor.session(f"s-{number}").delete()
        await indexed.index.settle()
        assert left(state) == set()


async def test_what_a_crash_left_of_a_deletion_is_removed_at_the_next_start(
    indexing: Indexing, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(writing.Writer):
        async def clear_some(self) -> bool:
            return False

    async with indexing() as indexed:
        await indexed.supervisor.session("a").say(SECRETS[0])
        await indexed.supervisor.session("b").say("harmless")
        await indexed.index.settle()
    monkeypatch.setattr(updating, "Writer", Dying)
    async with indexing() as indexed:
        await indexed.supervisor.session("a").delete()
        await indexed.index.settle()
    assert left(state)
    monkeypatch.setattr(updating, "Writer", writing.Writer)
    async with indexing() as indexed:
        assert await indexed.found("harmless") == [("b", 1)]
        assert left(state) == set()


async def test_a_deletion_where_nobody_keeps_the_index_removes_it(
    indexing: Indexing, state: Path, clock: ManualClock
) -> None:
    async with indexing() as indexed:
        await indexed.supervisor.session("a").say(SECRETS[0])
        await indexed.supervisor.session("b").say("harmless")
        await indexed.index.settle()
    async with Supervisor(FileStore(state), OfflineModel(), clock=clock) as supervisor:
        await supervisor.session("a").delete()
        assert not any(SECRETS[0].encode() in each for each in files(state))
    async with indexing() as indexed:
        assert await indexed.found("harmless") == [("b", 1)]
        assert await indexed.found(SECRETS[0]) == []
