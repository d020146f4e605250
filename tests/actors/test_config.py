"""Settings: from `argent.json`, with a sentence for every mistake."""

import json
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
        180_000,
        0.85,
        "collapsed",
    )


def test_the_file_is_read_and_other_parts_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {**session(maxContextTokens=20_000, idleAfter="2h"), "gateway": {"anything": 1}})
    config = Config.load(tmp_path)
    assert (config.max_context_tokens, config.idle_after) == (20_000, 7200)


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
        ("{", "is not JSON"),
        ("[]", "the file must be an object, not list"),
        ({"agents": []}, "agents must be an object, not list"),
        (session(maxContextTokens="many"), r"agents\.defaults\.session\.maxContextTokens: expected `int`, got `str`"),
        (session(maxContextTokens=10), r"agents\.defaults\.session\.maxContextTokens: 10 is out of range"),
        (session(compactionThreshold=1.5), "compactionThreshold: 1.5 is out of range"),
        (session(channelScope="all"), r"session\.channelScope: invalid enum value 'all'"),
        (session(maxContextToken=1), "maxContextToken is not a setting; did you mean maxContextTokens"),
        (session(idleAfter="soon"), r"session\.idleAfter: 'soon' is no duration"),
        (session(idleAfter=True), r"session\.idleAfter: expected `float`, got `bool`"),
    ],
)
def test_a_mistake_is_named_with_its_path(tmp_path: Path, content: Any, sentence: str) -> None:
    write(tmp_path, content)
    with pytest.raises(ConfigError, match=sentence):
        Config.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"), [(90, 90), ("90", 90), ("90s", 90), ("1.5h", 5400), ("30 m", 1800), ("2d", 172_800)]
)
def test_durations_are_read(text: str | float, seconds: float) -> None:
    assert parse_duration(text, "here") == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "m", "1w", "1e3"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="here"):
        parse_duration(text, "here")
