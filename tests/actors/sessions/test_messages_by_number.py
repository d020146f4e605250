"""Messages are read by their numbers, wherever they are."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from argentos import FileStore, MemoryStore, ReplayModel, Supervisor
from argentos.errors import InputError, SessionNotFoundError
from argentos.storage import Store, inline

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


@pytest.fixture(params=["memory", "file"])
def known(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path, run=inline)


@pytest.mark.parametrize("is_live", [True, False])
async def test_messages_of_the_context_and_of_the_archive_are_read_alike(
    running: Running, known: Store, *, is_live: bool
) -> None:
    async with running(ReplayModel(["one", "two", "three"]), on=known) as supervisor:
        session = supervisor.session("maren")
        for text in ("first", "second"):
            await session.ask(text)
        await session.clear()
        await session.ask("third")
        texts = ["first", "one", "second", "two", "third", "three"]
    async with running(on=known, resume=False) as supervisor:
        session = supervisor.session("maren")
        if is_live:
            texts.append("by the way")
            await session.say(texts[-1])
        for start, stop in ((1, 3), (4, 6), (5, 7), (6, 100), (7, 8), (3, 3), (9, 20)):
            messages = await session.messages(start, stop)
            assert [each.text for each in messages] == texts[start - 1 : stop - 1]
            assert [each.number for each in messages] == [*range(start, min(stop, len(texts) + 1))]
        assert await session.left_context() == (1, 2, 3, 4)
        assert await session.left_context(4, 6) == (4,)
        assert await session.left_context(5) == ()
        assert await session.messages() == await session.history(full=True)
        assert await session.messages(5) == (await session.history(full=True))[4:]


@pytest.mark.parametrize("numbers", [(0,), (-1, 4), (1, 0), ("1",), (1.5,), (True,)])
async def test_what_is_no_number_of_a_message_is_refused(running: Running, numbers: Any) -> None:
    async with running() as supervisor:
        await supervisor.session("maren").create()
        with pytest.raises(InputError, match=r"the first number|the number behind the last"):
            await supervisor.session("maren").messages(*numbers)
        with pytest.raises(InputError, match=r"the first number|the number behind the last"):
            await supervisor.session("maren").left_context(*numbers)


async def test_a_session_that_is_none_has_no_messages_to_read(running: Running) -> None:
    async with running() as supervisor:
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("nobody").messages()
