"""The pairings of sessions that are shown."""

import logging
from collections.abc import Iterable, Mapping
from typing import Final

from argentos.actors import SessionInfo, SessionPairing
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import StoreDamagedError, StoreVersionError

__all__ = ["known_pairings"]

_log: Final = logging.getLogger(__name__)


async def known_pairings(sessions: SupervisorInterface, infos: Iterable[SessionInfo]) -> Mapping[str, SessionPairing]:
    """The pairings of sessions by their ids; where the book cannot be read, a warning and none."""
    try:
        return (await sessions.pairing.book()).told_of(each.id for each in infos)
    except (StoreDamagedError, StoreVersionError) as error:
        _log.warning("who is linked with whom is not shown: %s", error)
        return {}
