"""The settings of routing in `argent.json`."""

import json
from pathlib import Path
from typing import Any

import pytest

from argentos import AccountSettings, ConfigError, RouteRule, RoutingSettings


def load(folder: Path, **content: Any) -> RoutingSettings:
    (folder / "argent.json").write_text(json.dumps(content), encoding="utf-8")
    return RoutingSettings.load(folder)


def test_without_a_file_the_default_agent_answers_everything_and_anybody(tmp_path: Path) -> None:
    settings = RoutingSettings.load(tmp_path)
    assert (settings.agent, settings.rules, settings.account("telegram", None).policy) == ("main", (), "open")


def test_routes_and_the_scopes_of_their_agents(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        routes=[{"agent": "sales", "channel": "discord", "channelId": 7}],
        agents={"sales": {"session": {"channelScope": "per-channel"}}},
    )
    assert settings.rules == (RouteRule(agent="sales", channel="discord", channel_id="7"),)
    assert settings.scopes == {"main": "collapsed", "sales": "per-channel"}


def test_an_account_has_what_its_channel_has_unless_it_says_otherwise(tmp_path: Path) -> None:
    accounts = {"help": {"policy": "open"}, "sales": {"allow": ["3"]}}
    settings = load(tmp_path, channels={"telegram": {"allow": ["1", 2], "threads": "shared", "accounts": accounts}})
    users = frozenset({"1", "2"})
    assert settings.account("telegram", None) == AccountSettings(allow=users, threads="shared")
    assert settings.account("telegram", "help") == AccountSettings(policy="open", allow=users, threads="shared")
    assert settings.account("telegram", "sales") == AccountSettings(allow=frozenset({"3"}), threads="shared")
    assert settings.account("telegram", "other") == settings.account("telegram", None)


def test_a_channel_that_is_configured_answers_nobody_unasked(tmp_path: Path) -> None:
    assert load(tmp_path, channels={"telegram": {}}).account("telegram", None).policy == "pairing"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"routes": {}}, r"argent.json:1: routes is an object; it must be a list$"),
        ({"routes": [1]}, r"routes\[0\] is the number 1; it must be an object$"),
        ({"routes": [{"channel": "a"}]}, r"routes\[0\] has no agent; name the one that answers there$"),
        ({"routes": [{"agent": "a", "chanel": "b"}]}, r"routes\[0\].chanel is not a key .*did you mean channel\?$"),
        ({"routes": [{"agent": "a", "user": "1"}, {"agent": "b", "user": 1}]}, r"routes\[1\] is for user '1', and so"),
        ({"channels": []}, r"channels is a list; it must be an object$"),
        ({"channels": {"a": {"policy": "all"}}}, r"channels.a.policy is the text 'all'; use 'open', "),
        ({"channels": {"a": {"polcy": "open"}}}, r"channels.a.polcy is not a setting; did you mean policy\?$"),
        ({"channels": {"a": {"threads": "some"}}}, r"channels.a.threads is the text 'some'; use 'own' or 'shared'$"),
        (
            {"channels": {"a": {"accounts": {"b": {"allow": "1"}}}}},
            r"channels.a.accounts.b.allow is the text '1'; it must be a list$",
        ),
        ({"route": []}, r"argent.json:1: route is not a key of this file; did you mean routes\?$"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(tmp_path: Path, content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load(tmp_path, **content)
