"""`argent channels status`."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from msgspec import Struct

from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.channels.reporting import read_report
from argentos.gateway.channels.settings import Connection, load_connections
from argentos.gateway.channels.status import AccountStatus
from argentos.gateway.output import age, cell, print_json
from argentos.gateway.owner import with_sessions
from argentos.gateway.printing.tables import table
from argentos.gateway.server.running import running_gateway
from argentos.gateway.settings import Settings, command_options

__all__ = ["status_command"]

_NOTHING = "argent.json has no account with a token; docs/channels.md says how one is connected."


class _Channel(Struct, frozen=True, kw_only=True, rename="camel"):
    """An account as it is told of.

    Attributes:
        status: None where no gateway is connected to it.
        owed: messages that are to be delivered to the platform, through whatever account.
        undeliverable: those that never can be.
    """

    channel: str
    account: str | None
    status: AccountStatus | None
    owed: int
    undeliverable: int


@click.command("status")
@command_options
@click.pass_obj
def status_command(settings: Settings) -> int:
    """Show the accounts of ours on platforms, how each stands, and what is owed to each platform.

    The exit status is 1 where one of them is not connected.
    """
    settings.check_state_dir()
    channels = _look(settings)
    if settings.json:
        print_json(channels)
    elif not channels:
        click.echo(_NOTHING)
    else:
        click.echo(_listed(channels, datetime.now(UTC)))
    return 0 if all(each.status and each.status.state == "connected" for each in channels) else 1


def _look(settings: Settings) -> list[_Channel]:
    connections = load_connections(settings.state_dir)
    if not connections:
        return []
    reported = read_report(settings.state_dir) if running_gateway(settings.state_dir) else ()
    statuses = {(each.channel, each.account): each for each in reported}

    async def count(sessions: SupervisorInterface) -> Counter[tuple[str, bool]]:
        return Counter((each.channel, each.is_final) for each in await sessions.owed())

    owed = with_sessions(settings, count, read_only=True, all_agents=True)
    return [_channel(each, statuses.get((each.channel, each.account)), owed) for each in connections]


def _channel(connection: Connection, status: AccountStatus | None, owed: Counter[tuple[str, bool]]) -> _Channel:
    return _Channel(
        channel=connection.channel,
        account=connection.account,
        status=status,
        owed=owed[connection.channel, False],
        undeliverable=owed[connection.channel, True],
    )


def _listed(channels: Sequence[_Channel], now: datetime) -> str:
    rows: list[tuple[str, ...]] = [("ACCOUNT", "NAME", "STATE", "SINCE", "RECEIVED", "DELIVERED", "OWED", "GIVEN UP")]
    rows += [_row(each, now) for each in channels]
    troubles = [
        f"{_place(each)}: {cell(each.status.trouble)}" for each in channels if each.status and each.status.trouble
    ]
    return "\n".join([table(rows, right=(4, 5, 6, 7)), *(["", *troubles] if troubles else [])])


def _row(channel: _Channel, now: datetime) -> tuple[str, ...]:
    status, counts = channel.status, (str(channel.owed), str(channel.undeliverable))
    if status is None:
        return (_place(channel), "", "not running", "", "", "", *counts)
    name, since = cell(status.name), age(status.since, now)
    return (_place(channel), name, status.state, since, str(status.received), str(status.delivered), *counts)


def _place(channel: _Channel) -> str:
    return cell(channel.channel if channel.account is None else f"{channel.channel}@{channel.account}")
