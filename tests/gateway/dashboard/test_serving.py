"""The page as a browser gets it."""

import gzip
import re
from typing import Any

import anyio
import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from argentos import MemoryStore, OfflineModel, Supervisor
from argentos.gateway.api.application import Gateway
from argentos.gateway.dashboard.routes import dashboard

pytestmark = pytest.mark.anyio

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def anyio_backend() -> str:
    """The gateway stands on asyncio alone."""
    return "asyncio"


def client(mounted_at: str = "") -> httpx.AsyncClient:
    gateway = Gateway(Supervisor(MemoryStore(), OfflineModel()), None, parts=[dashboard])
    application: Any = gateway.application()
    if mounted_at:
        application = Starlette(routes=[Mount(mounted_at, application)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://127.0.0.1")


async def test_the_page_and_its_files_may_do_nothing_but_ask_their_own_gateway() -> None:
    async with client() as asking:
        page = await asking.get("/")
        for address in ["/", *addresses(page.text)]:
            response = await asking.get(address)
            assert response.status_code == 200, address
            assert set(response.headers["content-security-policy"].split("; ")) == POLICY
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["referrer-policy"] == "no-referrer"


async def test_the_page_names_every_module_so_that_none_is_waited_for() -> None:
    async with client() as asking:
        page = (await asking.get("/")).text
        named = set(addresses(page))
        waiting = [each for each in named if each.endswith("/js/main.js")]
        while waiting:
            at = waiting.pop()
            text = (await asking.get(at)).text
            for found in re.findall(r'(?:from|import) "(\.[^"]+)"', text):
                target = str(httpx.URL(f"http://x{at}").join(found).path)
                if "/vendor/" not in target:
                    assert target in named


async def test_files_are_kept_by_browsers_since_their_addresses_change_with_them() -> None:
    async with client() as asking:
        page = await asking.get("/")
        assert page.headers["cache-control"] == "no-cache"
        script = await asking.get(addresses(page.text)[-1])
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["content-encoding"] == "gzip"
        digest = addresses(page.text)[0].split("/")[2]
        assert (await asking.get(f"/static/{'0' * len(digest)}/js/main.js")).status_code == 404


async def test_files_are_sent_as_they_are_to_whoever_cannot_unpack_them() -> None:
    async with client() as asking:
        script = addresses((await asking.get("/")).text)[-1]
        packed = await asking.get(script, headers={"Accept-Encoding": "gzip"})
        plain = await asking.get(script, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == packed.content
        assert len(gzip.compress(plain.content)) < len(plain.content)


@pytest.mark.parametrize(
    "path",
    [
        "../files.py",
        "..%2ffiles.py",
        "%2e%2e/%2e%2e/pyproject.toml",
        "js",
        "",
        "vendor/",
        "//etc/passwd",
        "js/main.js%00",
    ],
)
async def test_nothing_but_the_files_can_be_had(path: str) -> None:
    async with client() as asking:
        digest = addresses((await asking.get("/")).text)[0].split("/")[2]
        with anyio.fail_after(5):
            response = await asking.get(f"/static/{digest}/{path}", follow_redirects=True)
        assert response.status_code == 404


async def test_the_page_works_wherever_the_gateway_is_mounted() -> None:
    async with client("/tools/gateway") as asking:
        page = await asking.get("/tools/gateway/")
        assert page.status_code == 200
        first = re.findall(r'(?:href|src)="(static/[^"]+)"', page.text)[0]
        assert (await asking.get(f"/tools/gateway/{first}")).status_code == 200
        bare = await asking.get("/tools/gateway")
        assert bare.status_code in {307, 308}
        assert str(httpx.URL("http://127.0.0.1/tools/gateway").join(bare.headers["location"]).path) == "/tools/gateway/"


def addresses(page: str) -> list[str]:
    """The addresses of the page's files."""
    return [f"/{found}" for found in re.findall(r'(?:href|src)="(static/[^"]+)"', page)]
