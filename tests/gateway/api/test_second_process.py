"""A gateway before sessions that another process runs, as each worker of a web server has one: all but search."""

from pathlib import Path

import httpx2 as httpx
import pytest

from argentos import FileStore, Supervisor
from argentos.gateway import Access, Gateway
from tests.gateway.api.models import Parrot

pytestmark = pytest.mark.anyio


async def test_it_sends_lists_and_reads_through_their_owner(tmp_path: Path) -> None:
    access = Access(tmp_path)
    headers = {"Authorization": f"Bearer {access.tokens.new('worker')}"}
    async with Supervisor(FileStore(tmp_path), Parrot(), grace=0.2):
        gateway = Gateway(Supervisor.connect(tmp_path), access)
        transport = httpx.ASGITransport(gateway.application())
        async with (
            gateway.lifespan(),
            httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1", headers=headers) as client,
        ):
            assert (await client.get("http://localhost/readyz")).json() == {"status": "ready"}
            sent = await client.post("/sessions/maren/messages", json={"content": "hello"})
            assert sent.json()["text"] == "hello"
            await client.post("/sessions", json={"id": "ada", "tags": ["boats"]})
            await client.patch("/sessions/ada", json={"pinned": True})
            listed = (await client.get("/sessions?limit=1")).json()
            assert [each["id"] for each in listed["sessions"]] == ["ada"]
            listed = (await client.get("/sessions", params={"limit": 1, "after": listed["next"]})).json()
            assert [each["id"] for each in listed["sessions"]] == ["maren"]
            assert listed["counts"] == {"idle": 1, "new": 1}
            assert (await client.get("/sessions?text=BOATS&status=new")).json()["total"] == 1
            page = (await client.get("/sessions/maren/messages")).json()
            assert [each["text"] for each in page["messages"]] == ["hello", "hello"]
            refused = await client.get("/search?text=hello")
            assert (refused.status_code, refused.json()["code"]) == (501, "extra_missing")
            assert (await client.get("/health")).status_code == 400


async def test_it_is_not_ready_where_nobody_runs_them(tmp_path: Path) -> None:
    gateway = Gateway(Supervisor.connect(tmp_path), None)
    transport = httpx.ASGITransport(gateway.application())
    async with gateway.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        refused = await client.get("/readyz")
        assert (refused.status_code, refused.json()["code"]) == (503, "supervisor_stopped")
