"""`argent gateway`: the process that serves."""

import sys
import webbrowser
from collections.abc import Mapping
from typing import Any, Literal, cast

import anyio
import click

from argentos.actors import parse_duration
from argentos.errors import MissingExtraError, StoreError
from argentos.gateway.output import print_json
from argentos.gateway.settings import Settings

try:
    from argentos.gateway.access.guard import Access
    from argentos.gateway.commands.gateway.link import sign_in_link
    from argentos.gateway.server.logs import begin_logging
    from argentos.gateway.server.running import Running
    from argentos.gateway.server.serving import serve
    from argentos.gateway.server.settings import GatewaySettings
except ModuleNotFoundError as _error:
    raise MissingExtraError(
        f"a gateway needs {_error.name}, which is not installed; install it with `pip install 'argentos[gateway]'`"
    ) from _error

__all__ = ["serve_gateway"]


def serve_gateway(
    settings: Settings, options: Mapping[str, Any], *, grace: str | None, opens: bool, log_format: str
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        settings: where, and which agent is meant where none is named.
        options: of the command, in the place of settings of `argent.json`.
        grace: likewise.
        opens: a browser is opened.
        log_format: `text` or `json`.

    Raises:
        ArgentError: the gateway cannot begin.
    """
    settings.config()  # may this user look into the directory, and can argent.json be read
    seconds = None if grace is None else parse_duration(grace, "--grace")
    chosen = GatewaySettings.load(settings.state_dir).changed(**options, grace=seconds)

    def tell(running: Running, access: Access) -> None:
        shows_link = settings.json or sys.stdout.isatty()  # what goes into a journal holds no code
        link = ""
        if shows_link or opens:
            link = sign_in_link(running, access.sign_ins, access.tokens.operator().name)
        if settings.json:
            print_json({"url": running.public_url, "link": link})
        elif shows_link:
            click.echo(f"Dashboard: {link} (signs in once, within a minute; `argent gateway link` makes another)")
        else:
            click.echo(f"Dashboard: {running.public_url}/ (`argent gateway link` makes a link that signs in)")
        sys.stdout.flush()
        if opens:
            webbrowser.open(link)

    begin_logging(cast("Literal['text', 'json']", log_format))
    try:
        anyio.run(serve, settings.state_dir, settings.agent, chosen, tell, backend="asyncio")
    except OSError as error:
        if error.filename is None:
            raise StoreError(f"the gateway cannot serve: {error.strerror}") from error
        raise
