"""The guard before an application: what it lets pass, and what never reaches it."""

from math import inf
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from argentos.gateway.access.caller import ANYONE, SCOPES, Caller, caller_of
from argentos.gateway.access.guard import Access
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.access.origins import Origins
from tests.gateway.access.asgi import Answer, Client

pytestmark = pytest.mark.anyio


class Application:
    """Notes what reaches it."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.callers.append(caller_of(scope))
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await anyio.sleep_forever()
        if scope["method"] != "GET":
            self.bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await anyio.sleep({"/stream": inf, "/slow": 0.05}.get(scope["path"], 0))
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def access(state: Path) -> Access:
    return Access(state)


@pytest.fixture
def token(access: Access) -> str:
    return access.tokens.new("admin")


def guarded(application: ASGIApp, access: Access) -> Client:
    return Client(access.guarded(application, lambda request: request["path"] in {"/", "/healthz"}))


@pytest.fixture
def client(application: Application, access: Access) -> Client:
    return guarded(application, access)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


# Tokens --------------------------------------------------------------------------------------------------------


async def test_a_request_with_a_token_passes_as_its_caller(
    client: Client, application: Application, token: str
) -> None:
    answer = await client.ask("GET", "/api/v1/sessions", bearer(token))
    assert (answer.status, answer.body) == (200, b"begun")
    assert application.callers == [Caller("admin", frozenset(SCOPES))]


async def test_clients_of_the_messages_api_show_it_their_way(client: Client, token: str) -> None:
    assert (await client.ask("POST", "/v1/messages", {"x-api-key": token})).status == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic {}", "{}", "Bearer {}x", "Bearer \xff"]
)
async def test_a_request_without_a_token_that_holds_is_not_let_in(
    client: Client, application: Application, token: str, given: str
) -> None:
    for method in ("GET", "POST"):
        answer = await client.ask(method, "/api/v1/x", {"authorization": given.format(token)})
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    async with client.socket("/api/v1/events", {"authorization": given.format(token)}) as socket:
        assert (await socket.next())["status"] == 401  # before it is accepted
    assert application.callers == []


async def test_what_is_public_needs_none_and_has_a_caller_who_may_do_nothing(
    client: Client, application: Application
) -> None:
    assert (await client.ask("GET", "/healthz", {"authorization": "Bearer old"})).status == 200
    assert application.callers == [ANYONE]
    assert ANYONE.scopes == frozenset()


@pytest.mark.parametrize(
    "path",
    ["/x?token=abc", "/x?a=b&Access_Token=abc", "/x?anything={}", "/{}", "/x?y=%61rgent_{rest}", "/healthz?q={}"],
)
async def test_a_token_in_the_address_is_refused_even_beside_one_that_holds(
    client: Client, application: Application, token: str, path: str
) -> None:
    asked = path.format(token, rest=token.removeprefix("argent_"))
    answer = await client.ask("GET", asked, bearer(token))
    assert (answer.status, answer.code) == (401, "not_authenticated")
    assert token not in answer.body.decode()
    async with client.socket(asked, bearer(token)) as socket:
        assert (await socket.next())["status"] == 401
    assert application.callers == []


async def test_two_headers_of_one_kind_are_refused(application: Application, access: Access, token: str) -> None:
    async def doubled(scope: Scope, receive: Receive, send: Send) -> None:
        scope["headers"] += [(b"authorization", b"Bearer other")]
        await access.guarded(application, lambda _: False)(scope, receive, send)

    assert (await Client(doubled).ask("GET", "/x", bearer(token))).status == 400


async def test_a_file_of_tokens_that_cannot_be_read_lets_nobody_in(client: Client, access: Access, token: str) -> None:
    access.tokens.path.write_text("{")
    answer = await client.ask("GET", "/x", bearer(token))
    assert (answer.status, answer.code) == (503, "store_damaged")


# Hosts and origins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "localhost:7420", "127.0.0.1:1", "[::1]:7420", "LOCALHOST"])
async def test_it_is_asked_by_the_names_of_this_machine(client: Client, token: str, host: str) -> None:
    assert (await client.ask("GET", "/x", {"host": host, **bearer(token)})).status == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "evil.example:7420", "127.0.0.1.evil", "localhost:x", "a@b"]
)
async def test_another_host_is_refused(client: Client, application: Application, token: str, host: str) -> None:
    for path in ("/x", "/healthz"):
        answer = await client.ask("GET", path, {"host": host, **bearer(token)})
        assert (answer.status, answer.code) == (421, "host_refused")
    async with client.socket("/x", {"host": host, **bearer(token)}) as socket:
        assert (await socket.next())["status"] == 421
    assert application.callers == []


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://localhost:3000", "https://localhost:7420", "http://localhost"]
)
async def test_the_page_of_another_origin_is_refused_whatever_it_sends(
    client: Client, application: Application, token: str, origin: str
) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = await client.ask(method, "/x", {"origin": origin, "content-type": "text/plain", **bearer(token)})
        assert (answer.status, answer.code) == (403, "origin_refused")
        assert "access-control-allow-origin" not in answer.headers
    async with client.socket("/x", {"origin": origin, **bearer(token)}) as socket:
        assert (await socket.next())["status"] == 403
    assert application.callers == []


async def test_a_page_of_its_own_is_let_in(client: Client, token: str) -> None:
    own = {"origin": "http://localhost:7420", "sec-fetch-site": "same-origin", **bearer(token)}
    assert (await client.ask("POST", "/x", own)).status == 200
    async with client.socket("/x", own) as socket:
        assert (await socket.next())["type"] == "websocket.accept"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_may_lead_a_person_here_and_nothing_else(client: Client, token: str, site: str) -> None:
    visit = {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
    assert (await client.ask("GET", "/", visit)).status == 200
    assert (await client.ask("POST", "/x", {**visit, **bearer(token)})).status == 403
    assert (
        await client.ask("GET", "/x", {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", **bearer(token)})
    ).status == 403


async def test_behind_a_proxy_its_public_address_is_its_own(application: Application, state: Path) -> None:
    access = Access(state, origins=Origins(public="https://Argent.example.org:443/"))
    token, client = access.tokens.new("admin"), guarded(application, access)
    there = {"host": "argent.example.org", **bearer(token)}
    assert (await client.ask("POST", "/x", {"origin": "https://argent.example.org", **there})).status == 200
    assert (await client.ask("POST", "/x", {"origin": "http://argent.example.org", **there})).status == 403


# Revocation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["rotate", "revoke"])
async def test_what_is_live_ends_within_a_second_after_its_token(
    client: Client, access: Access, token: str, change: str
) -> None:
    other, answers, ended = access.tokens.new("other"), list[Answer](), anyio.Event()

    async def stream(secret: str) -> None:
        answers.append(await client.ask("GET", "/stream", bearer(secret)))
        ended.set()

    async with access.watched(), anyio.create_task_group() as group:
        group.start_soon(stream, token)
        group.start_soon(stream, other)
        async with client.socket("/x", bearer(token)) as socket, client.socket("/x", bearer(other)) as kept:
            assert (await socket.next())["type"] == "websocket.accept"
            assert (await kept.next())["type"] == "websocket.accept"
            getattr(access.tokens, change)("admin")
            with anyio.fail_after(1):
                assert await socket.next() == {
                    "type": "websocket.close",
                    "code": 4401,
                    "reason": "the token is no more",
                }
                await ended.wait()
            assert [each.is_whole for each in answers] == [True]
            assert len(access.live) == 2
            with pytest.raises(anyio.WouldBlock):
                kept.told()
        group.cancel_scope.cancel()
    assert (await client.ask("GET", "/x", bearer(token))).status == 401
    assert len(access.live) == 0


# Limits --------------------------------------------------------------------------------------------------------


def limited(application: Application, state: Path, **limits: Any) -> tuple[Client, str]:
    access = Access(state, limits=Limits(**limits))
    return guarded(application, access), access.tokens.new("admin")


async def test_a_body_is_read_whole_before_the_application_sees_the_request(
    client: Client, application: Application, token: str
) -> None:
    assert (await client.ask("POST", "/x", bearer(token), body=[b"Hel", b"lo", b""])).status == 200
    assert application.bodies == [b"Hello"]


async def test_a_body_over_the_limit_is_refused_told_or_not(application: Application, state: Path) -> None:
    client, token = limited(application, state, body_bytes=10)
    assert (await client.ask("POST", "/x", {"content-length": "10", **bearer(token)}, body=[b"x" * 10])).status == 200
    for length in ("11", ""):
        answer = await client.ask("POST", "/x", {"content-length": length, **bearer(token)}, body=[b"x"] * 11)
        assert (answer.status, answer.code) == (413, "body_too_large")
    assert application.bodies == [b"x" * 10]


async def test_a_connection_whose_body_has_no_end_is_closed(application: Application, state: Path) -> None:
    client, token = limited(application, state, body_bytes=10)
    answer = await client.ask("POST", "/x", bearer(token), body=[b"x"] * 1000, pause=0.01)
    assert (answer.status, answer.headers["connection"]) == (413, "close")


async def test_a_slow_body_is_refused(application: Application, state: Path) -> None:
    client, token = limited(application, state, body_timeout=0.05)
    answer = await client.ask("POST", "/x", bearer(token), body=[b"x"] * 100, pause=0.02)
    assert (answer.status, answer.code) == (408, "body_too_slow")
    assert application.bodies == []


async def test_bodies_together_have_a_limit_and_give_their_room_back(application: Application, state: Path) -> None:
    client, token = limited(application, state, body_bytes=10, bodies_bytes=15)
    statuses: list[int] = []

    async def ask() -> None:
        statuses.append(
            (await client.ask("POST", "/slow", bearer(token), body=[b"x" * 5, b"x" * 5], pause=0.01)).status
        )

    for _ in range(2):
        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            group.start_soon(ask)
    assert sorted(statuses) == [200, 200, 429, 429]
    assert (await client.ask("POST", "/x", bearer(token), body=[b"x" * 10])).status == 200


async def test_somebody_without_a_token_sends_no_large_body(client: Client) -> None:
    assert (await client.ask("POST", "/healthz", body=[b"x" * 5000])).status == 413
    assert (await client.ask("POST", "/x", {"content-length": "5000"}, body=[b"x" * 5000])).status == 401


async def test_one_token_asks_no_more_often_than_it_may_and_hinders_no_other(
    application: Application, state: Path
) -> None:
    access = Access(state, limits=Limits(requests_per_second=0.001, requests_burst=3))
    client, first, second = guarded(application, access), access.tokens.new("1"), access.tokens.new("2")
    statuses = [(await client.ask("GET", "/x", bearer(first))).status for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    answer = await client.ask("GET", "/x", bearer(first))
    assert answer.code == "rate_limited"
    assert int(answer.headers["retry-after"]) > 0
    assert (await client.ask("GET", "/x", bearer(second))).status == 200


async def test_strangers_are_answered_no_more_often_than_that(application: Application, state: Path) -> None:
    client, token = limited(application, state, strangers_per_second=0.001, strangers_burst=2)
    statuses = [(await client.ask("GET", "/x", {"authorization": "Bearer guess"})).status for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert (await client.ask("GET", "/x", bearer(token))).status == 200


async def test_what_everybody_may_look_at_is_shown_however_often(application: Application, state: Path) -> None:
    client, _ = limited(application, state, strangers_per_second=0.001, strangers_burst=1)
    assert [(await client.ask("GET", "/healthz")).status for _ in range(3)] == [200, 200, 200]
    assert [(await client.ask("POST", "/healthz")).status for _ in range(3)] == [200, 429, 429]


async def test_one_token_has_no_more_open_than_it_may(application: Application, state: Path) -> None:
    client, token = limited(application, state, requests_at_once=1)
    async with client.socket("/x", bearer(token)) as socket:
        assert (await socket.next())["type"] == "websocket.accept"
        assert (await client.ask("GET", "/x", bearer(token))).status == 429
    assert (await client.ask("GET", "/x", bearer(token))).status == 200


# Responses -----------------------------------------------------------------------------------------------------


async def test_every_response_tells_browsers_to_guess_keep_frame_and_run_nothing(client: Client, token: str) -> None:
    for answer in (await client.ask("GET", "/x", bearer(token)), await client.ask("GET", "/x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "sandbox" in answer.headers["content-security-policy"]


async def test_an_error_of_the_application_is_its_own(access: Access, token: str) -> None:
    async def broken(*_: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await guarded(broken, access).ask("GET", "/x", bearer(token))


async def test_what_is_neither_a_request_nor_a_socket_passes(access: Access) -> None:
    seen: list[str] = []

    async def application(scope: Scope, *_: object) -> None:
        seen.append(scope["type"])

    async def nothing() -> Message:
        return {}

    async def drop(_: Message) -> None:
        pass

    await access.guarded(application, lambda _: False)({"type": "lifespan"}, nothing, drop)
    assert seen == ["lifespan"]
