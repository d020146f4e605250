"""A model that gives recorded replies."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final

import anyio

from argentos.errors import ModelRefusedError
from argentos.llm.model import Emit, Reply, Request
from argentos.llm.pieces import ThinkingDelta

__all__ = ["ReplayModel"]

_ANY: Final = ""


class ReplayModel:
    """Gives one recorded reply for each request, in order; one that calls tools is answered by the agent's own.

    Args:
        replies: texts, or whole replies; an empty one ends its turn without a reply.
        live: wait for `feed` when none is left, rather than refuse.
    """

    name = "replay"
    token_ratio: float = 1.0  # nobody counts otherwise

    def __init__(self, replies: Iterable[str | Reply] = (), *, live: bool = False) -> None:
        self._replies: defaultdict[str, deque[str | Reply]] = defaultdict(deque, {_ANY: deque(replies)})
        self._live = live
        self._fed = anyio.Event()

    def feed(self, reply: str | Reply, session: str = _ANY) -> None:
        """Add a reply behind the others: for the session of this id, or for whichever asks first."""
        self._replies[session].append(reply)
        self._fed.set()
        self._fed = anyio.Event()

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        """See `Model.reply`."""
        while not (replies := self._replies[request.session] or self._replies[_ANY]):
            if not self._live:
                raise ModelRefusedError("the recording has no more replies; give ReplayModel one for each request")
            await self._fed.wait()
        reply = replies.popleft()
        if isinstance(reply, str):
            reply = Reply(reply)
        for block in reply.blocks:
            if (thought := block.get("thinking")) and block.get("type") == "thinking":
                await emit(ThinkingDelta(str(thought)))
        if reply.text:
            await emit(reply.text)
        return reply
