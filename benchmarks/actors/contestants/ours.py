"""Ours: a session in memory, with a model that answers at once, and a subscriber."""

from contextlib import AsyncExitStack
from typing import Self

from argentos import Config, MemoryStore, Session, Supervisor
from argentos.llm import TokenCounter, count_tokens
from benchmarks.actors.contestants.contestant import QUESTION, Contestant
from benchmarks.storage.instant import InstantModel

__all__ = ["Counting", "Left", "Ours", "count_one"]


def count_one(_: str) -> int:
    """A token for any text, so that counting costs nothing."""
    return 1


class _Sessions(dict[int, Session]):
    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__()
        self._supervisor = supervisor

    def __missing__(self, actor: int) -> Session:
        session = self[actor] = self._supervisor.session(f"user-{actor}")
        return session


class Ours(Contestant):
    """`Session.ask`, with all that belongs to it.

    Attributes:
        config: the settings.
        count: counts tokens.
    """

    config = Config()
    count: TokenCounter = staticmethod(count_one)

    def __init__(self) -> None:
        self._supervisor = Supervisor(
            MemoryStore(), InstantModel(), config=self.config, count=self.count, count_inline=10**6
        )
        self._sessions = _Sessions(self._supervisor)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """See `Contestant`."""
        await self._stack.enter_async_context(self._supervisor)
        await self._stack.enter_async_context(self._supervisor.events())
        return self

    async def __aexit__(self, *_: object) -> None:
        """See `Contestant`."""
        await self._stack.aclose()

    async def ask(self, actor: int) -> object:
        """See `Contestant`."""
        return await self._sessions[actor].ask(QUESTION)

    async def rest(self, actor: int) -> None:
        """See `Contestant`: the context is emptied."""
        await self._sessions[actor].clear()


class Counting(Ours):
    """The same, and tiktoken counts message and reply."""

    count: TokenCounter = staticmethod(count_tokens)


class Left(Ours):
    """The same, but sessions leave memory: what remains is the store's."""

    config = Config(max_live=1)
