"""The settings of a gateway in `argent.json`."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from argentos.errors import ConfigError, InputError
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.server.settings import GatewaySettings


def settings(folder: Path, gateway: Any) -> GatewaySettings:
    (folder / "argent.json").write_text(json.dumps({"gateway": gateway}, indent=1))
    return GatewaySettings.load(folder)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    found = GatewaySettings.load(tmp_path)
    assert (found.host, found.port, found.limits) == ("127.0.0.1", 7420, Limits())
    assert found.tls is None


def test_settings_are_read_and_options_come_before_them(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        {
            "port": 8000,
            "allowedHosts": ["argent.local"],
            "grace": "30s",
            "limits": {"bodyBytes": "1M", "bodyTimeout": "5s", "requestsPerSecond": 5, "connections": 10},
            "mode": "that of another program",
        },
    )
    assert (found.port, found.allowed_hosts, found.grace) == (8000, ("argent.local",), 30.0)
    assert (found.limits.body_bytes, found.limits.body_timeout) == (1024**2, 5.0)
    changed = found.changed(port=9000, host=None, allowed_hosts=(), grace=None)
    assert (changed.port, changed.host, changed.allowed_hosts) == (9000, "127.0.0.1", ("argent.local",))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (7, "gateway is the number 7; it must be an object"),
        ({"port": "x"}, r"argent\.json:3: gateway\.port is the text 'x'"),
        ({"port": 70000}, "out of range"),
        ({"prot": 8000}, r"gateway\.prot is not a key of this file; did you mean port\?"),
        ({"allowedHosts": "x"}, "it must be a list of texts"),
        ({"grace": "soon"}, "is no duration"),
        ({"limits": []}, r"gateway\.limits is a list; it must be an object"),
        ({"limits": {"bodybytes": 1}}, "is not a limit; did you mean bodyBytes"),
        ({"limits": {"bodyBytes": "large"}}, r"argent\.json:4: gateway\.limits\.bodyBytes: .* is no size"),
        ({"limits": {"connections": 0}}, "out of range"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place(tmp_path: Path, wrong: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        settings(tmp_path, wrong)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "argent.example.org"])  # noqa: S104 - refused
def test_other_machines_reach_it_only_encrypted(host: str) -> None:
    with pytest.raises(InputError, match="anybody between could read"):
        _ = GatewaySettings(host=host).origins
    _ = GatewaySettings(host=host, public_url="https://argent.example.org").origins


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_reaches_it_as_it_is(host: str) -> None:
    _ = GatewaySettings(host=host).origins


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, Any]:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=localhost", "-days", "1", "-nodes"]
    subprocess.run(  # noqa: S603 - for a test
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", *names, "-keyout", str(key), "-out", str(certificate)],  # noqa: S607
        check=True,
        capture_output=True,
    )
    return {"tls_certificate": certificate, "tls_key": key}


def test_everywhere_is_no_name_by_which_it_may_be_asked(tls: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="--allow-host"):
        _ = GatewaySettings(host="0.0.0.0", **tls).origins  # noqa: S104 - refused
    _ = GatewaySettings(host="0.0.0.0", allowed_hosts=("argent.local",), **tls).origins  # noqa: S104 - not bound


def test_files_of_tls_that_cannot_be_used_are_refused(tls: dict[str, Any], tmp_path: Path) -> None:
    assert GatewaySettings(**tls).tls is not None
    with pytest.raises(ConfigError, match="give both"):
        _ = GatewaySettings(tls_key=tls["tls_key"]).tls
    with pytest.raises(ConfigError, match="are no certificate and its key"):
        _ = GatewaySettings(tls_certificate=tls["tls_key"], tls_key=tls["tls_key"]).tls
    with pytest.raises(ConfigError, match="are no certificate and its key"):
        _ = GatewaySettings(tls_certificate=tmp_path / "gone", tls_key=tls["tls_key"]).tls
