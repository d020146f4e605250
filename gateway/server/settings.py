"""The settings of a gateway: `gateway` in `argent.json`, overridden by the options of its command."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from msgspec import Struct, structs

from argentos.actors import parse_duration, parse_size
from argentos.actors.settings.settings_file import SettingsFile
from argentos.errors import ConfigError, InputError
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.access.origins import LOOPBACK, Origins, is_loopback
from argentos.gateway.server.server import Tls
from argentos.inputs import as_number, as_text, as_whole_number, in_words, nearest

__all__ = ["SECTION", "GatewaySettings"]

SECTION: Final = "gateway"
"""The key of these settings."""

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - refused unless names are given
_MOST: Final = 10**9

_Reader: TypeAlias = Callable[[Any, str], Any]
"""Reads a value; what it is called begins the sentence of an error."""


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """The settings of a gateway.

    Attributes:
        host: at which it listens.
        port: likewise; 0 for any that is free.
        allowed_hosts: names besides `host` by which it may be asked.
        public_url: its address as browsers see it, where a proxy stands before it.
        proxies: addresses of that proxy, whose word about its clients counts.
        tls_certificate: a file in PEM.
        tls_key: likewise.
        grace: seconds that turns which run have at the end.
        limits: of what clients may ask.
    """

    host: str = "127.0.0.1"
    port: int = 7420
    allowed_hosts: tuple[str, ...] = ()
    public_url: str | None = None
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    grace: float = 10.0
    limits: Limits = Limits()

    @classmethod
    def load(cls, state_dir: Path) -> "GatewaySettings":
        """The settings in a state directory; the defaults where there are none. Paths in them begin there.

        Raises:
            ConfigError: one of them cannot be used; the sentence names its line and its path.
        """
        file = SettingsFile(state_dir / "argent.json")
        file.refuse_mistyped(_KEYS, SECTION)
        found: dict[str, Any] = {}
        for key, name in _KEYS.items():
            value = file.value(SECTION, key)
            if value is not None and name != "limits":
                found[name] = _READERS[name](value, file.called(SECTION, key))
        for name in ("tls_certificate", "tls_key"):
            if name in found:
                found[name] = state_dir / found[name]
        return cls(**found, limits=_limits(file))

    def changed(self, **options: object) -> "GatewaySettings":
        """The settings with the options that are given, and not None or empty, in their places."""
        return structs.replace(self, **{name: value for name, value in options.items() if value not in {None, ()}})

    @property
    def tls(self) -> Tls | None:
        """The files of TLS; None where it is not used.

        Raises:
            ConfigError: one of the two is missing, or they cannot be used.
        """
        if self.tls_certificate is None and self.tls_key is None:
            return None
        if self.tls_certificate is None or self.tls_key is None:
            raise ConfigError("TLS needs a certificate and its key; give both, --tls-certificate and --tls-key")
        tls = Tls(self.tls_certificate, self.tls_key)
        tls.check()
        return tls

    @property
    def origins(self) -> Origins:
        """The hosts and origins of the gateway.

        Raises:
            InputError: other machines could reach it, and what they send would not be encrypted; or no name is given
                by which they may ask.
        """
        is_safe = self.tls is not None or self.public_url is not None
        if not is_loopback(self.host) and not is_safe:
            raise InputError(
                f"at {self.host or 'every address'} other machines reach the gateway, and anybody between could read"
                " its tokens: give --tls-certificate and --tls-key, or --behind-proxy with the https address of a"
                " proxy before it"
            )
        names = {self.host, *self.allowed_hosts} - _EVERYWHERE
        if self.host in _EVERYWHERE and not names and self.public_url is None:
            raise InputError("the gateway listens everywhere; give --allow-host for each name by which it is asked")
        return Origins([*LOOPBACK, *sorted(names)], self.public_url)


_KEYS: Final = {
    re.sub(r"_(\w)", lambda found: found[1].upper(), name): name for name in GatewaySettings.__struct_fields__
}


def _text(value: Any, what: str) -> str:
    return as_text(value, what, ConfigError)


def _texts(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ConfigError(f"{what} is {in_words(value)}; it must be a list of texts")
    return tuple(_text(each, what) for each in cast("list[object]", value))


_READERS: Final[Mapping[str, _Reader]] = {
    "host": _text,
    "port": lambda value, what: as_whole_number(value, what, 0, 65535, ConfigError),
    "allowed_hosts": _texts,
    "public_url": _text,
    "proxies": _texts,
    "tls_certificate": _text,
    "tls_key": _text,
    "grace": parse_duration,
}


def _limits(file: SettingsFile) -> Limits:
    given = file.value(SECTION, "limits")
    if given is None:
        return Limits()
    if not isinstance(given, dict):
        raise ConfigError(f"{file.called(SECTION, 'limits')} is {in_words(given)}; it must be an object")
    known = {field.encode_name: field for field in structs.fields(Limits)}
    found: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", given).items():
        what = file.called(SECTION, "limits", key)
        if key not in known:
            raise ConfigError(f"{what} is not a limit; did you mean {nearest(key, known, cutoff=0.0)}?")
        found[known[key].name] = _limit(known[key], value, what)
    return Limits(**found)


def _limit(field: structs.FieldInfo, value: Any, what: str) -> int | float:
    if field.name.endswith("_bytes"):
        return parse_size(value, what)
    if field.name.endswith("_timeout"):
        return parse_duration(value, what)
    if field.type is int:
        return as_whole_number(value, what, 1, _MOST, ConfigError)
    return as_number(value, what, 1e-6, _MOST, ConfigError)
