"""The scopes of tokens: who may write may not delete."""

import pytest

from argentos.gateway.access.caller import Scope
from tests.gateway.api.conftest import Serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scopes", [("read",), ("read", "write"), ("read", "write", "approve")])
async def test_a_session_is_deleted_by_who_may_manage_alone(serving: Serving, scopes: tuple[Scope, ...]) -> None:
    async with serving() as served:
        await served.supervisor.session("maren").ask("Hello?")
        assert served.gateway.access is not None
        weaker = served.gateway.access.tokens.new("weaker", scopes)
        refused = await served.send("DELETE", "sessions/maren", None, 403, Authorization=f"Bearer {weaker}")
        assert refused["code"] == "scope_missing"
        assert [each.id for each in await served.supervisor.list()] == ["maren"]
        await served.send("DELETE", "sessions/maren", None, 204)
        assert await served.supervisor.list() == []
