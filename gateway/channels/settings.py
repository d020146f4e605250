"""The accounts that a gateway connects to: those of `channels` in `argent.json` that have a token.

{"channels": {"telegram": {"tokenEnv": "TELEGRAM_TOKEN", "answers": "addressed",
                           "accounts": {"sales": {"tokenFile": "sales.token", "stream": false}}}}}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec import Struct

from argentos.actors import Sender
from argentos.actors.settings.settings_file import SettingsFile
from argentos.errors import ConfigError
from argentos.gateway.access.files import gateway_folder
from argentos.gateway.channels.secrets import TokenSource
from argentos.inputs import as_choice, as_flag, as_text, in_words, nearest

__all__ = ["Answers", "Connection", "load_connections"]

Answers: TypeAlias = Literal["addressed", "always"]

_ANSWERS: Final = ("addressed", "always")
_OF_ROUTING: Final = ("policy", "allow", "groups", "threads")
_TOKENS: Final = ("tokenEnv", "tokenFile")
_COMMON: Final = (*_TOKENS, "answers", "stream", "api")
_PLATFORMS: Final = ("telegram", "discord")
_NEAR: Final = 0.75


class Connection(Struct, frozen=True, kw_only=True):
    """The settings by which an account of ours is connected to its platform.

    Attributes:
        channel: the platform.
        account: None where it is the only one.
        token: where it stands.
        answers: in groups: what is addressed to the agent, or always everything.
        streams: a reply is shown while it is made, by edits.
        api: the address of a server in the place of the platform's own, as of one on this machine.
        folder: private files of this account; whoever writes one makes it.
        what: the file and the path of the settings, for the sentences of errors.
    """

    channel: str
    account: str | None = None
    token: TokenSource
    folder: Path
    answers: Answers = "addressed"
    streams: bool = True
    api: str | None = None
    what: str = "channels"


def load_connections(state_dir: Path) -> tuple[Connection, ...]:
    """The accounts in the `argent.json` of a state directory that have a token; those without are somebody else's.

    Raises:
        ConfigError: a setting is wrong; the sentence names its path.
    """
    _, channels, what = SettingsFile(state_dir / "argent.json").section("channels")
    found: list[Connection | None] = []
    for channel, given in _object(channels, what).items():
        here = f"{what}.{channel:.60}"
        of_all = _object(given, here)
        found.append(_connection(of_all, channel, None, here, state_dir))
        inherited = {key: value for key, value in of_all.items() if key not in {*_TOKENS, "accounts"}}
        for name, own in _object(of_all.get("accounts"), f"{here}.accounts").items():
            there = f"{here}.accounts.{name:.60}"
            found.append(_connection({**inherited, **_object(own, there)}, channel, name, there, state_dir))
    return tuple(each for each in found if each is not None)


def _connection(
    given: Mapping[str, Any], channel: str, account: str | None, what: str, state_dir: Path
) -> Connection | None:
    """The connection of an account; None where it has no token."""
    _refuse_mistyped(given, what)
    token = _token(given, what, state_dir)
    if token is None:
        return None
    if channel not in _PLATFORMS:
        raise ConfigError(
            f"{what} has a token, and {channel!a} is no platform known here; known are {', '.join(_PLATFORMS)}"
        )
    answers = as_choice(given.get("answers", "addressed"), _ANSWERS, f"{what}.answers", ConfigError)
    return Connection(
        channel=channel,
        account=account,
        token=token,
        folder=gateway_folder(state_dir) / "channels" / Sender(channel, "", account).place,
        answers=cast("Answers", answers),
        streams=as_flag(given.get("stream", True), f"{what}.stream", ConfigError),
        api=as_text(given["api"], f"{what}.api", ConfigError) if "api" in given else None,
        what=what,
    )


def _refuse_mistyped(given: Mapping[str, Any], what: str) -> None:
    ours = (*_COMMON, *_OF_ROUTING, "accounts")
    for key in given:
        if key.lower() == "token":
            raise ConfigError(
                f"{what}.{key} would be read by whoever reads the file; write tokenEnv, the name of a variable of the"
                " environment, or tokenFile, that of a private file"
            )
        if key not in ours and (near := nearest(key, ours, _NEAR)):
            raise ConfigError(f"{what}.{key:.60} is not a setting; did you mean {near}?")


def _token(given: Mapping[str, Any], what: str, state_dir: Path) -> TokenSource | None:
    if all(key in given for key in _TOKENS):
        raise ConfigError(f"{what} has a tokenEnv and a tokenFile; remove one of the two")
    if "tokenEnv" in given:
        return TokenSource(variable=as_text(given["tokenEnv"], f"{what}.tokenEnv", ConfigError))
    if "tokenFile" in given:
        return TokenSource(file=state_dir / as_text(given["tokenFile"], f"{what}.tokenFile", ConfigError))
    return None


def _object(value: object, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{what} is {in_words(value)}; it must be an object")
    return cast("dict[str, Any]", value)
