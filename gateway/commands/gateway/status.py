"""`argent gateway status`."""

import http.client
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from argentos.gateway.output import age, print_json, printable
from argentos.gateway.printing.tables import table
from argentos.gateway.settings import Settings, command_options

if TYPE_CHECKING:
    from argentos.gateway.server.running import Running

__all__ = ["status_command"]

_PATIENCE: Final = 5.0  # seconds
_LONGEST: Final = 65_536  # bytes of an answer


@click.command("status")
@command_options
@click.pass_obj
def status_command(settings: Settings) -> int:
    """Show the gateway that runs in the state directory; the status is 1 where none does, or it takes no messages."""
    from argentos.gateway.server.running import running_gateway  # noqa: PLC0415 - `argent --help` needs none

    settings.check_state_dir()
    running = running_gateway(settings.state_dir)
    if running is None:
        if settings.json:
            print_json({"isRunning": False})
        else:
            click.echo(f"No gateway runs in {printable(str(settings.state_dir))}.")
        return 1
    trouble = _trouble_of(running)
    if settings.json:
        print_json({"isRunning": True, "trouble": trouble, "gateway": running})
    else:
        rows = [
            ("dashboard", running.public_url),
            ("listens at", running.url),
            ("process", f"{running.process}, argentos {running.version}"),
            (
                "runs since",
                f"{running.started_at:%Y-%m-%d %H:%M:%S} UTC ({age(running.started_at, datetime.now(UTC))})",
            ),
            ("agents", ", ".join(printable(each) for each in running.agents)),
            ("messages", printable(trouble) or "are taken"),
        ]
        click.echo(table(rows))
    return 1 if trouble else 0


def _trouble_of(running: "Running") -> str:
    """The reason why a gateway takes no messages; empty where it does."""
    parts = urlsplit(running.url)
    assert parts.hostname is not None  # noqa: S101 - it is ours
    if parts.scheme == "https":
        unchecked = ssl.create_default_context()  # nothing secret is sent or told, and the certificate has other names
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        asking: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=_PATIENCE, context=unchecked
        )
    else:
        asking = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_PATIENCE)
    try:
        asking.request("GET", "/readyz")
        response = asking.getresponse()
        body = response.read(_LONGEST)
    except (OSError, http.client.HTTPException) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"none is taken, for it does not answer: {reason}"
    finally:
        asking.close()
    return "" if response.status == http.client.OK else _detail(body)


def _detail(body: bytes) -> str:
    import msgspec  # noqa: PLC0415 - likewise

    try:
        return str(msgspec.json.decode(body, type=dict[str, object]).get("detail", ""))
    except msgspec.MsgspecError:
        return "its answer cannot be read"
