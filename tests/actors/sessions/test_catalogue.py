"""Sessions as lists show them: all of them page by page, some by their keys; none is loaded for that."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from argentos import Config, FileStore, ManualClock, MemoryStore, OfflineModel, SessionKey, Supervisor
from argentos.errors import InputError, SupervisorStoppedError
from argentos.storage import Store, inline

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


@pytest.fixture(params=["memory", "file"])
def known(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path, run=inline)


def keys(*ids: str) -> list[SessionKey]:
    return [SessionKey("main", each) for each in ids]


async def test_pages_and_keys_show_what_a_list_shows(running: Running, known: Store) -> None:
    async with running(on=known) as supervisor:
        for name in ("maren", "jonas", "a/b"):
            await supervisor.session(name).ask("Hello?")
    async with running(on=known) as supervisor:
        await supervisor.session("jonas").say("I am back.")  # in memory, the others are not
        listed = {each.id: each for each in await supervisor.list()}
        paged = [each async for page in supervisor.catalogue.pages("main") for each in page.sessions]
        assert {each.id: each for each in paged} == listed
        found = await supervisor.catalogue.find(keys("a/b", "nobody", "jonas", "maren"))
        assert found.sessions == (listed["a/b"], listed["jonas"], listed["maren"])
        assert found.problems == ()
        assert supervisor.live == 1


async def test_a_session_that_cannot_be_read_is_told_of_and_the_others_are_found(
    running: Running, tmp_path: Path
) -> None:
    async with running(on=FileStore(tmp_path)) as supervisor:
        for name in ("maren", "jonas"):
            await supervisor.session(name).create()
    (tmp_path / "index.sqlite").unlink()
    (tmp_path / "agents/main/sessions/maren/metadata.json").write_text('{"version": 99}')
    async with running(on=FileStore(tmp_path), resume=False) as supervisor:
        found = await supervisor.catalogue.find(keys("maren", "jonas"))
        assert [each.id for each in found.sessions] == ["jonas"]
        assert "maren" in found.problems[0]


async def test_nothing_is_found_once_the_supervisor_is_closed(running: Running) -> None:
    async with running() as supervisor:
        pass
    with pytest.raises(SupervisorStoppedError):
        await supervisor.catalogue.find(keys("maren"))


async def test_a_session_tells_when_it_becomes_idle_though_nothing_will_be_written_then(
    running: Running, clock: ManualClock, known: Store
) -> None:
    config = Config(idle_after=60)
    async with running(OfflineModel(), on=known, config=config) as supervisor:
        created = await supervisor.session("maren").create()
        assert created.idle_at is None  # no timer runs before its first message
        await supervisor.session("maren").ask("Hello?")
        info = await supervisor.session("maren").info()
        assert (info.state, info.idle_at) == ("Active", info.last_activity + timedelta(seconds=60))
    clock.advance(59)
    async with running(on=known, config=config, resume=False) as supervisor:
        (listed,) = await supervisor.list()
        assert (listed.state, listed.idle_at) == ("Active", info.idle_at)
        clock.advance(1)
        (listed,) = await supervisor.list()
        assert (listed.state, listed.idle_at) == ("Idle", None)


async def test_a_supervisor_names_the_state_directory_that_it_owns(running: Running, tmp_path: Path) -> None:
    async with running(on=FileStore(tmp_path)) as supervisor:
        assert supervisor.directory == tmp_path
    async with running() as supervisor:
        assert supervisor.directory is None


@pytest.mark.parametrize("given", [7, None, "maren", [None], [("main", "maren")]])
async def test_what_is_no_list_of_keys_is_refused(given: Any, running: Running) -> None:
    async with running(on=MemoryStore()) as supervisor:
        with pytest.raises(InputError, match="give keys of sessions"):
            await supervisor.catalogue.find(given)
