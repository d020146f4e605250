"""The settings of a session: `agents.defaults.session` in `argent.json`, overridden by `agents.<agent>.session`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct, structs

from argentos.actors.settings.reset_policy import as_senders, as_wall_time, as_zone
from argentos.actors.settings.settings_file import SettingsFile
from argentos.errors import ConfigError
from argentos.inputs import as_choice, as_id, as_number, as_path, as_whole_number, in_words

__all__ = ["Config", "parse_duration", "parse_size"]

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST: Final = 3652 * 86400.0
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SIZES: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_LARGEST: Final = 1024**5
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)")


def parse_duration(text: str | float, path: str) -> float:
    """Seconds from `90`, `"90s"`, `"30m"`, `"2h"` or `"1d"`.

    Raises:
        ConfigError: it is none of these, or not above zero; the sentence begins with `path`.
    """
    found = _DURATION.fullmatch(str(text).strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= _LONGEST:
        raise ConfigError(
            f'{path}: {in_words(text)} is no duration up to ten years; write seconds, or "90s", "30m", "2h", "1d"'
        )
    return seconds


def parse_size(text: str | float, path: str) -> int:
    """Bytes from `4096`, `"64K"`, `"500M"`, `"10G"` or `"1T"`, where K is 1024.

    Raises:
        ConfigError: it is none of these, or not above zero; the sentence begins with `path`.
    """
    found = _SIZE.fullmatch(str(text).strip())
    size = int(float(found[1]) * _SIZES[found[2]]) if found else 0
    if not 0 < size <= _LARGEST:
        raise ConfigError(
            f'{path}: {in_words(text)} is no size up to 1024 T; write bytes, or "64K", "500M", "10G", "1T"'
        )
    return size


class Config(Struct, frozen=True, kw_only=True):
    """The settings of a session; durations are in seconds.

    Attributes:
        max_context_tokens: the context window, where the model has no smaller one; None leaves it to the model, and to
            180,000 where that says nothing.
        compaction_threshold: the part of the window from which on it is compacted.
        channel_scope: whether the channels of a guild share a session.
        idle_after: without activity, until an active session becomes idle.
        passivate_after: of idling, until the session leaves memory.
        keep_recent_tokens: of the latest messages, kept word for word by a compaction at most.
        mailbox_limit: messages that may wait in one session.
        queue_mode: what becomes of messages that come while a turn runs: `collect` answers them together in the next
            turn, `followup` one by one, `interrupt` ends the turn that runs in favour of them.
        collect_for: a turn begins once no message has come for so long; None begins it at once.
        collect_max: messages that one turn answers at most.
        turn_timeout: without a sign of life from the model, a piece of its reply, until a turn is given up.
        turn_limit: until a turn is given up, whatever has come of its reply.
        retry_attempts: how often a turn is tried again by itself whose model could not answer for now; 0 never does.
        retry_for: that a turn waits for these attempts altogether, at most.
        call_timeout: until a call of a tool is given up, unless the tool has a time of its own.
        result_limit: characters of a call's result; what is beyond is cut, with a note.
        turn_calls: calls that a turn makes at most; then the model is told to answer.
        approval_expires: until a call that waits for a person's word is given up.
        attachment_bytes: of a picture or a document.
        message_attachment_bytes: of all pictures and documents of a message.
        message_attachments: pictures and documents of a message.
        compaction_timeout: until the model's summary is given up for an extractive one.
        restart_intensity: how often a session that fails is restarted within `restart_period`; then it is parked.
        restart_period: see `restart_intensity`.
        max_crashes: how often the process may die while it answers a message with nothing beside it; then that is
            given up.
        max_live: sessions in memory; beyond it those that were quiet for longest leave it early.
        max_spend_per_session: from which on the model is not asked for a session any more, in the currency of the
            model's prices; None sets no limit.
        max_spend_per_day: likewise for all the agent's sessions on a day of UTC.
        retain_for: after its last activity, until a session is deleted; None keeps it for ever.
        retain_bytes: of all the agent's sessions on disk; beyond it the oldest are deleted. None sets no limit.
        reset_at: a wall time, as `04:00`, after which a conversation begins anew with the next message of a person;
            None never does.
        reset_zone: the time zone of that, as `Europe/Berlin`.
        reset_after: likewise, once nobody has written for so long; None never does.
        resume_for: after a conversation began anew, until `/resume` does not go on with the old one any more.
        background_senders: of messages that no person writes, as heartbeats: neither they nor the replies to them keep
            a conversation from beginning anew, and none begins anew with them.
    """

    max_context_tokens: int | None = None
    compaction_threshold: float = 0.85
    channel_scope: Literal["collapsed", "per-channel"] = "collapsed"
    idle_after: float = 1800.0
    passivate_after: float = 600.0
    keep_recent_tokens: int = 20_000
    mailbox_limit: int = 1000
    queue_mode: Literal["collect", "followup", "interrupt"] = "collect"
    collect_for: float | None = None
    collect_max: int = 20
    turn_timeout: float = 300.0
    turn_limit: float = 3600.0
    retry_attempts: int = 5
    retry_for: float = 300.0
    call_timeout: float = 120.0
    result_limit: int = 100_000
    turn_calls: int = 100
    approval_expires: float = 7 * 86_400.0
    attachment_bytes: int = 32 * 1024**2
    message_attachment_bytes: int = 64 * 1024**2
    message_attachments: int = 100
    compaction_timeout: float = 180.0
    restart_intensity: int = 3
    restart_period: float = 5.0
    max_crashes: int = 2
    max_live: int = 100_000
    max_spend_per_session: float | None = None
    max_spend_per_day: float | None = None
    retain_for: float | None = None
    retain_bytes: int | None = None
    reset_at: str | None = None
    reset_zone: str = "UTC"
    reset_after: float | None = None
    resume_for: float = 86_400.0
    background_senders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that no session can live with.

        Raises:
            ConfigError: naming the setting, and what it may be.
        """
        for name in self.__struct_fields__:
            structs.force_setattr(self, name, _checked(name, getattr(self, name), name))

    @property
    def most_together(self) -> int:
        """The most messages that one turn answers."""
        return 1 if self.queue_mode == "followup" else self.collect_max

    @classmethod
    def load(cls, state_dir: Path, agent: str = "main") -> "Config":
        """The settings of an agent in a state directory; the defaults where there is no `argent.json`.

        Raises:
            ConfigError: the file cannot be read, or a setting in it is wrong; the sentence names its path.
            InputError: the directory or the agent's name cannot be used.
        """
        agent = as_id(agent, "the agent's name")
        file = SettingsFile(as_path(state_dir, "the state directory") / "argent.json")
        changes: dict[str, Any] = {}
        for key, value, what in file.settings(agent, _KEYS):
            name = _KEYS[key]
            changes[name] = _checked(name, _read(name, value, what), what)
        return cls(**changes)


