"""Models and waits that the tests of channels share."""

import base64
from collections.abc import Callable

import anyio

from argentos import Emit, Image, Reply, Request, Text
from argentos.errors import ModelError
from argentos.gateway.channels.local.telegram.server import LocalTelegram

SECONDS = 20.0  # for anything that is waited for
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Echo:
    """A model that says what it was told."""

    async def reply(self, request: Request, emit: Emit) -> Reply:  # noqa: ARG002 - it comes whole
        return Reply(f"You said: {request.messages[-1].text}")


class Looking:
    """A model that says what blocks it sees, and shows the pictures again."""

    async def reply(self, request: Request, emit: Emit) -> Reply:  # noqa: ARG002 - it comes whole
        blocks = request.messages[-1].content
        pictures = [each for each in blocks if isinstance(each, Image)]
        words = " ".join(each.text for each in blocks if isinstance(each, Text))
        return Reply((Text(f"{len(pictures)} pictures: {words}"), *pictures))


class Slow:
    """A model that says the beginning, and the end when it is told to; or fails, where it is asked to."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.goes_on = anyio.Event()

    async def reply(self, request: Request, emit: Emit) -> Reply:
        if request.messages[-1].text == "Fail":
            raise ModelError("no luck")
        await emit("The beginning")
        self.begun.set()
        await self.goes_on.wait()
        return Reply("The beginning, and the end.")


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
