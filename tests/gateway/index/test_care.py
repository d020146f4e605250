"""The doctor, backups and the care for files know the index: what it is derived of is what counts."""

import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from argentos.storage.repair.doctor import check, repair
from tests.gateway.index.conftest import Indexed, Indexing


@pytest.fixture
def index(indexing: Indexing, state: Path) -> Path:
    """The file of an index that nobody keeps current any more."""

    async def make(indexed: Indexed) -> None:
        await indexed.supervisor.session("a").say("walrus")
        await indexed.supervisor.session("b").say("penguin")
        await indexed.index.settle()

    run(indexing, make)
    return state / "search" / "index.sqlite"


def run(indexing: Indexing, work: Callable[[Indexed], Awaitable[object]]) -> None:
    async def start() -> None:
        async with indexing() as indexed:
            await work(indexed)

    anyio.run(start)


def found(state: Path) -> list[tuple[Path, str, bool]]:
    return [(each.path, each.what, each.is_harmless) for each in check(state)]


def test_nothing_is_wrong_with_an_index_whether_it_is_kept_or_not(indexing: Indexing, state: Path, index: Path) -> None:
    async def look(indexed: Indexed) -> None:
        await indexed.supervisor.session("c").say("seal")
        await indexed.index.settle()
        assert await anyio.to_thread.run_sync(check, state) == []

    assert found(state) == []
    assert sorted(each.name for each in index.parent.iterdir()) == ["index.sqlite", "lock"]
    run(indexing, look)


def test_an_index_that_is_damaged_is_told_of_and_removed(state: Path, index: Path) -> None:
    content = bytearray(index.read_bytes())
    content[4096:12288] = b"\x7f" * 8192
    index.write_bytes(content)
    ((path, what, is_harmless),) = found(state)
    assert (path, is_harmless) == (index, True)
    assert what.startswith("it is damaged")
    assert [each.path for each in anyio.run(repair, state)] == [index]
    assert found(state) == []
    assert not index.exists()


def test_an_index_that_knows_a_session_which_is_no_more_is_told_of_and_removed(
    indexing: Indexing, state: Path, index: Path
) -> None:
    async def delete(indexed: Indexed) -> None:
        await indexed.supervisor.session("a").delete()
        await indexed.index.settle()

    older = index.read_bytes()
    run(indexing, delete)
    index.write_bytes(older)
    assert found(state) == [(index, "it has messages of session a, which is no more", True)]
    anyio.run(repair, state)
    assert not index.exists()


def test_files_that_others_may_read_are_told_of(state: Path, index: Path) -> None:
    index.chmod(0o644)
    index.parent.chmod(0o755)
    assert {(path, what) for path, what, _ in found(state)} == {
        (index, "others may use it (mode 644)"),
        (index.parent, "others may use it (mode 755)"),
    }
    anyio.run(repair, state)
    assert found(state) == []


def test_a_repair_has_the_index_made_anew(indexing: Indexing, state: Path, index: Path) -> None:
    async def search(indexed: Indexed) -> None:
        assert await indexed.found("walrus") == [("a", 1)]

    (state / "agents/main/sessions/a/.history.json.new").write_text("{")
    anyio.run(repair, state)
    assert not index.exists()
    run(indexing, search)


def test_a_directory_with_an_index_is_closed_to_others(indexing: Indexing, state: Path, index: Path) -> None:
    async def look(indexed: Indexed) -> None:
        await indexed.index.settle()

    assert index.exists()
    state.chmod(0o755)
    run(indexing, look)
    assert state.stat().st_mode & 0o777 == 0o700


def test_a_backup_has_no_index(indexing: Indexing, index: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar.gz"
    assert index.exists()
    run(indexing, lambda indexed: indexed.supervisor.backup(target))
    with tarfile.open(target) as tar:
        assert not any("search" in name for name in tar.getnames())
