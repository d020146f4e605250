"""The hosts and origins that a gateway takes for its own."""

import pytest

from argentos.errors import InputError
from argentos.gateway.access.origins import Origins, is_loopback


@pytest.mark.parametrize(
    "address",
    [
        "",
        "argent.example.org",
        "ftp://x",
        "https://",
        "https://x/path",
        "https://x?a",
        "https://u@x",
        "https://x:99999",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="no address of a gateway"):
        Origins(public=address)


@pytest.mark.parametrize("host", ["", "http://x", "x:80", "a b", "x/y"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(InputError, match="no name of a host"):
        Origins([host])


def test_this_machine_is_what_no_other_can_reach() -> None:
    assert [is_loopback(each) for each in ("127.0.0.1", "127.9.9.9", "::1", "localhost")] == [True] * 4
    assert [is_loopback(each) for each in ("0.0.0.0", "::", "10.0.0.1", "evil.example")] == [False] * 4  # noqa: S104 - not bound


def test_the_public_address_is_as_browsers_write_it() -> None:
    assert Origins(public="HTTPS://Argent.Example.org:443/").public == "https://argent.example.org"
    assert Origins(public="http://[::1]:8000").public == "http://[::1]:8000"
