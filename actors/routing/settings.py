"""The settings of routing: `routes` and `channels` in `argent.json`, and the `channelScope` of each agent."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec import Struct, structs

from argentos.actors.routing.rules import PARTS, RouteRule
from argentos.actors.settings.config import Config
from argentos.actors.settings.settings_file import SettingsFile
from argentos.errors import ConfigError, InputError
from argentos.inputs import as_choice, as_id, as_path, in_words, nearest

__all__ = ["AccountSettings", "Policy", "RoutingSettings", "Scope", "as_routing"]

Policy: TypeAlias = Literal["open", "allow-list", "pairing"]
Scope: TypeAlias = Literal["collapsed", "per-channel"]

_ANY: Final = "*"
_POLICIES: Final = ("open", "allow-list", "pairing")
_THREADS: Final = ("own", "shared")
_KEYS: Final = ("policy", "allow", "groups", "threads")
_NEAR: Final = 0.75
_MOST: Final = 10_000  # rules, or names in a list


class AccountSettings(Struct, frozen=True, kw_only=True):
    """The settings of an account of ours on a platform.

    Attributes:
        policy: who is answered: anybody; those in `allow` and those whom the owner approved; or these, and who is
            neither may ask for a code.
        allow: ids of users.
        groups: ids of groups and guilds in which anybody is answered; `*` is all of them.
        threads: whether a thread has a session of its own; None leaves it to what is usual on the platform.
    """

    policy: Policy = "pairing"
    allow: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    threads: Literal["own", "shared"] | None = None

    def has_group(self, *ids: str | None) -> bool:
        """Tell whether anybody is answered in one of these."""
        return _ANY in self.groups or any(each in self.groups for each in ids)


_UNNAMED: Final = AccountSettings(policy="open")  # the host of a channel that is not in the file asks whom it likes


class RoutingSettings(Struct, frozen=True, kw_only=True):
    """The settings by which messages are routed.

    Attributes:
        agent: answers where no rule says otherwise.
        rules: which agents answer elsewhere.
        accounts: settings by channel and account; those under None hold for the channel's other accounts.
        scopes: the `channelScope` of agents by their names; of others it is `collapsed`.
    """

    agent: str = "main"
    rules: tuple[RouteRule, ...] = ()
    accounts: Mapping[tuple[str, str | None], AccountSettings] = {}
    scopes: Mapping[str, Scope] = {}

    def account(self, channel: str, account: str | None) -> AccountSettings:
        """The settings of an account."""
        found = self.accounts.get((channel, account))
        return found if found is not None else self.accounts.get((channel, None), _UNNAMED)

    @classmethod
    def load(cls, state_dir: Path, agent: str = "main") -> "RoutingSettings":
        """The settings in a state directory; the defaults where there is no `argent.json`.

        Raises:
            ConfigError: the file cannot be read, or a setting in it is wrong; the sentence names its path.
            InputError: the directory or the agent's name cannot be used.
        """
        agent = as_id(agent, "the agent's name")
        file = SettingsFile(as_path(state_dir, "the state directory") / "argent.json")
        _, routes, what = file.section("routes")
        rules = _rules(routes, what)
        _, channels, what = file.section("channels")
        names = {agent, *(each.agent for each in rules)}
        scopes: dict[str, Scope] = {name: Config.load(state_dir, name).channel_scope for name in names}
        return cls(agent=agent, rules=rules, accounts=_accounts(channels, what), scopes=scopes)


def _rules(value: object, what: str) -> tuple[RouteRule, ...]:
    found: dict[tuple[tuple[str, str], ...], RouteRule] = {}
    for number, each in enumerate(_list(value, what)):
        rule = _rule(each, f"{what}[{number}]")
        if found.setdefault(tuple(rule.parts.items()), rule) is not rule:
            raise ConfigError(f"{what}[{number}] is for {rule}, and so is an earlier one; remove one of the two")
    return tuple(found.values())


def _rule(value: object, what: str) -> RouteRule:
    given = _object(value, what)
    names = {re.sub(r"_(\w)", lambda m: m[1].upper(), name): name for name in ("agent", *PARTS)}
    for key in given:
        if key not in names:
            near = nearest(key, names, cutoff=0.0)
            raise ConfigError(f"{what}.{key:.60} is not a key of a route; did you mean {near}?")
    if "agent" not in given:
        raise ConfigError(f"{what} has no agent; name the one that answers there")
    return RouteRule(**{names[key]: as_id(each, f"{what}.{key}", ConfigError) for key, each in given.items()})


def _accounts(value: object, what: str) -> dict[tuple[str, str | None], AccountSettings]:
    found: dict[tuple[str, str | None], AccountSettings] = {}
    for channel, given in _object(value, what).items():
        here = f"{what}.{channel:.60}"
        of_all = _object(given, here)
        found[channel, None] = _account(of_all, here, "accounts")
        for name, own in _object(of_all.get("accounts"), f"{here}.accounts").items():
            inherited = {key: each for key, each in of_all.items() if key in _KEYS}
            there = f"{here}.accounts.{name:.60}"
            found[channel, name] = _account({**inherited, **_object(own, there)}, there)
    return found


def _account(given: Mapping[str, Any], what: str, *others: str) -> AccountSettings:
    known = (*_KEYS, *others)
    for key in given:
        if key not in known and (near := nearest(key, known, _NEAR)):
            raise ConfigError(f"{what}.{key:.60} is not a setting; did you mean {near}?")
    policy = as_choice(given.get("policy", "pairing"), _POLICIES, f"{what}.policy", ConfigError)
    threads = as_choice(given["threads"], _THREADS, f"{what}.threads", ConfigError) if "threads" in given else None
    return AccountSettings(
        policy=cast("Policy", policy),
        allow=_ids(given.get("allow"), f"{what}.allow"),
        groups=_ids(given.get("groups"), f"{what}.groups"),
        threads=cast("Literal['own', 'shared'] | None", threads),
    )


def _ids(value: object, what: str) -> frozenset[str]:
    return frozenset(as_id(each, what, ConfigError) for each in _list(value, what))


def _list(value: object, what: str) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ConfigError(f"{what} is {in_words(value)}; it must be a list")
    items = cast("list[object]", value)
    if len(items) > _MOST:
        raise ConfigError(f"{what} has {len(items)} entries; {_MOST} is the most")
    return items


def _object(value: object, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{what} is {in_words(value)}; it must be an object")
    return cast("dict[str, Any]", value)


def as_routing(value: RoutingSettings | None, agents: Mapping[str, Scope], agent: str) -> RoutingSettings:
    """The settings of a supervisor, which knows its agents.

    Args:
        value: as they were given.
        agents: the scope of each agent that runs.
        agent: the default one.

    Raises:
        InputError: they are none.
    """
    if value is not None and not isinstance(cast("object", value), RoutingSettings):
        raise InputError(f"the routing is {in_words(value)}; give RoutingSettings")
    given = value or RoutingSettings()
    return structs.replace(given, agent=agent, scopes={**given.scopes, **agents})
