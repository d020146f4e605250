"""What the tests of channels share."""

from collections.abc import Callable

import anyio

from argentos import Emit, Reply, Request
from argentos.gateway.channels.local.telegram.server import LocalTelegram

SECONDS = 20.0  # for anything that is waited for


class Echo:
    """A model that says what it was told."""

    async def reply(self, request: Request, emit: Emit) -> Reply:  # noqa: ARG002 - it comes whole
        return Reply(f"You said: {request.messages[-1].text}")


class Held(Echo):
    """A model that waits to be let go on."""

    def __init__(self) -> None:
        self.asked = anyio.Event()
        self.may_go_on = anyio.Event()

    async def reply(self, request: Request, emit: Emit) -> Reply:
        self.asked.set()
        await self.may_go_on.wait()
        return await super().reply(request, emit)


async def until(is_so: Callable[[], object], what: str = "") -> None:
    """Wait until something is so."""
    with anyio.move_on_after(SECONDS):
        while not is_so():  # noqa: ASYNC110 - what others do has no event
            await anyio.sleep(0.01)
    assert is_so(), what


def shown(telegram: LocalTelegram, chat: int) -> list[str]:
    """The texts of our messages that a person sees in a chat."""
    return [each.text for each in telegram.chat(chat).shown]


async def shows(telegram: LocalTelegram, chat: int, *texts: str) -> None:
    """Wait until a person sees these texts of ours, and no others."""
    with anyio.move_on_after(SECONDS):
        while len(shown(telegram, chat)) < len(texts) or shown(telegram, chat) != list(texts):  # noqa: ASYNC110
            await anyio.sleep(0.01)
    assert shown(telegram, chat) == list(texts)
