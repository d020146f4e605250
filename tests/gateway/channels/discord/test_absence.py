"""A Discord that cannot be reached, and comes back."""

import pytest

from argentos.gateway.channels.discord import receiving
from tests.gateway.channels.discord.conftest import Run
from tests.gateway.channels.discord.harbour import Harbour
from tests.gateway.channels.discord.test_receiving import connected
from tests.gateway.channels.shared import until

pytestmark = pytest.mark.anyio


async def test_an_absence_of_the_platform_is_told_and_what_was_written_in_it_is_answered(
    harbour: Harbour, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_AWAY", 0.1)
    async with run(answers="always") as running:
        await connected(harbour)
        harbour.discord.leave()
        await until(lambda: running.channels.statuses.now()[0].state == "failing")
        assert running.channels.statuses.now()[0].trouble == "Discord's gateway has not been reached for 0.1 s"
        await harbour.discord.write(harbour.ada, harbour.general, "Anybody there?")
        harbour.discord.is_away = False
        await until(lambda: running.channels.statuses.now()[0].state == "connected")
        await until(lambda: harbour.texts(harbour.general) == ["You said: Anybody there?"])
