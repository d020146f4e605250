"""Options of every command: the state directory, the agent, the form of the output.

What takes long to import is imported where it is used, so that `argent --help` answers at once.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from argentos.errors import ConfigError, StoreError
from argentos.gateway.parameters import AGENT

if TYPE_CHECKING:
    from pathlib import Path

    from argentos.actors import Config, RoutingSettings

__all__ = ["Settings", "command_options", "model_option"]

F = TypeVar("F", bound=Callable[..., Any])

_USUAL: Final = "~/.argentos"


class Settings:
    """The options that stand before or after a command's name.

    Args:
        state_dir: the state directory; by default `ARGENTOS_HOME`, else `~/.argentos`.
        agent: the agent that is meant.
        json: print JSON.
    """

    def __init__(self, state_dir: "str | Path | None" = None, agent: str = "main", *, json: bool = False) -> None:
        self.named_dir: str | Path = os.environ.get("ARGENTOS_HOME") or _USUAL if state_dir is None else state_dir
        self.agent = agent
        self.json = json
        self._state_dir: Path | None = None

    @property
    def state_dir(self) -> "Path":
        """The state directory, as a whole path.

        Raises:
            InputError: what was named is no path.
        """
        if self._state_dir is None:
            self._state_dir = _path(self.named_dir)
        return self._state_dir

    def config(self) -> "Config":
        """The settings of the agent's sessions.

        Raises:
            ConfigError: `argent.json` is wrong.
            StoreError: this user may not look into the state directory.
        """
        from argentos.actors import Config  # noqa: PLC0415

        self._check_access()
        return Config.load(self.state_dir, self.agent)

    def config_or_defaults(self) -> "Config":
        """The settings of the agent's sessions; where `argent.json` is wrong that is told, and the defaults hold."""
        import logging  # noqa: PLC0415

        from argentos.actors import Config  # noqa: PLC0415

        try:
            return self.config()
        except ConfigError as error:
            logging.getLogger(__name__).warning("%s; this command goes on without it", error)
            return Config()

    def routing(self, *, is_lenient: bool = False) -> "RoutingSettings":
        """The settings of routing; where they are wrong and that `is_lenient`, the defaults.

        Raises:
            ConfigError: `argent.json` is wrong.
            StoreError: this user may not look into the state directory.
        """
        from argentos.actors import RoutingSettings  # noqa: PLC0415

        self._check_access()
        try:
            return RoutingSettings.load(self.state_dir, self.agent)
        except ConfigError:
            if not is_lenient:
                raise
            return RoutingSettings(agent=self.agent)

    def check_state_dir(self) -> None:
        """Refuse a directory that is not a state directory, as where its name is mistyped.

        Raises:
            StoreError: it is none, or this user may not look into it. An empty one is accepted, and so is a missing
                default one: nothing was done yet.
        """
        from argentos.storage.files.paths import is_state_directory  # noqa: PLC0415

        self._check_access()
        if is_state_directory(self.state_dir):
            return
        if self.state_dir.is_dir() and not any(self.state_dir.iterdir()):
            return
        if self.state_dir.exists():
            what = f"{self.state_dir} is not a state directory of argentos"
        elif self.state_dir == _path(_USUAL):
            return
        else:
            what = f"there is no state directory {self.state_dir}"
        raise StoreError(f"{what}; name another with --state-dir or ARGENTOS_HOME, or begin one with `argent chat`")

    def is_unused(self) -> bool:
        """Tell whether nothing was done in the state directory yet, so that there is nothing to open, or to import.

        Raises:
            StoreError: this user may not look into it.
        """
        with suppress(FileNotFoundError, ValueError):  # the name may be none, which is told where it is used
            try:
                return not os.listdir(os.path.expanduser(self.named_dir))  # noqa: PTH111, PTH208 - see above
            except FileNotFoundError:
                return self.named_dir == _USUAL
            except OSError:
                self._check_access()
        return False

    def _check_access(self) -> None:
        try:
            found = self.state_dir.stat()
        except PermissionError as error:
            raise StoreError(
                f"{self.state_dir} cannot be reached: {error.strerror}; use argent as its owner"
            ) from error
        except OSError:
            return  # what is wrong with it is told where it is used
        if not stat.S_ISDIR(found.st_mode) or os.access(self.state_dir, os.R_OK | os.X_OK):
            return
        if found.st_uid == os.geteuid():
            whose = "it belongs to you, so `chmod 700` it"
        else:
            whose = f"it belongs to {_user_name(found.st_uid)}, so use argent as that user"
        raise StoreError(f"{self.state_dir} cannot be read: {os.strerror(errno.EACCES)}; {whose}")


def _user_name(uid: int) -> str:
    import pwd  # noqa: PLC0415

    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return f"user {uid}"


def _path(text: "str | Path") -> "Path":
    from argentos.storage import expand_home  # noqa: PLC0415

    return expand_home(text)


def _agent(name: str) -> str:
    from argentos.inputs import as_id  # noqa: PLC0415

    return as_id(name, "the agent's name")


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
            type=AGENT,
            expose_value=False,
            callback=_set("agent", _agent),
            help="The agent; 'main' by default.",
        ),
        click.option(
            "--state-dir",
            metavar="PATH",
            expose_value=False,
            callback=_set("named_dir"),
            help="The state directory; ARGENTOS_HOME or ~/.argentos by default.",
        ),
    ):
        function = option(function)
    return function


model_option: Final = click.option(
    "--model",
    metavar="NAME",
    help="Of the Messages API, ANTHROPIC_MODEL or a current Claude by default; local is a small one on this machine,"
    " local:FILE one of your own.",
)
"""The option that names the model that answers."""
