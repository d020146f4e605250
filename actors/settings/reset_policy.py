"""Reset policies: when a conversation that rests begins anew with the next message."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias, cast
from zoneinfo import ZoneInfo

from argentos.errors import ConfigError
from argentos.inputs import as_name, as_text, in_words

__all__ = ["ResetPolicy", "ResetReason", "as_senders", "as_wall_time", "as_zone", "policy_of"]

ResetReason: TypeAlias = Literal["daily", "idle"]

_DAY: Final = timedelta(days=1)


class ResetPolicy(NamedTuple):
    """The times after which a conversation begins anew; the one that comes first counts.

    Attributes:
        at: each day at this wall time; None never.
        zone: of that.
        after: seconds in which nobody has written; None is as long as one likes.
    """

    at: time | None
    zone: tzinfo
    after: float | None

    def due(self, heard: datetime, now: datetime, idle: float) -> ResetReason | None:
        """The reason to begin anew, if it is time to.

        Args:
            heard: when the conversation was last gone on with.
            now: the wall time, which somebody may have set back.
            idle: seconds since then, as far as that is known better than by the wall clock.
        """
        daily = None if self.at is None else self._first_behind(heard, self.at)
        is_daily = daily is not None and daily <= now
        is_idle = self.after is not None and idle >= self.after
        if is_daily and is_idle and daily is not None and self.after is not None:
            return "daily" if daily <= heard + timedelta(seconds=self.after) else "idle"
        return "daily" if is_daily else "idle" if is_idle else None

    def _first_behind(self, moment: datetime, at: time) -> datetime:
        """The first daily time behind a moment."""
        day = moment.astimezone(self.zone).date()
        times = [self._on(day + each * _DAY, at) for each in (-1, 0, 1, 2)]
        return min(each for each in times if each > moment)

    def _on(self, day: date, at: time) -> datetime:
        """The daily time of a day: where it comes twice, the first; where the clock leaves it out, as it is put on."""
        wall = datetime.combine(day, at, self.zone)
        before, behind = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
        if before <= behind:
            return before
        if before - behind >= _DAY:  # a whole day is left out, as where a country changes sides of the date line
            return self._on(day + _DAY, at)
        low, high = behind, before  # the clock is put on between them
        offset = low.astimezone(self.zone).utcoffset()
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) / 2
            low, high = (middle, high) if middle.astimezone(self.zone).utcoffset() == offset else (low, middle)
        return high.replace(microsecond=0)


@lru_cache(maxsize=64)
def policy_of(at: str | None, zone: str, after: float | None) -> ResetPolicy | None:
    """The policy of settings that were checked; None where they have none."""
    if at is None and after is None:
        return None
    return ResetPolicy(None if at is None else time.fromisoformat(at), _zone(zone), after)


def as_wall_time(value: object, what: str) -> str:
    """A wall time.

    Raises:
        ConfigError: it is none; the sentence begins with `what`.
    """
    text = as_text(value, what, ConfigError)
    try:
        at = time.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or len(text) != len("04:00"):
        raise ConfigError(f'{what} is {in_words(text)}; write a time of the day, as "04:00"')
    return text


def as_zone(value: object, what: str) -> str:
    """The name of a time zone.

    Raises:
        ConfigError: this machine knows none of that name; the sentence begins with `what`.
    """
    name = as_text(value, what, ConfigError)
    try:
        _zone(name)
    except (OSError, ValueError, LookupError) as error:
        raise ConfigError(
            f'{what} is {in_words(name)}, a time zone that this machine does not know; write one as "Europe/Berlin",'
            " or install the package tzdata"
        ) from error
    return name


def as_senders(value: object, what: str) -> tuple[str, ...]:
    """The names of senders.

    Raises:
        ConfigError: they are none; the sentence begins with `what`.
    """
    if isinstance(value, str) or not isinstance(value, Collection):
        raise ConfigError(f'{what} is {in_words(value)}; write a list of names, as ["heartbeat"]')
    names = cast("Collection[object]", value)
    return tuple(as_name(each, f"a sender in {what}", ConfigError) for each in names)


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)
