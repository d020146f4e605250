"""Readiness: whether messages are taken, for whoever balances load, and the whole health for an operator."""

from msgspec import Struct

from argentos.actors import Health, Supervisor
from argentos.errors import ArgentError, InputError, StoreFailedError, SupervisorStoppedError
from argentos.gateway.access.view import AnySupervisor
from argentos.gateway.api.service import Service

__all__ = ["Ready", "check_ready", "health_of"]

_AGAIN = 5.0  # seconds


class Ready(Struct, frozen=True):
    """A gateway that takes messages."""

    status: str = "ready"


async def check_ready(service: Service) -> Ready:
    """Refuse where no messages are taken; nothing is told of why, for everybody may ask.

    Raises:
        SupervisorStoppedError: the gateway is ending.
        StoreFailedError: the store takes nothing.
    """
    service.check_not_draining()
    supervisor = service.supervisor
    if not isinstance(supervisor, Supervisor):
        try:
            await supervisor.ping()
        except ArgentError:
            raise SupervisorStoppedError("the process that owns the state directory does not answer") from None
        return Ready()
    health = supervisor.health()
    if not health.is_open or health.is_draining:
        raise SupervisorStoppedError("the gateway is ending; ask another one", retry_after=_AGAIN)
    if health.store:
        sentence = "the store takes nothing at the moment; GET /api/v1/health says why"
        raise StoreFailedError(sentence, is_transient=True, retry_after=_AGAIN)
    return Ready()


def health_of(supervisor: AnySupervisor) -> Health:
    """The health of a supervisor of this process.

    Raises:
        InputError: another process runs it.
    """
    if isinstance(supervisor, Supervisor):
        return supervisor.health()
    raise InputError("the sessions are run by another process, and only that one knows its health; ask it there")
