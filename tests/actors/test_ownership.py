"""One supervisor on a store, in one process: what others are refused, and what goes on."""

from pathlib import Path

import pytest

from argentos import FileStore, MemoryStore, OfflineModel, Supervisor
from argentos.errors import OwnerGoneError, StoreBusyError, StoreFailedError
from argentos.storage import SessionKey, Store
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["memory", "files"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "state")


async def test_a_second_supervisor_on_a_store_is_refused_and_the_first_goes_on_unharmed(
    running: Running, shared: Store
) -> None:
    async with running(on=shared, agent="main") as first:
        session = first.session("jason")
        for number in range(3):
            await session.ask(f"message {number}", message_id=f"m{number}")
        before = await session.history(full=True)
        with pytest.raises(StoreBusyError, match="is open already"):
            async with running(on=shared, agent="sales"):
                pass
        await session.ask("message 3", message_id="m3")
        after = await session.history(full=True)
        assert after[: len(before)] == before
        assert len(after) == 8
    async with running(on=shared) as again:
        assert await again.session("jason").history(full=True) == after


async def test_a_supervisor_entered_twice_is_refused_and_goes_on_unharmed(running: Running, shared: Store) -> None:
    async with running(on=shared) as supervisor:
        await supervisor.session("jason").ask("before")
        with pytest.raises(StoreBusyError, match="this supervisor is open already"):
            await supervisor.__aenter__()
        await supervisor.session("jason").ask("after")
    async with supervisor:
        assert len(await supervisor.session("jason").history()) == 4


async def test_a_supervisor_that_was_refused_its_store_can_be_entered_when_that_is_free() -> None:
    store = MemoryStore()
    supervisor = Supervisor(store, OfflineModel(), count=len)
    async with store:
        with pytest.raises(StoreBusyError, match="a store in memory is open already"):
            await supervisor.__aenter__()
        assert await store.load(SessionKey("main", "jason")) is None
    async with supervisor:
        await supervisor.session("jason").ask("hello")


async def test_a_supervisor_whose_directory_was_moved_acknowledges_nothing_and_says_so_in_its_health(
    running: Running, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    async with running(on=FileStore(state)) as supervisor:
        await supervisor.session("jason").ask("before")
        assert supervisor.health().is_well
        state.rename(tmp_path / "moved")
        for _ in range(2):
            with pytest.raises(StoreFailedError, match=f"{state} was moved, removed or replaced"):
                await supervisor.session("jason").send("after")
        with pytest.raises(StoreFailedError, match="was moved, removed or replaced"):
            await supervisor.session("other").create()
        assert "was moved, removed or replaced" in supervisor.health().store
    assert not state.exists()


async def test_a_link_in_the_place_of_the_control_socket_is_not_followed(running: Running, tmp_path: Path) -> None:
    async with running(on=FileStore(tmp_path / "theirs")):
        (mine := tmp_path / "mine").mkdir()
        (mine / "control.sock").symlink_to(tmp_path / "theirs" / "control.sock")
        async with Supervisor.connect(tmp_path / "theirs") as owner:
            assert (await owner.ping()).agent == "main"
        async with Supervisor.connect(mine) as nobody:
            with pytest.raises(OwnerGoneError):
                await nobody.ping()
