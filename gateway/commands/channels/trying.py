"""`argent channels test`."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import anyio
import anyio.to_thread
import click
from msgspec import Struct

from argentos.errors import ArgentError, ChannelError, InputError
from argentos.gateway.channels.channel import Channel
from argentos.gateway.channels.registry import new_channel
from argentos.gateway.channels.settings import Connection, load_connections
from argentos.gateway.output import cell, print_json, printable
from argentos.gateway.settings import Settings, command_options

__all__ = ["test_command"]

_PATIENCE: Final = 20.0  # seconds for a platform to say who we are


class _Tried(Struct, frozen=True, kw_only=True, rename="camel"):
    """An account that was tried.

    Attributes:
        name: that the platform gave us; empty where it did not.
        trouble: why not; empty where it did.
    """

    channel: str
    account: str | None
    name: str = ""
    trouble: str = ""


@click.command("test")
@click.argument("place", metavar="[ACCOUNT]", required=False)
@command_options
@click.pass_obj
def test_command(settings: Settings, place: str | None) -> int:
    """Check the token and the connection of each account, or of one; nobody is sent anything.

    ACCOUNT is as telegram, or telegram@sales for one of several. A gateway that runs is not disturbed. The exit status
    is 1 where one of them fails.
    """
    settings.check_state_dir()
    connections = _chosen(load_connections(settings.state_dir), place)
    tried = anyio.run(_try_all, connections)
    if settings.json:
        print_json(tried)
    for each in tried if not settings.json else ():
        click.echo(f"{cell(_place(each))}: {printable(each.trouble or f'is known as {each.name}')}")
    return 1 if any(each.trouble for each in tried) else 0


def _chosen(connections: Sequence[Connection], place: str | None) -> list[Connection]:
    found = [each for each in connections if place in {None, _place(each)}]
    if not found:
        known = ", ".join(map(_place, connections))
        raise InputError(
            f"argent.json has no account {place!a} with a token; those it has are {known}"
            if known
            else "argent.json has no account with a token; docs/channels.md says how one is connected"
        )
    return found


async def _try_all(connections: Sequence[Connection]) -> list[_Tried]:
    tried: dict[int, _Tried] = {}

    async def try_one(number: int, connection: Connection) -> None:
        tried[number] = await _try(connection)

    async with anyio.create_task_group() as group:
        for number, each in enumerate(connections):
            group.start_soon(try_one, number, each)
    return [tried[number] for number in sorted(tried)]


async def _try(connection: Connection) -> _Tried:
    said = partial(_Tried, channel=connection.channel, account=connection.account)
    try:
        channel = await anyio.to_thread.run_sync(new_channel, connection)
        return said(name=await _name(channel))
    except ArgentError as error:
        return said(trouble=str(error))


async def _name(channel: Channel) -> str:
    """The name that the platform gives us."""
    try:
        with anyio.fail_after(_PATIENCE):
            return await channel.connect()
    except TimeoutError:
        raise ChannelError(
            f"the platform did not answer within {_PATIENCE:.0f} s; look whether this machine reaches it"
        ) from None
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(_PATIENCE):
            await channel.aclose()


def _place(account: Connection | _Tried) -> str:
    return account.channel if account.account is None else f"{account.channel}@{account.account}"
