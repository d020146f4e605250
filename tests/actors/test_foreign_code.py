"""Code that is not ours: whatever it raises costs the call in which it did, and nobody else anything."""

import traceback
from collections.abc import AsyncGenerator, Sequence

import anyio
import pytest

from argentos import MemoryStore, OfflineModel, Reply, Request
from argentos.errors import ArgentError, ModelUnavailableError, SessionFailedError
from argentos.storage import Record, SessionKey
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class PanicError(BaseException):
    """What is no `Exception`, as a panic of Rust code is not."""


class Unreachable(OfflineModel):
    async def stream(self, request: Request) -> AsyncGenerator[str | Reply, None]:
        raise ModelUnavailableError("try again later")
        yield request.session


async def test_each_of_several_who_wait_gets_an_error_of_its_own(running: Running) -> None:
    seen: list[ArgentError] = []

    async with running(Unreachable()) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        for _ in range(4):
            with pytest.raises(ModelUnavailableError, match="try again later") as raised:
                await turn.reply()
            seen.append(raised.value)
    assert len({id(error) for error in seen}) == 4
    assert len({len(traceback.extract_tb(error.__traceback__)) for error in seen}) == 1


class Raising(MemoryStore):
    """Raises instead of storing what the session of the name `bad` is told."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if key.id == "bad":
            raise self.error
        return await super().append(key, epoch, expected_sequence, records)


@pytest.mark.parametrize("error", [ValueError("a bug"), PanicError("a bug"), SystemExit("a bug")])
async def test_whatever_a_store_raises_fails_the_session_that_it_was_raised_for(
    running: Running, error: BaseException
) -> None:
    async with running(OfflineModel(), on=Raising(error)) as supervisor:
        with pytest.raises(SessionFailedError, match="a bug") as raised:
            await supervisor.session("bad").send("Hello?")
        assert raised.value.__cause__ is error
        with anyio.fail_after(5):
            assert (await supervisor.session("good").ask("Hello?")).text
