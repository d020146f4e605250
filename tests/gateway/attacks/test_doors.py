"""Attacks on the door: without a token, from other pages and hosts, with words about oneself, after a revocation."""

import time
from collections.abc import Mapping

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from argentos.gateway.api.table import ROUTES
from tests.gateway.server.serving import Served

EVENTS = "/api/v1/events"


def socket_to(served: Served, path: str = EVENTS, **headers: str) -> ClientConnection:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return connect(f"ws://127.0.0.1:{served.port}{path}", additional_headers=named, close_timeout=1)


def refusal(served: Served, path: str = EVENTS, **headers: str) -> int:
    """The status with which a WebSocket is refused."""
    with pytest.raises(InvalidStatus) as raised, socket_to(served, path, **headers):
        pass
    return raised.value.response.status_code


def shown(token: str) -> str:
    return f"Bearer {token}"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "argent_1"])
def test_5_a_socket_without_a_token_that_holds_is_refused_before_it_is_accepted(
    served: Served, authorization: str
) -> None:
    given = {"Authorization": authorization} if authorization else {}
    assert refusal(served, **given) == 401
    assert served.ask("GET", "/api/v1/sessions", token=None, headers=given).status == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1"])
def test_6_a_socket_of_another_page_is_refused_with_a_token_too(served: Served, origin: str) -> None:
    assert refusal(served, Authorization=shown(served.token), Origin=origin) == 403


def test_6_a_socket_of_its_own_page_is_accepted(served: Served) -> None:
    with socket_to(served, Authorization=shown(served.token), Origin=served.url):
        pass


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7420", "localhost.evil.example", "[::2]", ""])
def test_7_a_foreign_host_is_misdirected(served: Served, host: str) -> None:
    for path in ("/", "/healthz", "/api/v1/sessions", "/sign-in"):
        answer = served.ask("GET", path, headers={"Host": host})
        assert (answer.status, answer.code) == (421, "host_refused")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7420", "localhost.evil.example", "[::2]"])
def test_7_a_socket_to_a_foreign_host_is_misdirected(served: Served, host: str) -> None:
    """As a browser asks that believes the name to be bound to this machine."""
    with served.connect() as connection, pytest.raises(InvalidStatus) as raised:
        connect(f"ws://{host}{EVENTS}", sock=connection, additional_headers={"Authorization": shown(served.token)})
    assert raised.value.response.status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json"])
def test_8_a_page_of_another_site_posts_nothing(served: Served, headers: Mapping[str, str], kind: str) -> None:
    given = {**headers, "Content-Type": kind}
    for path in ("/api/v1/sessions/x/messages", "/sign-in", "/sign-out"):
        answer = served.ask("POST", path, b'{"content":"Hello"}', headers=given)
        assert (answer.status, answer.code) == (403, "origin_refused")
        assert "access-control-allow-origin" not in answer.headers
    assert served.ask("OPTIONS", "/api/v1/sessions", headers=given).status == 403
    assert served.ask("GET", "/api/v1/sessions/x").status == 404


@pytest.mark.parametrize("form", ["?token={}", "?access_token={}", "?after={}", "/{}", "?x=%61rgent_{rest}"])
def test_9_a_token_in_the_address_is_refused_and_not_logged(served: Served, form: str) -> None:
    path = "/api/v1/sessions" + form.format(served.token, rest=served.token.removeprefix("argent_"))
    for token in (served.token, None):
        answer = served.ask("GET", path, token=token)
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert served.token not in answer.body.decode()
    assert refusal(served, path.replace("sessions", "events")) == 401
    assert served.token.split("_", 2)[2] not in served.log