_KEYS: Final = {re.sub(r"_(\w)", lambda m: m[1].upper(), name): name for name in Config.__struct_fields__}
_DURATION_RANGE: Final = (0.001, _LONGEST)
_NUMBERS: Final[dict[str, tuple[float, float]]] = {
    "compaction_threshold": (0.3, 1.0),
    "idle_after": _DURATION_RANGE,
    "passivate_after": _DURATION_RANGE,
    "collect_for": _DURATION_RANGE,
    "turn_timeout": _DURATION_RANGE,
    "turn_limit": _DURATION_RANGE,
    "retry_for": _DURATION_RANGE,
    "call_timeout": _DURATION_RANGE,
    "approval_expires": _DURATION_RANGE,
    "compaction_timeout": _DURATION_RANGE,
    "restart_period": _DURATION_RANGE,
    "retain_for": _DURATION_RANGE,
    "reset_after": _DURATION_RANGE,
    "resume_for": _DURATION_RANGE,
    "max_spend_per_session": (0.0, 1e12),
    "max_spend_per_day": (0.0, 1e12),
}
_WHOLE_NUMBERS: Final = {
    "max_context_tokens": (500, 10_000_000),
    "keep_recent_tokens": (0, 10_000_000),
    "mailbox_limit": (1, 1_000_000),
    "collect_max": (1, 1_000_000),
    "retry_attempts": (0, 1000),
    "result_limit": (100, 10_000_000),
    "turn_calls": (0, 10_000),
    "restart_intensity": (0, 1000),
    "max_crashes": (1, 1000),
    "max_live": (1, 10_000_000),
    "attachment_bytes": (1, 1024**3),
    "message_attachment_bytes": (1, 1024**3),
    "message_attachments": (0, 1000),
    "retain_bytes": (1, _LARGEST),
}
_CHOICES: Final = {
    "channel_scope": ("collapsed", "per-channel"),
    "queue_mode": ("collect", "followup", "interrupt"),
}
_SIZED: Final = frozenset({"attachment_bytes", "message_attachment_bytes", "retain_bytes"})
_OPTIONAL: Final = frozenset(
    {
        "collect_for",
        "max_context_tokens",
        "max_spend_per_day",
        "max_spend_per_session",
        "reset_after",
        "reset_at",
        "retain_for",
        "retain_bytes",
    }
)
_OTHERS: Final[dict[str, Callable[[object, str], object]]] = {
    "reset_at": as_wall_time,
    "reset_zone": as_zone,
    "background_senders": as_senders,
}


def _checked(name: str, value: object, what: str) -> object:
    """The value of a setting, plain.

    Raises:
        ConfigError: it cannot be that; the sentence begins with `what`.
    """
    if value is None and name in _OPTIONAL:
        return None
    if name in _OTHERS:
        return _OTHERS[name](value, what)
    if name in _NUMBERS:
        return as_number(value, what, *_NUMBERS[name], ConfigError)
    if name in _WHOLE_NUMBERS:
        return as_whole_number(value, what, *_WHOLE_NUMBERS[name], ConfigError)
    return as_choice(value, _CHOICES[name], what, ConfigError)


def _read(name: str, value: Any, what: str) -> Any:
    """A value as the settings have it; one of a wrong type is left to be refused."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    if _NUMBERS.get(name) is _DURATION_RANGE:
        return parse_duration(value, what)
    return parse_size(value, what) if name in _SIZED else value
