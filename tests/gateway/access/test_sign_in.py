"""Sign-in of people: a code that is taken once, and a cookie that only the gateway's own pages can use."""

import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from argentos.errors import InputError, NotAuthenticatedError
from argentos.gateway.access.caller import caller_of
from argentos.gateway.access.guard import Access
from argentos.gateway.access.origins import Origins
from argentos.gateway.access.sign_in import SignIns
from argentos.gateway.access.signing import SIGN_IN, sign_in_routes
from argentos.gateway.access.tokens import Tokens
from tests.gateway.access.asgi import Answer, Client

PAGE = {"origin": "http://localhost:7420", "content-type": "application/json"}


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sign_ins(state: Path, tokens: Tokens, time: Time) -> SignIns:
    tokens.new("admin")
    return SignIns(state, tokens, time)


@pytest.fixture
def access(state: Path) -> Access:
    access = Access(state)
    access.tokens.new("admin")
    return access


async def _who(request: Request) -> Response:
    return Response(caller_of(request.scope).name)


async def _talk(socket: WebSocket) -> None:
    await socket.accept()


def client_of(access: Access) -> Client:
    routes = [*sign_in_routes(access), Route("/who", _who, methods=["GET", "POST"]), WebSocketRoute("/talk", _talk)]
    return Client(access.guarded(Starlette(routes=routes), lambda request: request["path"] == SIGN_IN))


@pytest.fixture
def client(access: Access) -> Client:
    return client_of(access)


async def sign_in(client: Client, code: str, headers: Mapping[str, str] = PAGE) -> Answer:
    return await client.ask("POST", "/sign-in", headers, body=[json.encode({"code": code})])


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


# Codes ---------------------------------------------------------------------------------------------------------


def test_a_code_is_taken_once(sign_ins: SignIns) -> None:
    code = sign_ins.new_code("admin")
    cookie, token = sign_ins.redeem(code)
    assert token.name == "admin"
    assert sign_ins.find(cookie) == token
    with pytest.raises(NotAuthenticatedError, match="used before"):
        sign_ins.redeem(code)


def test_a_code_holds_for_a_minute(sign_ins: SignIns, time: Time) -> None:
    early, late = sign_ins.new_code("admin"), sign_ins.new_code("admin")
    time.now += timedelta(seconds=59)
    sign_ins.redeem(early)
    time.now += timedelta(seconds=1)
    with pytest.raises(NotAuthenticatedError, match="older than a minute"):
        sign_ins.redeem(late)


@pytest.mark.parametrize("wrong", ["", "x", "../tokens", "/etc/passwd", "\0", "\ud800", "x" * 100_000])
def test_what_is_no_code_is_refused(sign_ins: SignIns, wrong: str) -> None:
    sign_ins.new_code("admin")
    with pytest.raises(NotAuthenticatedError):
        sign_ins.redeem(wrong)


@pytest.mark.parametrize("change", ["rotate", "revoke"])
def test_codes_and_cookies_end_with_their_token(sign_ins: SignIns, tokens: Tokens, change: str) -> None:
    code = sign_ins.new_code("admin")
    cookie, _ = sign_ins.redeem(sign_ins.new_code("admin"))
    getattr(tokens, change)("admin")
    assert sign_ins.find(cookie) is None
    with pytest.raises(NotAuthenticatedError):
        sign_ins.redeem(code)


def test_a_code_is_of_a_token_that_there_is(sign_ins: SignIns) -> None:
    with pytest.raises(InputError, match="no token 'nobody'"):
        sign_ins.new_code("nobody")


def test_codes_that_nobody_uses_are_dropped_and_no_more_wait_than_a_hundred(
    sign_ins: SignIns, state: Path, time: Time
) -> None:
    for _ in range(100):
        sign_ins.new_code("admin")
    with pytest.raises(InputError, match="100 links wait"):
        sign_ins.new_code("admin")
    time.now += timedelta(seconds=60)
    sign_ins.new_code("admin")
    assert len(list((state / "gateway" / "codes").iterdir())) == 1


# Cookies -------------------------------------------------------------------------------------------------------


def test_a_sign_in_holds_for_a_month_and_across_restarts(
    sign_ins: SignIns, state: Path, tokens: Tokens, time: Time
) -> None:
    cookie, _ = sign_ins.redeem(sign_ins.new_code("admin"))
    later = SignIns(state, tokens, time)
    time.now += timedelta(days=30) - timedelta(seconds=1)
    assert later.find(cookie) is not None
    time.now += timedelta(seconds=1)
    assert later.find(cookie) is None


