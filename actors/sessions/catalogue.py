"""The sessions as lists show them: page by page, however many there are, and by their keys."""

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from anyio.lowlevel import checkpoint

from argentos.actors.core.registry import Registry
from argentos.actors.events import EventFilter
from argentos.actors.info import SessionInfo
from argentos.concurrency.chunks import in_chunks
from argentos.concurrency.foreign_code import reading_a_store
from argentos.errors import InputError, SessionNotFoundError
from argentos.inputs import as_id, in_words
from argentos.storage import Metadata, SessionKey

if TYPE_CHECKING:
    from argentos.actors.interfaces import SupervisorInterface

__all__ = ["Catalogue", "InfoPage", "created_at", "sessions_of"]


class InfoPage(NamedTuple):
    """Some sessions, and a sentence for each that could not be read."""

    sessions: tuple[SessionInfo, ...]
    problems: tuple[str, ...] = ()


class Catalogue:
    """Reads what is known of sessions, and loads none for that.

    Args:
        registry: of the supervisor.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def now(self) -> datetime:
        """The time by the supervisor's clock, by which sessions become idle."""
        return self._registry.runtime.clock.now()

    async def pages(self, agent: str) -> AsyncGenerator[InfoPage]:
        """All sessions of an agent, a thousand at a time, in the order of the names of their folders.

        Raises:
            InputError: the agent's name cannot be used.
            StoreError: the store cannot be read.
        """
        async with aclosing(self._registry.pages(as_id(agent, "the agent's name"))) as pages:
            async for page in pages:
                yield InfoPage(await self._told(page.sessions), page.problems)

    async def find(self, keys: Iterable[SessionKey]) -> InfoPage:
        """These sessions, in their order; those that do not exist are left out.

        Raises:
            InputError: these are no keys.
            StoreError: the store cannot be read.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        self._registry.check_open()
        wanted = _as_keys(keys)
        agents: dict[str, list[str]] = {}
        known: dict[SessionKey, Metadata] = {}
        for key in wanted:
            if (live := self._registry.live(key)) is not None:
                known[key] = live
            else:
                agents.setdefault(key.agent, []).append(key.id)
        problems: list[str] = []
        for agent, ids in agents.items():
            with reading_a_store():
                page = await self._registry.runtime.store.find(agent, ids)
            known |= {each.key: each for each in page.sessions}
            problems += page.problems
        return InfoPage(await self._told([known[key] for key in wanted if key in known]), tuple(problems))

    async def _told(self, sessions: Sequence[Metadata]) -> tuple[SessionInfo, ...]:
        infos: list[SessionInfo] = []
        for some in in_chunks(sessions):
            infos += [self._registry.info(metadata) for metadata in some]
            await self._registry.runtime.workers.give_way()
        return tuple(infos)


def _as_keys(value: object) -> list[SessionKey]:
    use = "give keys of sessions, as [SessionKey('main', 'ada')]"
    if not isinstance(value, Iterable):
        raise InputError(f"the keys are {in_words(value)}; {use}")
    keys = [*cast("Iterable[object]", value)]
    for key in keys:
        if not isinstance(key, SessionKey):
            raise InputError(f"one of the keys is {in_words(key)}; {use}")
    return cast("list[SessionKey]", keys)


async def sessions_of(sessions: "SupervisorInterface", agents: Collection[str], only: EventFilter) -> list[SessionInfo]:
    """The sessions of which a subscription tells."""
    found: list[SessionInfo] = []
    for agent in agents if only.agent is None else {only.agent} & {*agents}:
        if only.session is None:
            found += await sessions.list(agent=agent, owner=only.owner)
            continue
        with suppress(SessionNotFoundError):
            info = await sessions.session(only.session, agent=agent).info()
            found += [info] if only.owner in {None, info.owner} else []
    return found


async def created_at(sessions: "SupervisorInterface", agents: Collection[str], session_id: str) -> datetime | None:
    """The time when the oldest session of this id was made; None where no agent has one."""
    found = await sessions_of(sessions, agents, EventFilter(None, session_id, None))
    return min((each.created_at for each in found), default=None)
