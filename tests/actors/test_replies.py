"""A reply counts once the model has given it, whatever the model does afterwards."""

import threading
from collections.abc import AsyncGenerator, Awaitable, Callable

import anyio
import anyio.to_thread
import pytest

from argentos import Config, OfflineModel, Reply, Request
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class PanicError(BaseException):
    """What is no `Exception`, as a panic of Rust code is not."""


class Ending(OfflineModel):
    """Says Yes, and then does something while its stream is closed."""

    can_summarise = True

    def __init__(self, deed: Callable[[], Awaitable[object]]) -> None:
        self.deed = deed

    async def stream(self, request: Request) -> AsyncGenerator[str | Reply, None]:
        try:
            yield Reply("A summary." if request.instruction else "Yes.")
        finally:
            await self.deed()


def raising(error: BaseException) -> Callable[[], Awaitable[object]]:
    async def raise_it() -> None:
        raise error

    return raise_it


@pytest.mark.parametrize("error", [RuntimeError("no idea"), PanicError("no idea"), SystemExit("no idea")])
async def test_a_reply_counts_though_its_model_fails_while_closing(
    running: Running, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    async with running(Ending(raising(error))) as supervisor:
        assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
        assert supervisor.health().is_well
    assert [
        record
        for record in caplog.records
        if "session maren" in record.getMessage() and "no idea" in record.getMessage()
    ]


async def test_a_reply_counts_though_its_model_hangs_while_closing(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(Ending(anyio.sleep_forever)) as supervisor:
        with anyio.fail_after(20):
            assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
    assert [record for record in caplog.records if "session maren" in record.getMessage()]


async def test_a_reply_counts_though_its_model_ignores_its_end(running: Running) -> None:
    may_end = threading.Event()

    async def wait() -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(may_end.wait, 30)

    try:
        async with running(Ending(wait), max_turns=1) as supervisor:
            with anyio.fail_after(20):
                assert (await supervisor.session("maren").ask("Hello?")).text == "Yes."
                assert (await supervisor.session("other").ask("Hello?")).text == "Yes."
            may_end.set()
    finally:
        may_end.set()


@pytest.mark.parametrize("deed", [raising(PanicError("no idea")), anyio.sleep_forever])
async def test_a_summary_counts_though_its_model_fails_or_hangs_while_closing(
    running: Running, deed: Callable[[], Awaitable[object]]
) -> None:
    async with running(Ending(deed), config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        for number in range(6):
            await session.say(f"{number}: " + "word " * 60)
        with anyio.fail_after(20):
            await session.compact()
        summary = await session.summary()
    assert summary is not None
    assert (summary.method, summary.text) == ("model", "A summary.")
