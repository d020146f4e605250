"""Kinds of arguments and options that several commands take."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["AGENT", "DURATION", "SESSION", "SIZE", "WholeNumber"]


class _Measure(click.ParamType[float]):
    """A span of time or a size, as in argent.json."""

    def __init__(self, name: str, parse: Callable[[str, str], float]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See `click.ParamType.convert`."""
        from argentos.errors import ConfigError  # noqa: PLC0415 - only where one is given

        try:
            return self._parse(str(value), "")
        except ConfigError as error:
            self.fail(str(error).removeprefix(": "), param, ctx)


def _duration(text: str, path: str) -> float:
    from argentos.actors.settings.config import parse_duration  # noqa: PLC0415 - likewise

    return parse_duration(text, path)


def _size(text: str, path: str) -> int:
    from argentos.actors.settings.config import parse_size  # noqa: PLC0415 - likewise

    return parse_size(text, path)


class WholeNumber(click.IntRange):
    """A whole number of at least `min`, and of at most `max`, where there is one."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See `click.ParamType.convert`."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            limits = f"of at least {self.min}" if self.max is None else f"from {self.min} to {self.max}"
            self.fail(f"{str(value)!a} is no whole number {limits}.", param, ctx)


class _SessionId(click.ParamType[str]):
    """The id of a session, of which a shell may complete those that there are."""

    name = "session id"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002 - click's signature
        """The ids that begin so, of the agent that is named."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks for it

        from argentos.gateway.agents import known_sessions  # noqa: PLC0415 - likewise
        from argentos.gateway.settings import Settings  # noqa: PLC0415 - likewise

        settings = ctx.find_object(Settings) or Settings()
        ids = known_sessions(settings.state_dir, settings.agent)
        return [CompletionItem(each) for each in ids if each.startswith(incomplete) and each.isprintable()]


class _AgentName(click.ParamType[str]):
    """The name of an agent, likewise."""

    name = "agent"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002 - click's signature
        """The agents that have sessions."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks for it

        from argentos.gateway.agents import known_agents  # noqa: PLC0415 - likewise
        from argentos.gateway.settings import Settings  # noqa: PLC0415 - likewise

        settings = ctx.find_object(Settings) or Settings()
        return [
            CompletionItem(each)
            for each in known_agents(settings.state_dir)
            if each.startswith(incomplete) and each.isprintable()
        ]


DURATION: Final = _Measure("duration", _duration)
"""A span of time: `90s`, `30m`, `2h`, `7d`, or seconds."""

SIZE: Final = _Measure("size", _size)
"""A size: `500M`, `10G`, or bytes."""

SESSION: Final = _SessionId()
"""The id of a session."""

AGENT: Final = _AgentName()
"""The name of an agent."""
