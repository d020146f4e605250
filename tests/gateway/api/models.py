"""Models for the tests of the HTTP API, and a tool that needs a person's word."""

import anyio

from argentos import Emit, ModelRefusedError, Reply, Request, Usage, tool

__all__ = ["Echo", "Parrot", "Refusing", "Waiting", "launch"]


class Parrot:
    """Says what it is told, word by word, and what that has cost."""

    can_summarise = True

    async def reply(self, request: Request, emit: Emit) -> Reply:
        text = request.messages[-1].text
        for word in text.split():
            await emit(f"{word} ")
        return Reply(text, usage=Usage("parrot", 100, 10, cache_read=50, cost=0.5))

    async def summarise(self, request: Request, emit: Emit) -> Reply:
        del request, emit
        return Reply("They talked.")


class Echo:
    """Says what it is told, at once."""

    async def reply(self, request: Request, _: Emit) -> Reply:
        return Reply(request.messages[-1].text)


class Refusing:
    """Begins, and refuses."""

    async def reply(self, _: Request, emit: Emit) -> Reply:
        await emit("Well, ")
        raise ModelRefusedError("no more for today")


class Waiting(Parrot):
    """Says what it is told, and waits with the end until it may go on."""

    def __init__(self) -> None:
        self.go_on = anyio.Event()

    async def reply(self, request: Request, emit: Emit) -> Reply:
        reply = await super().reply(request, emit)
        await self.go_on.wait()
        return reply


@tool(needs_approval=True)
async def launch(boat: str) -> str:
    """Launch a boat."""
    return f"{boat} floats"
