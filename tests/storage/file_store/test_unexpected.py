"""What nobody expected, as a lack of memory in a thread: it is told of, and ends neither the store nor its host."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import pytest

from argentos import FileStore, OfflineModel, Supervisor
from argentos.errors import StoreFailedError
from argentos.storage import threads

pytestmark = pytest.mark.anyio

T = TypeVar("T")


class PanicError(BaseException):
    """What is no `Exception`."""


class Raising:
    """Runs blocking calls in threads but, once it is told to, raises in the place of those of one kind.

    Attributes:
        error: what is raised, once.
        raised: it was.
    """

    def __init__(self, kind: str) -> None:
        self.error: BaseException | None = None
        self.raised = anyio.Event()
        self._kind = kind
        self._run = threads()

    async def __call__(self, function: Callable[[], T], /) -> T:
        name = getattr(function, "func", function).__qualname__
        if self.error is not None and name == self._kind:
            error, self.error = self.error, None
            self.raised.set()
            raise error
        return await self._run(function)


@pytest.mark.parametrize("error", [MemoryError("no room"), PanicError("no room")])
@pytest.mark.parametrize("kind", ["FileWriter._bring_up", "Index.commit", "Journal.drop"])
async def test_an_error_that_nobody_expected_delays_files_and_ends_nobody(
    tmp_path: Path, error: BaseException, kind: str
) -> None:
    run = Raising(kind)
    async with Supervisor(FileStore(tmp_path, run=run, segment_size=4096), OfflineModel(), count=len) as supervisor:
        run.error = error
        session = supervisor.session("maren")
        with anyio.fail_after(20):
            while not run.raised.is_set():
                await session.ask("Hello? " * 50)
            await session.ask("And now?")
        assert supervisor.health().is_well
    async with FileStore(tmp_path, read_only=True) as store:
        page = await store.list("main")
        assert [metadata.session for metadata in page.sessions] == ["maren"]
    assert "And now?" in (tmp_path / "agents/main/sessions/maren/history.json").read_text()


@pytest.mark.parametrize("error", [MemoryError("no room"), PanicError("no room")])
async def test_an_error_that_nobody_expected_in_a_write_to_the_journal_fails_the_store_and_not_its_host(
    tmp_path: Path, error: BaseException
) -> None:
    run = Raising("Journal.write")
    async with Supervisor(FileStore(tmp_path, run=run), OfflineModel(), count=len) as supervisor:
        await supervisor.session("maren").ask("Hello?")
        run.error = error
        for _ in range(2):
            with anyio.fail_after(5), pytest.raises(StoreFailedError, match="no room"):
                await supervisor.session("maren").send("And now?")
        assert not supervisor.health().is_well
    async with Supervisor(FileStore(tmp_path), OfflineModel(), count=len) as supervisor:
        assert len(await supervisor.session("maren").history()) == 2
