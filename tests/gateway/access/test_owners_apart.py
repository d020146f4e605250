"""Two owners, held apart on every route of the table: what one asks about the other's session is as if it were not."""

import re
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import anyio
import msgspec
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st

from argentos import Agent, MemoryStore, OfflineModel, SessionInfo, Supervisor, tool
from argentos.gateway.access.guard import Access
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.api.application import Gateway
from argentos.gateway.api.routes import Route
from argentos.gateway.api.table import ROUTES
from argentos.storage import ApprovalAsked
from tests.gateway.access.asgi import Answer, Client

SECRET: Final = "secret-of-maren"  # noqa: S105 - she has told it to the agent
HERS: Final = "boat-of-maren"
OWN: Final = "boat-of-ada"
MISSING: Final = "0" * 32
LIMITS: Final = Limits(
    requests_per_second=1e6, requests_burst=1e6, new_sessions_per_second=1e6, new_sessions_burst=1e6, sessions=10**6
)


@tool(needs_approval=True)
async def launch(boat: str) -> str:
    """Launch a boat."""
    return f"{boat} is afloat"


class World(NamedTuple):
    """A gateway with a session of Maren, in which a call waits for a word, and one of Ada, who asks."""

    portal: BlockingPortal
    supervisor: Supervisor
    client: Client
    ada: str

    def ask(self, method: str, path: str, body: Any) -> Answer:
        """The response that Ada gets; of a stream what comes in a moment."""
        headers = {"authorization": f"Bearer {self.ada}", "content-type": "application/json"}
        data = [] if body is None else [msgspec.json.encode(body)]

        async def ask() -> Answer:
            answers: list[Answer] = []
            with anyio.move_on_after(5 if "/events" not in path else 0.05):
                await self.client.ask(method, path, headers, body=data, heard=answers)
            return answers[0]

        return self.portal.call(ask)

    def info(self, session: str) -> SessionInfo:
        return self.portal.call(self.supervisor.session(session).info)


@asynccontextmanager
async def lived(folder: Path) -> AsyncGenerator[tuple[Supervisor, Client, str]]:
    access = Access(folder, limits=LIMITS)
    supervisor = Supervisor(MemoryStore(), Agent(OfflineModel(), tools=[launch]), grace=0.1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(supervisor)
        gateway = await stack.enter_async_context(Gateway(supervisor, access))
        await supervisor.session(HERS).create(title=SECRET, tags=[SECRET], owner="maren", system=SECRET)
        await supervisor.session(OWN).create(title="Mine", owner="ada")
        async with supervisor.events() as events:
            await supervisor.session(HERS).ask(f"My secret is {SECRET}.")
            await supervisor.session(HERS).send(f"launch {SECRET}")
            with anyio.fail_after(5):
                while not isinstance(getattr(await events.get(), "record", None), ApprovalAsked):
                    pass
        await supervisor.session(OWN).ask("Hello?")
        yield supervisor, Client(gateway.application()), access.tokens.new("ada", owner="ada")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with start_blocking_portal("asyncio") as portal, _entered(portal, tmp_path_factory.mktemp("state")) as world:
        yield world


@contextmanager
def _entered(portal: BlockingPortal, folder: Path) -> Generator[World]:
    with portal.wrap_async_context_manager(lived(folder)) as lives:
        yield World(portal, *lives)


# Requests --------------------------------------------------------------------------------------------------------

WORDS: Final = st.sampled_from([HERS, "maren", "ada", "", "c1", "telegram", "0" * 64, "working", "main"])


def values(kind: Any) -> st.SearchStrategy[Any]:
    """What a client might give for a parameter, or for a part of a body."""
    text = str(kind)
    if "bool" in text:
        return st.booleans()
    if "Struct" in text or "Address" in text:
        return st.sampled_from([None, {"channel": "telegram", "user": "maren"}])
    if "tuple" in text and "Content" not in text:
        return st.lists(WORDS, max_size=2)
    if "int" in text and "str" not in text:
        return st.integers(0, 5)
    return st.one_of(WORDS, st.integers(0, 5)) if "int" in text else WORDS


def chosen(kind: type[msgspec.Struct] | None, but: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    """The fields of a query, or of a body: all that are needed, and some of the others."""
    fields = [] if kind is None else [each for each in msgspec.structs.fields(kind) if each.encode_name not in but]
    needed = {each.encode_name: values(each.type) for each in fields if each.required}
    others = {each.encode_name: values(each.type) for each in fields if not each.required}
    if "agent" in others:
        others["agent"] = st.just("main")  # there is no other
    return st.fixed_dictionaries(needed, optional=others)


def told(answer: Answer) -> tuple[int, str]:
    """A response without what differs by nature: the id that was asked for, and times."""
    body = answer.body.decode(errors="replace").replace(HERS, "ID").replace(MISSING, "ID")
    return answer.status, re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{32}(-\d+)?", "…", body)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
@settings(max_examples=25)
@given(data=st.data())
def test_no_route_tells_one_owner_anything_of_the_other(world: World, route: Route, data: st.DataObject) -> None:
    in_path = set(re.findall(r"{(\w+)}", route.path))
    query = data.draw(chosen(route.parameters, in_path), label="query")
    body = None if route.body is None else data.draw(chosen(route.body, set()), label="body")
    parts = {name: data.draw(WORDS, label=name) for name in in_path - {"session"}}
    before = world.info(HERS)

    def ask(session: str) -> Answer:
        named = {**parts, "session": session}
        path = re.sub(r"{(\w+)}", lambda found: quote(named[found[1]] or "x", safe=""), route.path)
        return world.ask(route.method, f"{path}?{urlencode(query)}" if query else path, body)

    answer = ask(HERS)
    assert SECRET.encode() not in answer.body
    for named in ("id", "session"):  # the words themselves she may have given to a session of her own
        assert f'"{named}":"{HERS}"'.encode() not in answer.body
    assert b'"owner":"maren"' not in answer.body
    if "session" in in_path:
        assert told(answer) == told(ask(MISSING))
        assert answer.status in {400, 403, 404}
    assert world.info(HERS) == before


def test_an_owner_does_with_its_own_session_what_it_likes(world: World) -> None:
    own = quote(OWN, safe="")
    assert world.ask("GET", f"/api/v1/sessions/{own}", None).status == 200
    assert world.ask("PATCH", f"/api/v1/sessions/{own}", {"title": "Still mine"}).status == 200
    listed = msgspec.json.decode(world.ask("GET", "/api/v1/sessions", None).body)["sessions"]
    assert {each["owner"] for each in listed} == {"ada"}
