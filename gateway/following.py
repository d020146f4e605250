"""Following the sessions: looking again whenever something may have changed, whichever process changes it.

An owner tells of what happens. Where nobody owns the directory, and beside an owner that is silent, its files are
looked at every second.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import anyio

from argentos.actors import Event, Subscription, Supervisor
from argentos.actors.control.remote import RemoteSupervisor
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import OwnerGoneError, OwnerLostError, StoreBusyError, SupervisorStoppedError
from argentos.gateway.owner import open_sessions
from argentos.gateway.settings import Settings
from argentos.storage.files.paths import agent_folder

__all__ = ["Follower", "keep_following"]

_INTERVAL: Final = 1.0  # seconds between two looks at files, and between two owners
_PATIENCE: Final = 5.0  # seconds without a sign of life from the owner
_GONE: Final = (OwnerGoneError, OwnerLostError, StoreBusyError, SupervisorStoppedError)


class Follower(ABC):
    """A command that goes on as long as something may happen.

    Attributes:
        session: the id of the only session that it is about; None for all.
        agent: the agent that it is about; None for all of them.
        tick: seconds after which it looks again, whatever happens; None for never.
    """

    session: str | None = None
    agent: str | None = None
    tick: float | None = None

    @abstractmethod
    async def look(self, sessions: SupervisorInterface) -> None:
        """Look at the sessions: first, after something may have happened unseen, and whenever `hear` asks for it."""

    def begin(self, *, is_told: bool) -> None:  # noqa: B027 - most commands have shown something already
        """Take note that nothing is missed from now on: an owner tells of it, or the files are looked at."""

    def hear(self, events: Sequence[Event]) -> bool:  # noqa: ARG002 - for those who tell of each
        """Hear of events, right after they have happened; gives whether to look again."""
        return True


def keep_following(settings: Settings, follower: Follower) -> None:
    """Have a command go on until Ctrl-C, which is its usual end.

    Raises:
        ArgentError: the sessions cannot be read.
    """
    settings.check_state_dir()
    with suppress(KeyboardInterrupt):
        anyio.run(_follow, settings, follower)


async def _follow(settings: Settings, follower: Follower) -> None:
    seen: object = None
    while True:
        async with Supervisor.connect(settings.state_dir, settings.agent, patience=_PATIENCE) as owner:
            with suppress(*_GONE):  # the next one is looked for
                await owner.ping()
                seen = None
                await _hear(owner, follower)
        state = await anyio.to_thread.run_sync(_state_of, settings)
        if seen != state or follower.tick is not None:
            async with open_sessions(settings, read_only=True, all_agents=follower.agent is None) as sessions:
                if not isinstance(sessions, RemoteSupervisor):
                    with suppress(*_GONE):
                        await follower.look(sessions)
                        if seen is None:
                            follower.begin(is_told=False)
                        seen = state
        await anyio.sleep(_INTERVAL)


async def _hear(owner: RemoteSupervisor, follower: Follower) -> None:
    """Follow what an owner tells, until it is gone."""
    async with owner.events(session=follower.session, agent=follower.agent) as events:
        await follower.look(owner)
        follower.begin(is_told=True)
        while True:
            if await _hear_next(events, follower):
                await follower.look(owner)


async def _hear_next(events: Subscription, follower: Follower) -> bool:
    with anyio.move_on_after(follower.tick):
        event = await events.get()
        return follower.hear([event, *events.pending()])
    return True


def _state_of(settings: Settings) -> tuple[object, ...]:
    """A value that is another one once the files of the directory have changed."""
    journal = settings.state_dir / "journal"
    with suppress(OSError):
        segments = sorted((each.name, each.stat().st_size) for each in os.scandir(journal))
        return (*segments, _changed(journal), _changed(agent_folder(settings.state_dir, settings.agent)))
    return ()


def _changed(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0
