"""The gateway about itself: alive, ready, in figures, and the description of its API."""

from typing import Any

import httpx2 as httpx
import pytest
from openapi_spec_validator import validate
from starlette.applications import Starlette
from starlette.routing import Mount

from argentos import MemoryStore, OfflineModel, StoreFailedError, Supervisor
from argentos.gateway.api.application import Gateway
from argentos.gateway.api.table import ROUTES
from argentos.gateway.problems import problem_of
from tests.gateway.api.conftest import Serving
from tests.gateway.api.models import Parrot, Refusing
from tests.gateway.api.serving import of

pytestmark = pytest.mark.anyio


class Failing(MemoryStore):
    """A store that takes nothing, for a reason that is nobody's business."""

    @property
    def failure(self) -> StoreFailedError:
        return StoreFailedError("/home/maren/secret: no space left")


def value_of(metrics: str, name: str) -> float:
    (line,) = [line for line in metrics.splitlines() if line.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])


async def test_everybody_may_ask_whether_it_is_alive_and_ready(serving: Serving) -> None:
    async with serving() as served, httpx.AsyncClient(base_url=str(served.client.base_url)) as stranger:
        assert (await stranger.get("/healthz")).json() == {"status": "alive"}
        assert (await stranger.get("/readyz")).json() == {"status": "ready"}
        for path in ("/metrics", "/api/v1/health", "/api/v1/sessions"):
            refused = await stranger.get(path)
            assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
            assert refused.headers["www-authenticate"] == "Bearer"


async def test_a_gateway_that_drains_is_alive_and_not_ready(serving: Serving) -> None:
    async with serving() as served:
        await served.gateway.drain()
        assert await served.get("/healthz") == {"status": "alive"}
        assert (await served.get("/readyz", 503))["code"] == "supervisor_stopped"
        refused = await served.post(f"{of('maren')}/messages", {"content": "hello"}, 503)
        assert (refused["code"], refused["retryAfter"]) == ("supervisor_stopped", 1.0)


async def test_trouble_of_the_store_is_told_to_whom_it_concerns(serving: Serving) -> None:
    async with serving(store=Failing()) as served:
        problem = await served.get("/readyz", 503)
        assert problem["code"] == "store_failed"
        assert "secret" not in problem["detail"]
        assert "secret" in (await served.get("health"))["store"]


async def test_metrics_count_what_happens_and_name_nobody(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await served.post(f"{of('maren')}/messages", {"content": "a canary"})
        await served.get(of("nobody"), 404)
        async with served.events():
            answer = await served.client.get("/metrics")
        metrics = answer.text
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert value_of(metrics, "argent_streams") == 1
        assert value_of(metrics, "argent_ready") == 1
        assert value_of(metrics, 'argent_turns_total{agent="main",outcome="replied"}') == 1
        assert value_of(metrics, 'argent_tokens_total{agent="main",kind="cache_read"}') == 50
        assert value_of(metrics, 'argent_cost_total{agent="main"}') == 0.5
        path = "/api/v1/sessions/{session}"
        assert value_of(metrics, f'argent_http_requests_total{{method="GET",route="{path}",status="404"}}') == 1
        assert not {"maren", "canary", "nobody"} & {*metrics.replace('"', " ").split()}


async def test_a_turn_that_fails_is_counted_as_such(serving: Serving) -> None:
    async with serving(Refusing()) as served:
        await served.post(f"{of('maren')}/messages", {"content": "hello"}, 502)
        metrics = (await served.client.get("/metrics")).text
        assert value_of(metrics, 'argent_turns_total{agent="main",outcome="failed"}') == 1


async def test_the_description_of_the_api_is_valid_and_has_every_route(serving: Serving) -> None:
    async with serving() as served:
        document: dict[str, Any] = await served.get("openapi.json")
    validate(document)
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in served.gateway.routes}
    names = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names))


def test_every_route_has_a_summary_and_takes_a_right_unless_it_tells_nothing() -> None:
    assert all(route.summary for route in ROUTES)
    public = {route.path for route in ROUTES if route.scope is None}
    assert public == {"/healthz", "/readyz", "/api/v1/openapi.json"}
    changing = {route.scope for route in ROUTES if route.method != "GET"}
    assert changing == {"write", "approve", "admin"}


async def test_without_access_of_its_own_it_answers_to_whom_its_host_has_authenticated_alone() -> None:
    gateway = Gateway(Supervisor(MemoryStore(), OfflineModel()), None)
    host = Starlette(routes=[Mount("/inner/api", gateway.application())], lifespan=gateway.lifespan)
    async with (
        host.router.lifespan_context(host),
        httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://localhost") as client,
    ):
        assert (await client.get("/inner/api/healthz")).status_code == 200
        refused = await client.get("/inner/api/api/v1/sessions")
        assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")


def test_every_error_has_a_status_of_its_kind() -> None:
    from argentos import errors  # noqa: PLC0415 - for this test alone

    for name in errors.__all__:
        kind = getattr(errors, name)
        error = kind.__new__(kind, "a sentence")
        problem = problem_of(error)
        assert problem.status >= 400, name
        assert problem.code == kind.code
