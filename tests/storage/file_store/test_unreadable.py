"""One record or file that cannot be read costs its own session; what a newer version has written is left untouched."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from argentos.errors import StoreDamagedError, StoreVersionError
from argentos.storage import Address, FileStore, Record, Usage, fold, inline
from argentos.storage.files.session_files import write
from argentos.storage.fold import Folded
from argentos.storage.repair.doctor import check, repair
from argentos.storage.testing.story import KEY, OTHER, Story
from argentos.storage.wal.frames import MAGIC, encode_body, encode_commit
from tests.storage.directories import EVERYTHING, assert_kept, folder, kept, put, tree

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def wrong(kind: type[Any], *values: object) -> Any:
    """What a constructor makes of values of other types, for it checks none."""
    return kind(*values)


@dataclass
class Wrong:
    """One value of a record that has another type.

    Attributes:
        mended: what the record has there after a repair.
    """

    record: int
    field: str
    value: object
    mended: object


SAID, REPLIED = 1, 3
WRONG = {
    "no user": Wrong(SAID, "address", wrong(Address, "telegram", None), None),
    "a number for the user": Wrong(SAID, "address", wrong(Address, "telegram", 0), Address("telegram", "0")),
    "half a token": Wrong(SAID, "tokens", 3.5, 4),
    "a number for an id": Wrong(REPLIED, "id", 7, "7"),
    "a number for a sender": Wrong(REPLIED, "sender", 7, "7"),
    "halves of tokens used": Wrong(REPLIED, "usage", wrong(Usage, "m", 12.5, 3.0), Usage("m", 12, 3)),
    "no tokens used": Wrong(REPLIED, "usage", wrong(Usage, "m", None, None), None),
}


def journal(state: Path, *appends: tuple[Story, list[Record]]) -> None:
    """A journal as a kill leaves it, of a writer that did not look at what it wrote."""
    bodies = [msgspec.msgpack.encode((story.key.agent, story.key.id, records)) for story, records in appends]
    frames = [encode_commit(at, [body]) for at, body in enumerate(bodies, 1)]
    put(state / "journal" / "00000001.journal", MAGIC + b"".join(frames))


def spoilt(state: Path, fault: Wrong) -> tuple[Story, Story]:
    """A session with such a record, between appends of another one."""
    story, other = Story().converse("first"), Story(OTHER).converse("hello").say("again")
    records = [
        msgspec.structs.replace(record, **{fault.field: fault.value}) if at == fault.record else record
        for at, record in enumerate(story.records)
    ]
    story.say("second")
    a, b = other.records[:3], other.records[3:]
    journal(state, (other, a), (story, records[:1]), (story, records[1:]), (story, story.records[5:]), (other, b))
    other.take()
    other.epoch = 2
    return story, other


@pytest.mark.parametrize("fault", WRONG)
async def test_a_record_of_a_wrong_type_costs_its_session_only_which_is_set_aside_and_told_of(
    state: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    story, other = spoilt(state, WRONG[fault])
    async with FileStore(state, run=inline) as store:
        assert await store.load(OTHER) == other.snapshot
        assert await store.load(KEY) == fold(KEY, None, story.records[:1]).snapshot
    assert "have a record of session user-jason that cannot be read ($" in caplog.text
    assert "session user-jason: records 2 to 5 of session user-jason, messages 1 to 2: missing" in caplog.text
    assert list((state / "agents" / "main" / "damaged").glob("user-jason.damaged-*/records.json"))
    await assert_kept(state, other)


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("fault", WRONG)
async def test_repair_mends_a_record_of_a_wrong_type(state: Path, fault: str, *, opened: bool) -> None:
    story, other = spoilt(state, WRONG[fault])
    if opened:
        async with FileStore(state, run=inline):
            pass
    assert any("user-jason" in each.what and each.remedy for each in check(state))
    await repair(state)
    assert [each.what for each in check(state) if not each.is_harmless] == []
    meant = [
        msgspec.structs.replace(record, **{WRONG[fault].field: WRONG[fault].mended})
        if at == WRONG[fault].record
        else record
        for at, record in enumerate(story.records)
    ]
    expected = fold(KEY, None, meant).snapshot
    async with FileStore(state, run=inline) as store:
        snapshot = await store.load(KEY)
        assert snapshot
        assert snapshot.context.messages == expected.context.messages
        assert snapshot.context.waiting == expected.context.waiting
        assert snapshot.metadata.messages == expected.metadata.messages
    await assert_kept(state, other)


@pytest.mark.parametrize("at", [0, 1, 2])
async def test_a_record_of_an_unknown_kind_costs_its_session_only(
    state: Path, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    story, other = Story().say("a").say("b"), Story(OTHER).say("c")
    bodies = [encode_body(KEY, [record]) for record in story.records]
    bodies[at] = bodies[at].replace(b"transition", b"telepathic").replace(b"accepted", b"rejected")
    data = b"".join(encode_commit(number, [body]) for number, body in enumerate(bodies, 1))
    put(state / "journal" / "00000001.journal", MAGIC + data + encode_commit(4, [encode_body(OTHER, other.records)]))
    async with FileStore(state, run=inline) as store:
        assert await store.load(OTHER) == other.snapshot
        assert await store.load(KEY) == (fold(KEY, None, story.records[:at]).snapshot if at else None)
    assert "which is not known" in caplog.text
    other.take()
    other.epoch = 2
    await repair(state)
    await assert_kept(state, other)


async def test_a_history_with_a_value_of_a_wrong_type_costs_its_session_and_repair_mends_it(state: Path) -> None:
    story, other = Story().converse("a"), Story(OTHER).converse("b")
    await kept(state, story, other)
    context = story.context
    first = msgspec.structs.replace(context.messages[0], address=wrong(Address, "telegram", None))
    spoiled = msgspec.structs.replace(context, messages=(first, *context.messages[1:]))
    write(folder(state), Folded(story.snapshot._replace(context=spoiled), ()))
    other.epoch = 2
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match="it was set aside in"):
            await store.load(KEY)
        assert await store.load(OTHER) == other.snapshot
    await repair(state)
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY) == story.snapshot
    await assert_kept(state, other)


# From the future ---------------------------------------------------------------------------------------------


def pictures(state: Path) -> dict[str, tuple[int, bytes]]:
    paths = [each for each in state.rglob("*") if each.is_file() and each.name != "lock"]
    return {str(each): (each.stat().st_mtime_ns, each.read_bytes()) for each in paths}


def of_a_newer_version(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(MAGIC, b"ARGENTJ4", 1))


def segments(state: Path) -> list[Path]:
    return sorted((state / "journal").glob("*.journal"))


@pytest.mark.parametrize("attempt", ["open", "read", "repair"])
async def test_a_journal_of_a_newer_version_is_refused_and_left_untouched(state: Path, attempt: str) -> None:
    spoilt(state, WRONG["half a token"])
    of_a_newer_version(segments(state)[0])
    put(state / "agents" / "main" / "sessions" / "x" / ".history.json.new", b"left by a kill")
    before = pictures(state)

    async def look() -> None:
        if attempt == "repair":
            await repair(state)
        async with FileStore(state, run=inline, read_only=attempt == "read"):
            pass

    with pytest.raises(StoreVersionError, match=r"00000001\.journal was written by a newer argentos"):
        await look()
    assert pictures(state) == before
    assert any("was written by a newer argentos" in each.what for each in check(state))
    assert pictures(state) == before


@pytest.mark.parametrize("name", ["history.json", "metadata.json", "archive/00000001-00000002.json"])
async def test_a_file_of_a_newer_version_is_no_damage_whatever_its_checksum(state: Path, name: str) -> None:
    story, other = Story().converse("a", "b").summarise(2), Story(OTHER)
    await kept(state, story, other)
    path = folder(state) / name
    path.write_bytes(path.read_bytes().replace(b'"version":3', b'"version":7', 1))
    before = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreVersionError, match="version 7"):
            await store.read(KEY, *EVERYTHING)
    assert any("version 7" in each.what and not each.remedy for each in check(state))
    await repair(state)
    assert tree(folder(state)) == before
    other.epoch = 2
    await assert_kept(state, other)
