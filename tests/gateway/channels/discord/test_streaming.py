"""A reply is shown while it is made, and one message shows it, whenever we are killed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from argentos.gateway.channels.local.discord.faults import Fault
from tests.gateway.channels.discord.conftest import Run
from tests.gateway.channels.discord.harbour import Harbour
from tests.gateway.channels.discord.test_receiving import connected
from tests.gateway.channels.shared import Slow, until

pytestmark = pytest.mark.anyio


def at_once() -> datetime:
    return datetime.now(UTC)


def later() -> datetime:
    """A time at which the platform recognises nothing any more."""
    return datetime.now(UTC) + timedelta(minutes=10)


@pytest.mark.parametrize("now", [at_once, later])
async def test_a_draft_of_which_a_kill_left_nothing_known_becomes_the_reply(
    harbour: Harbour, run: Run, now: Callable[[], datetime]
) -> None:
    direct = harbour.direct(harbour.ada)
    async with run(Slow(), stream=True):
        await connected(harbour)
        harbour.discord.faults.plan("POST messages", Fault(status=None, is_done=True))  # and we are told nothing
        await harbour.discord.write(harbour.ada, direct, "Tell me a story")
        await until(lambda: harbour.texts(direct) == ["The beginning …"])
    model = Slow()
    async with run(model, now=now, stream=True):
        await connected(harbour)
        model.goes_on.set()
        await until(lambda: harbour.texts(direct)[-1] == "The beginning, and the end.")
    assert len(harbour.texts(direct)) == 1
