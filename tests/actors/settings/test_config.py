"""Settings: from `argent.json`, with a sentence for every mistake."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from argentos import Config
from argentos.actors import parse_duration
from argentos.errors import ConfigError


def write(folder: Path, content: Any) -> None:
    (folder / "argent.json").write_text(content if isinstance(content, str) else json.dumps(content))


def session(**settings: Any) -> dict[str, Any]:
    return {"agents": {"defaults": {"session": settings}}}


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    config = Config.load(tmp_path)
    assert (config.max_context_tokens, config.compaction_threshold, config.channel_scope) == (
        None,
        0.85,
        "collapsed",
    )


def test_the_file_is_read_and_other_parts_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {**session(maxContextTokens=20_000, idleAfter="2h"), "gateway": {"anything": 1}})
    config = Config.load(tmp_path)
    assert (config.max_context_tokens, config.idle_after) == (20_000, 7200)


def test_the_settings_of_resets_are_read(tmp_path: Path) -> None:
    settings = session(resetAt="04:00", resetZone="Europe/Berlin", resetAfter="8h", backgroundSenders=["heartbeat"])
    write(tmp_path, settings)
    config = Config.load(tmp_path)
    assert (config.reset_at, config.reset_zone, config.reset_after) == ("04:00", "Europe/Berlin", 28_800)
    assert config.background_senders == ("heartbeat",)


def test_a_named_agent_overrides_the_defaults(tmp_path: Path) -> None:
    content = session(maxContextTokens=20_000, compactionThreshold=0.7)
    content["agents"]["helper"] = {"session": {"maxContextTokens": 9000}}
    write(tmp_path, content)
    assert Config.load(tmp_path, "helper").max_context_tokens == 9000
    assert Config.load(tmp_path, "helper").compaction_threshold == 0.7
    assert Config.load(tmp_path).max_context_tokens == 20_000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", r"argent\.json:1: this is not JSON: .*, at column 2"),
        ('{\n"agents": {,}}', r"argent\.json:2: this is not JSON"),
        ("[]", "the file is a list; it must be an object"),
        ({"agents": []}, "agents is a list; it must be an object"),
        ({"agents": {"defaults": None}}, r"agents\.defaults is nothing; it must be an object"),
        (session(maxContextTokens="many"), r"maxContextTokens is the text 'many'; use a whole number from 500 to"),
        (session(maxContextTokens=10), r"session\.maxContextTokens is the number 10, which is out of range"),
        (session(compactionThreshold=1.5), "compactionThreshold is the number 1.5, which is out of range"),
        (session(compactionThreshold=None), r"compactionThreshold is nothing; use a number from 0\.3 to 1$"),
        (session(channelScope="all"), r"channelScope is the text 'all'; use 'collapsed' or 'per-channel'$"),
        (session(queueMode="colect"), r"use 'collect', 'followup' or 'interrupt'; did you mean 'collect'\?"),
        (session(maxContextToken=1), "maxContextToken is not a setting; did you mean maxContextTokens"),
        (session(idleAfter="soon"), r"session\.idleAfter: the text 'soon' is no duration"),
        (session(idleAfter=True), r"session\.idleAfter is true; use a number from 0\.001 to 315532800$"),
        ({"agent": {}}, r"argent\.json:1: agent is not a key of this file; did you mean agents\?"),
        ({"Agents": {}}, r"Agents is not a key of this file; did you mean agents\?"),
        ({"session": {}}, r"session is not read there; put it into agents\.defaults"),
        ({"agents": {"session": {}}}, r"agents\.session is not read there; put it into agents\.defaults"),
        ({"agents": {"default": {}}}, r"agents\.default is not a key of this file; did you mean defaults\?"),
        ({"agents": {"defaults": {"sesion": {}}}}, r"agents\.defaults\.sesion is not a key .*; did you mean session\?"),
        ({"agents": {"main": {"sessions": {}}}}, r"agents\.main\.sessions is not a key .*; did you mean session\?"),
        (session(resetAt="4 am"), r'session\.resetAt is the text \'4 am\'; write a time of the day, as "04:00"'),
        (session(resetAt="25:00"), r"session\.resetAt is the text '25:00'; write a time of the day"),
        (
            session(resetZone="Berlin"),
            r"session\.resetZone is the text 'Berlin', a time zone that this machine does not",
        ),
        (session(resetZone="../etc"), r"session\.resetZone is the text '\.\./etc', a time zone"),
        (session(resetAfter="soon"), r"session\.resetAfter: the text 'soon' is no duration"),
        (session(backgroundSenders="cron"), r"backgroundSenders is the text 'cron'; write a list of names"),
        ('{"agents": {}, "agents": {}}', "the key 'agents' twice"),
    ],
)
def test_a_mistake_is_named_with_its_path(tmp_path: Path, content: Any, sentence: str) -> None:
    write(tmp_path, content)
    with pytest.raises(ConfigError, match=sentence):
        Config.load(tmp_path)


def test_a_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(session(maxContextTokens=9000, idleAfter='{":soon'), indent=1))
    with pytest.raises(ConfigError, match=r"argent\.json:6: agents\.defaults\.session\.idleAfter"):
        Config.load(tmp_path)


def test_an_agent_may_have_any_name_that_it_is_asked_for_by(tmp_path: Path) -> None:
    write(tmp_path, {"agents": {"default": {"session": {"maxLive": 7}}, "sales": {"model": "x"}}, "gateway": {}})
    assert Config.load(tmp_path, "default").max_live == 7


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "argent.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(session(maxLive=7)).encode())
    assert Config.load(tmp_path).max_live == 7


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"queue_mode": "colect"},
            "queue_mode is the text 'colect'; use 'collect', 'followup' or 'interrupt'; did",
        ),
        ({"queue_mode": None}, "queue_mode is nothing; use 'collect'"),
        ({"idle_after": "30m"}, "idle_after is the text '30m'; use a number from 0.001"),
        ({"idle_after": math.nan}, "idle_after is the number nan"),
        ({"max_context_tokens": "180000"}, "max_context_tokens is the text '180000'; use a whole number from 500"),
        ({"max_context_tokens": 9000.5}, "max_context_tokens is the number 9000.5; use a whole number"),
        ({"max_live": True}, "max_live is true; use a whole number from 1 to 10000000"),
        ({"retain_bytes": 0}, "retain_bytes is the number 0, which is out of range"),
    ],
)
def test_a_wrong_value_names_the_setting_and_what_it_may_be(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config(**settings)
    assert str(refused.value).startswith(sentence)


def test_every_setting_is_checked() -> None:
    odd: Any = object()
    for name in Config.__struct_fields__:
        with pytest.raises(ConfigError, match=f"{name} is a thing of the kind 'object'"):
            Config(**{name: odd})


@pytest.mark.parametrize(
    ("text", "seconds"), [(90, 90), ("90", 90), ("90s", 90), ("1.5h", 5400), ("30 m", 1800), ("2d", 172_800)]
)
def test_durations_are_read(text: str | float, seconds: float) -> None:
    assert parse_duration(text, "here") == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "m", "1w", "1e3"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="here"):
        parse_duration(text, "here")