def test_a_browser_signs_out(sign_ins: SignIns) -> None:
    cookies = [sign_ins.redeem(sign_ins.new_code("admin"))[0] for _ in range(2)]
    sign_ins.end(cookies[0])
    sign_ins.end("unknown")
    assert [sign_ins.find(each) is None for each in cookies] == [True, False]


def test_no_more_browsers_are_signed_in_than_a_thousand(sign_ins: SignIns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argentos.gateway.access.sign_in._MOST_SIGN_INS", 3)
    cookies = [sign_ins.redeem(sign_ins.new_code("admin"))[0] for _ in range(5)]
    assert [sign_ins.find(each) is None for each in cookies] == [True, True, False, False, False]


def test_neither_code_nor_cookie_stands_in_a_file_and_these_are_private(sign_ins: SignIns, state: Path) -> None:
    code = sign_ins.new_code("admin")
    cookie, _ = sign_ins.redeem(sign_ins.new_code("admin"))
    files = [each for each in (state / "gateway").rglob("*") if each.is_file()]
    assert len(files) == 3
    for each in files:
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
        assert code not in each.name + each.read_text(encoding="utf-8")
        assert cookie not in each.read_text(encoding="utf-8")


# Over HTTP -----------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_browser_signs_in_by_its_code_and_out_again(client: Client, access: Access) -> None:
    answer = await sign_in(client, access.sign_ins.new_code("admin"))
    assert (answer.status, json.decode(answer.body)["name"]) == (200, "admin")
    told = answer.headers["set-cookie"]
    assert all(each in told for each in ("argent-7420=", "HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"))
    assert "Domain" not in told
    cookie = cookie_of(answer)
    assert (await client.ask("GET", "/who", {"cookie": cookie})).body == b"admin"
    assert (await client.ask("POST", "/sign-out", {"cookie": cookie, **PAGE})).status == 204
    assert (await client.ask("GET", "/who", {"cookie": cookie})).status == 401


@pytest.mark.anyio
async def test_under_tls_the_cookie_is_of_its_host_alone_and_goes_over_nothing_else(state: Path) -> None:
    access = Access(state, origins=Origins(public="https://argent.example.org"))
    access.tokens.new("admin")
    there = {"host": "argent.example.org", "origin": "https://argent.example.org"}
    answer = await sign_in(client_of(access), access.sign_ins.new_code("admin"), {**PAGE, **there})
    assert answer.headers["set-cookie"].startswith("__Host-argent=")
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.anyio
async def test_a_cookie_changes_nothing_unless_a_page_of_the_gateway_asks(client: Client, access: Access) -> None:
    cookie = cookie_of(await sign_in(client, access.sign_ins.new_code("admin")))
    assert (await client.ask("POST", "/who", {"cookie": cookie, **PAGE})).body == b"admin"
    assert (await client.ask("POST", "/who", {"cookie": cookie, "sec-fetch-site": "same-origin"})).body == b"admin"
    forged = [{}, {"origin": "null"}, {"origin": "http://localhost:3000"}, {"sec-fetch-site": "same-site"}]
    for headers in forged:
        answer = await client.ask("POST", "/who", {"cookie": cookie, "content-type": "text/plain", **headers})
        assert (answer.status, answer.code) == (403, "origin_refused")
        async with client.socket("/talk", {"cookie": cookie, **headers}) as socket:
            assert (await socket.next())["status"] == 403
    async with client.socket("/talk", {"cookie": cookie, "origin": "http://localhost:7420"}) as socket:
        assert (await socket.next())["type"] == "websocket.accept"


@pytest.mark.anyio
async def test_nobody_is_signed_in_by_another_page(client: Client, access: Access) -> None:
    code = access.sign_ins.new_code("admin")
    assert (await sign_in(client, code, {**PAGE, "origin": ""})).code == "origin_refused"
    assert (await sign_in(client, code, {**PAGE, "origin": "https://evil.example"})).code == "origin_refused"
    assert (await sign_in(client, code, {**PAGE, "content-type": "text/plain"})).status == 400
    assert (await sign_in(client, code)).status == 200


@pytest.mark.anyio
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"code":1}', b'{"code":"x","more":1}', b"\xff", b"[" * 4000])
async def test_a_sign_in_without_a_code_is_refused(client: Client, body: bytes) -> None:
    assert (await client.ask("POST", "/sign-in", PAGE, body=[body])).status == 400


@pytest.mark.anyio
async def test_a_wrong_code_or_cookie_is_refused(client: Client) -> None:
    assert (await sign_in(client, "nonsense")).code == "not_authenticated"
    for cookie in ("argent-7420=nonsense", "argent-7421=nonsense", "x", "argent-7420=" + "x" * 100_000):
        assert (await client.ask("GET", "/who", {"cookie": cookie})).code == "not_authenticated"
