"""The accounts of `channels` in `argent.json`, and their tokens."""

import json
from pathlib import Path
from typing import Any

import pytest

from argentos import ChannelRefusedError, ConfigError
from argentos.gateway.channels.secrets import TokenSource
from argentos.gateway.channels.settings import Connection, load_connections


@pytest.fixture(autouse=True)
def state(tmp_path: Path) -> Path:
    return tmp_path


def loaded(state: Path, **channels: Any) -> tuple[Connection, ...]:
    (state / "argent.json").write_text(json.dumps({"channels": channels}))
    return load_connections(state)


def test_an_account_has_what_its_channel_has_but_not_its_token(state: Path) -> None:
    accounts: dict[str, Any] = {"sales": {"tokenFile": "sales.token", "stream": True}, "own": {"policy": "open"}}
    first, second = loaded(
        state, telegram={"tokenEnv": "TOKEN", "stream": False, "answers": "always", "accounts": accounts}
    )
    assert (first.account, first.streams, first.answers) == (None, False, "always")
    assert (second.account, second.streams, second.answers) == ("sales", True, "always")
    assert second.token == TokenSource(file=state / "sales.token")
    assert second.folder == state / "gateway" / "channels" / "telegram@sales"


def test_a_channel_without_a_token_is_somebody_elses(state: Path) -> None:
    assert loaded(state, matrix={"policy": "open"}, telegram={"policy": "pairing"}) == ()


@pytest.mark.parametrize(
    ("channels", "sentence"),
    [
        ({"telegram": {"token": "42:abc"}}, "write tokenEnv"),
        ({"telegram": {"tokenEnv": "A", "tokenFile": "b"}}, "remove one of the two"),
        ({"telegram": {"tokenEnv": "A", "answers": "never"}}, "answers"),
        ({"telegram": {"tokenEnv": "A", "stream": "yes"}}, "stream"),
        ({"telegram": {"tokenEnv": "A", "streams": True}}, "did you mean stream?"),
        ({"matrix": {"tokenEnv": "A"}}, "no platform known here"),
    ],
)
def test_what_is_wrong_is_named(state: Path, channels: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=r"argent\.json:1: channels") as caught:
        loaded(state, **channels)
    assert sentence in str(caught.value).replace("\\", "")


def test_a_token_stands_in_a_file_that_nobody_else_may_read(state: Path) -> None:
    path = state / "token"
    with pytest.raises(ChannelRefusedError, match="cannot be read"):
        TokenSource(file=path).read()
    path.write_text("42:secret\n")
    path.chmod(0o644)
    with pytest.raises(ChannelRefusedError, match="chmod 600"):
        TokenSource(file=path).read()
    path.chmod(0o600)
    assert TokenSource(file=path).read() == "42:secret"
    path.write_text("")
    with pytest.raises(ChannelRefusedError, match="empty"):
        TokenSource(file=path).read()


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(ChannelRefusedError, match="TOKEN"):
        TokenSource(variable="TOKEN").read()
