"""`argent sessions list`: its options. The work is imported only where there may be sessions."""

import click

from argentos.gateway.output import cell
from argentos.gateway.parameters import DURATION, WholeNumber
from argentos.gateway.settings import Settings, command_options

__all__ = ["list_command"]

_STATES = ("created", "active", "idle", "compacted", "new", "working", "approval", "compacting", "failed", "parked")


@click.command("list")
@click.option("--limit", type=WholeNumber(1), metavar="N", help="Only the first N of them.")
@click.option("--active", type=DURATION, metavar="DURATION", help="Only those active within the last 90s, 30m, 2h, 7d.")
@click.option(
    "--state",
    "states",
    type=click.Choice(_STATES, case_sensitive=False),
    metavar="STATE",
    multiple=True,
    help=f"Only those in this state, or that do this: {', '.join(_STATES)}; may be given several times.",
)
@click.option("--channel", metavar="NAME", help="Only those with messages through this channel.")
@click.option("--owner", metavar="USER", help="Only those of this owner.")
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.option("--prefix", metavar="TEXT", help="Only those whose ids begin so.")
@click.option("--archived", is_flag=True, help="Only those that are archived, which are otherwise left out.")
@click.option("--all-agents", is_flag=True, help="Those of all agents, not only of one.")
@click.option("--watch", is_flag=True, help="Show the list anew whenever it changes, until Ctrl-C.")
@command_options
@click.pass_obj
def list_command(
    settings: Settings,
    *,
    limit: int | None,
    active: float | None,
    states: tuple[str, ...],
    channel: str | None,
    owner: str | None,
    tag: str | None,
    prefix: str | None,
    archived: bool,
    all_agents: bool,
    watch: bool,
) -> None:
    """List sessions: pinned ones, and then those with the latest activity first.

    With --watch and --json each list is an array on a line.
    """
    if settings.is_unused() and not watch:
        click.echo("[]" if settings.json else nothing_found(settings, all_agents=all_agents))
        return
    from argentos.gateway.commands.sessions.listing_work import Wanted, show, watch_list  # noqa: PLC0415 - see above

    wanted = Wanted(
        limit=limit,
        active=active,
        states=frozenset(states),
        channel=channel,
        owner=owner,
        tag=tag,
        prefix=prefix,
        is_archived=archived,
        all_agents=all_agents,
    )
    (watch_list if watch else show)(settings, wanted)


def nothing_found(settings: Settings, *, all_agents: bool) -> str:
    """The sentence where no session is to be shown."""
    whose = "" if settings.agent == "main" or all_agents else f" of agent {cell(settings.agent)}"
    return f"No sessions{whose} found."
