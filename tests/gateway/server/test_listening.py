"""Where a gateway listens."""

import socket

import pytest

from argentos.errors import InputError
from argentos.gateway.server.listening import bound_sockets, url_of


def test_it_listens_at_each_address_of_a_name_on_the_same_port() -> None:
    sockets = bound_sockets("localhost", 0)
    try:
        assert len({each.getsockname()[1] for each in sockets}) == 1
        for each in sockets:
            socket.create_connection(each.getsockname()[:2], timeout=5).close()
    finally:
        for each in sockets:
            each.close()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"port {port} of 127\.0\.0\.1 is in use, .*choose another with --port"):
            bound_sockets("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a b", "x" * 300, "192.0.2.1"])
def test_a_host_that_is_not_here_is_told(host: str) -> None:
    with pytest.raises(InputError, match="--host"):
        bound_sockets(host, 0)


@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:")])  # noqa: S104 - for a moment
def test_the_address_is_one_that_a_browser_of_this_machine_finds(host: str, url: str) -> None:
    (listening,) = bound_sockets(host, 0)
    with listening:
        assert url_of(listening, is_secure=False) == f"{url}{listening.getsockname()[1]}"
        assert url_of(listening, is_secure=True).startswith("https://")
