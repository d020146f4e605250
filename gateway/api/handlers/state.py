"""State of the gateway itself: alive, ready, healthy, in figures; and the description of its API."""

from msgspec import Struct
from starlette.responses import Response

from argentos.actors import Health, Supervisor
from argentos.gateway.api.call import Call
from argentos.gateway.api.monitoring.readiness import Ready, check_ready, health_of
from argentos.gateway.api.routes import PREFIX, Route

__all__ = ["ROWS"]


class Alive(Struct, frozen=True):
    """A gateway that answers."""

    status: str = "alive"


async def show_alive(_: Call) -> Alive:
    """Say that the gateway answers, whatever else is wrong."""
    return Alive()


async def show_ready(call: Call) -> Ready:
    """Say whether messages are taken; where they are not, 503."""
    return await check_ready(call.service)


async def show_health(call: Call) -> Health:
    """Show how the supervisor stands: its store, its sessions that failed too often, its tools."""
    call.caller.check_unbound()
    return health_of(call.service.supervisor)


async def show_metrics(call: Call) -> Response:
    """Show figures for Prometheus."""
    call.caller.check_unbound()
    supervisor = call.service.supervisor
    return call.service.metrics.response(supervisor.health() if isinstance(supervisor, Supervisor) else None)


async def show_openapi(call: Call) -> Response:
    """Describe this API, in OpenAPI 3.1."""
    return Response(call.service.openapi, media_type="application/json")


ROWS = (
    Route("GET", "/healthz", show_alive, scope=None),
    Route("GET", "/readyz", show_ready, scope=None),
    Route("GET", "/metrics", show_metrics, scope="read"),
    Route("GET", f"{PREFIX}/health", show_health, scope="read"),
    Route("GET", f"{PREFIX}/openapi.json", show_openapi, scope=None),
)
