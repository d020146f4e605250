"""What every command may be told: where the state is, whose sessions, and how to print."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from argentos.actors import Config
from argentos.inputs import as_id
from argentos.storage import expand_home

__all__ = ["Settings", "command_options", "default_state_dir"]

F = TypeVar("F", bound=Callable[..., Any])


def default_state_dir() -> Path:
    """`ARGENTOS_HOME`, else `~/.argentos`."""
    return expand_home(os.environ.get("ARGENTOS_HOME") or "~/.argentos")


@dataclass(slots=True)
class Settings:
    """The options that stand before or behind a command's name."""

    state_dir: Path = field(default_factory=default_state_dir)
    agent: str = "main"
    json: bool = False

    def config(self) -> Config:
        """The settings of the agent's sessions.

        Raises:
            ConfigError: `argent.json` is wrong.
        """
        return Config.load(self.state_dir, self.agent)


def _set(name: str, check: Callable[[Any], Any] | None = None) -> Callable[[click.Context, click.Parameter, Any], None]:
    """A callback that puts an option's value into the settings."""

    def callback(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(context.ensure_object(Settings), name, check(value) if check else value)

    return callback


def command_options(function: F) -> F:
    """Let a command take `--state-dir`, `--agent` and `--json`, and give it the `Settings` first."""
    for option in (
        click.option(
            "--json",
            "json",
            is_flag=True,
            default=None,
            expose_value=False,
            callback=_set("json"),
            help="Print JSON.",
        ),
        click.option(
            "--agent",
            metavar="NAME",
            expose_value=False,
            callback=_set("agent", partial(as_id, what="the agent's name")),
            help="Whose sessions; 'main' by default.",
        ),
        click.option(
            "--state-dir",
            metavar="PATH",
            expose_value=False,
            callback=_set("state_dir", expand_home),
            help="Where the state is; ARGENTOS_HOME or ~/.argentos by default.",
        ),
    ):
        function = option(function)
    return function