def test_10_and_17_the_page_connects_to_its_own_gateway_only_and_runs_nothing_that_stands_in_it(served: Served) -> None:
    policy = served.ask("GET", "/", token=None).headers["content-security-policy"]
    allowed = dict(each.split(" ", 1) for each in policy.split("; "))
    assert (allowed["default-src"], allowed["script-src"], allowed["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (allowed["frame-ancestors"], allowed["base-uri"]) == ("'none'", "'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "headers",
    [{"X-Scopes": "admin"}, {"X-Forwarded-User": "admin"}, {"X-Owner": "ada"}, {"X-Forwarded-For": "127.0.0.1"}],
    ids=str,
)
def test_11_what_a_client_says_of_itself_counts_for_nothing(served: Served, headers: Mapping[str, str]) -> None:
    reader = served.tokens.new(f"reader-{headers}", ["read"])
    assert served.ask("POST", "/api/v1/sessions", {"id": "x"}, token=reader, headers=headers).status == 403
    assert served.ask("GET", "/api/v1/sessions", token=None, headers=headers).status == 401


@pytest.mark.parametrize("field", ["scopes", "owner_", "role", "metadata", "sessionKey", "session", "by", "caller"])
def test_11_and_16_fields_of_the_body_that_nobody_asked_for_are_refused(served: Served, field: str) -> None:
    body = {"content": "Hello", field: "admin"}
    answer = served.ask("POST", "/api/v1/sessions/x16/messages", body)
    assert (answer.status, answer.code) == (400, "input_invalid")
    assert served.ask("GET", "/api/v1/sessions/x16").status == 404


def test_12_a_token_to_read_changes_nothing(served: Served) -> None:
    reader = served.tokens.new("only-reads", ["read"])
    assert served.ask("POST", "/api/v1/sessions", {"id": "kept"}).status == 201
    before = served.ask("GET", "/api/v1/sessions/kept", token=reader).json
    asked = [each for each in ROUTES if each.scope not in {None, "read"}]
    assert len(asked) > 10
    for route in asked:
        path = route.path.replace("{session}", "kept").replace("{callId}", "c")
        answer = served.ask(route.method, path, b"{}", token=reader, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.code) == (403, "scope_missing"), route.path
    assert served.ask("GET", "/api/v1/sessions/kept", token=reader).json == before


def test_12_each_scope_allows_its_own_and_no_more(served: Served) -> None:
    for scope in ("write", "approve", "admin"):
        token = served.tokens.new(f"only-{scope}", [scope])
        assert served.ask("GET", "/api/v1/sessions", token=token).status == 403
    writer = served.tokens.new("writes", ["read", "write"])
    answer = served.ask("POST", "/api/v1/sessions/kept/approvals/c/approve", token=writer)
    assert (answer.status, answer.code) == (403, "scope_missing")


@pytest.mark.parametrize("change", ["rotate", "revoke"])
def test_13_after_a_change_of_its_token_a_client_is_out_within_a_second(served: Served, change: str) -> None:
    name = f"to-{change}"
    token = served.tokens.new(name)
    with (
        socket_to(served, Authorization=shown(token)) as socket,
        socket_to(served, Authorization=shown(served.token)) as kept,
    ):
        getattr(served.tokens, change)(name)
        assert served.ask("GET", "/api/v1/sessions", token=token).status == 401
        begun = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
        assert time.monotonic() - begun < 1
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        kept.ping().wait(5)
    assert refusal(served, Authorization=shown(token)) == 401


def test_14_a_session_of_somebody_else_is_as_if_it_were_not(served: Served) -> None:
    maren = served.tokens.new("maren", owner="maren")
    ada = served.tokens.new("ada", owner="ada")
    made = served.ask("POST", "/api/v1/sessions", {"title": "Secret"}, token=maren).json["id"]
    answers = [served.ask("GET", f"/api/v1/sessions/{each}", token=ada) for each in (made, "0" * 32)]
    assert [each.status for each in answers] == [404, 404]
    assert answers[0].body.replace(made.encode(), b"ID") == answers[1].body.replace(b"0" * 32, b"ID")
    assert {*answers[0].headers} == {*answers[1].headers}
    assert served.ask("GET", f"/api/v1/sessions/{made}", token=maren).status == 200


def test_15_two_senders_share_no_history(served: Served) -> None:
    tokens = {owner: served.tokens.new(f"sender-{owner}", owner=owner) for owner in ("ida", "ole")}
    for owner, token in tokens.items():
        made = served.ask("POST", "/api/v1/sessions", {}, token=token).json["id"]
        served.ask("POST", f"/api/v1/sessions/{made}/messages", {"content": f"I am {owner}"}, token=token)
    for owner, token in tokens.items():
        (own,) = served.ask("GET", "/api/v1/sessions", token=token).json["sessions"]
        messages = served.ask("GET", f"/api/v1/sessions/{own['id']}/messages", token=token).body.decode()
        assert f"I am {owner}" in messages
        assert all(f"I am {each}" not in messages for each in tokens if each != owner)
