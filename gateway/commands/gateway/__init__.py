"""`argent gateway`."""

from pathlib import Path
from typing import Any, Final

import click

from argentos.gateway.groups import Group, Member
from argentos.gateway.parameters import WholeNumber
from argentos.gateway.settings import Settings, command_options

__all__ = ["command"]


def _member(module: str, help: str) -> Member:  # noqa: A002 - as click has it
    return Member(f"{__name__}.{module}", f"{module}_command", help)


_MEMBERS: Final = {
    "link": _member("link", "Make a link that signs a browser in, once, within a minute."),
    "status": _member(
        "status",
        "Show the gateway that runs in the state directory; the status is 1 where none does, or it takes no messages.",
    ),
    "token": _member(
        "token",
        "List the tokens by which programs and people may ask a gateway, and make, rotate and revoke them.",
    ),
}
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.group("gateway", cls=Group, members=_MEMBERS, invoke_without_command=True)
@click.option("--host", metavar="HOST", help="Where it listens; 127.0.0.1 by default, which no other machine reaches.")
@click.option("--port", type=WholeNumber(0, 65535), metavar="PORT", help="7420 by default; 0 for any that is free.")
@click.option("--allow-host", "allowed_hosts", multiple=True, metavar="NAME", help="A name by which it is asked, too.")
@click.option(
    "--behind-proxy", "public_url", metavar="URL", help="Its address where a proxy with TLS stands before it."
)
@click.option("--tls-certificate", type=_FILE, metavar="FILE", help="Serve HTTPS, with this certificate, in PEM.")
@click.option("--tls-key", type=_FILE, metavar="FILE", help="The key of the certificate.")
@click.option("--grace", metavar="DURATION", help="For turns that run at the end; 10s by default.")
@click.option("--open", "opens", is_flag=True, help="Open the dashboard in a browser, signed in.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="Of the log, on standard error."
)
@command_options
@click.pass_context
def command(context: click.Context, /, *, opens: bool, log_format: str, grace: str | None, **options: Any) -> None:
    """Serve the sessions over HTTP, with a dashboard, until SIGTERM or Ctrl-C.

    The agents, their models, system prompts and tools stand in argent.json; docs/gateway.md has all of it.
    """
    if context.invoked_subcommand is None:
        from argentos.gateway.commands.gateway.serve import serve_gateway  # noqa: PLC0415 - loads the whole server

        settings: Settings = context.obj
        serve_gateway(settings, options, grace=grace, opens=opens, log_format=log_format)
