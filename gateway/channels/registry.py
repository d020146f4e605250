"""The platforms that a gateway can connect to; each is imported only where an account of it is configured."""

from importlib import import_module
from typing import Final, NamedTuple

from argentos.errors import MissingExtraError
from argentos.gateway.channels.channel import Channel
from argentos.gateway.channels.settings import Connection

__all__ = ["new_channel"]


class _Kind(NamedTuple):
    """A platform: the module and the name of its class, which takes a `Connection`; its extra has its own name."""

    module: str
    name: str


_KINDS: Final = {
    "telegram": _Kind("argentos.gateway.channels.telegram.channel", "TelegramChannel"),
    "discord": _Kind("argentos.gateway.channels.discord.channel", "DiscordChannel"),
}


def new_channel(connection: Connection) -> Channel:
    """The channel of an account; nothing is connected yet. Importing its library takes a while: call it in a thread.

    Raises:
        ConfigError: a setting of the platform's own cannot be used.
        MissingExtraError: the platform's library is not installed.
    """
    kind = _KINDS[connection.channel]
    try:
        module = import_module(kind.module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{connection.what} needs {error.name}, which is not installed; install it with"
            f" `pip install 'argentos[{connection.channel}]'`"
        ) from error
    made: Channel = getattr(module, kind.name)(connection)
    return made
