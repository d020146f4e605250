"""`argent`: the command line.

Every failure is one sentence on standard error and a status other than zero: 2 for a wrong command line, 130 after an
interrupt, 1 for everything else. With `--json` it is an object on standard output as well.
"""

import itertools
import os
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Final, TextIO

import click

from argentos import __version__
from argentos.errors import ArgentError
from argentos.gateway.groups import HELP_NAMES, Group, Member
from argentos.gateway.output import complain, one_line, print_json, printable
from argentos.gateway.settings import Settings, command_options

__all__ = ["main", "root", "run"]


def _member(name: str, help: str) -> Member:  # noqa: A002 - as click has it
    return Member(f"argentos.gateway.commands.{name}", "command", help)


_MEMBERS: Final = {
    "backup": _member(
        "backup", "Save the state directory as it is at one moment to a new file, also while it is in use."
    ),
    "channels": _member("channels", "Look after the accounts of ours on platforms, as Telegram and Discord."),
    "chat": _member("chat", "Talk to the agent in a session, 'chat' by default; it continues where it was left."),
    "completion": _member("completion", "Print the script by which a shell completes command lines of argent."),
    "diagram": _member("diagram", "Draw lifecycles, check those in documents, and compare versions."),
    "doctor": _member("doctor", "Check everything in the state directory, and mend it where --repair says so."),
    "gateway": _member("gateway", "Serve the sessions over HTTP, with a dashboard, until SIGTERM or Ctrl-C."),
    "man": _member("man", "Print the man page of argent, in roff."),
    "pairing": _member("pairing", "Let unknown senders in, and link those who are one person."),
    "replay": _member("replay", "Replay a recorded conversation, as fast as possible."),
    "restore": _member("restore", "Make a state directory from a backup."),
    "route": _member("route", "Say which agent answers an address, in which session, and why."),
    "send": _member("send", "Send one message to a session, and print the reply: for scripts."),
    "sessions": _member("sessions", "List sessions, and manage them."),
}


@click.group(cls=Group, members=_MEMBERS, context_settings={"help_option_names": HELP_NAMES, "obj": None})
@click.version_option(__version__, message="argentos %(version)s")
@command_options
@click.pass_context
def root(context: click.Context) -> None:
    """Conversation sessions of agents, each a durable state machine."""
    from argentos.gateway.printing.complaints import show_warnings  # noqa: PLC0415 - `argent --help` has none

    show_warnings()
    context.ensure_object(Settings)
    context.color = _colour()


def _colour() -> bool | None:
    """Tell whether to print in colour: as NO_COLOR and FORCE_COLOR say; None for wherever a terminal can."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; gives the exit status."""
    if "_ARGENT_COMPLETE" in os.environ:
        import_module("argentos.gateway.manual.shells")  # completes better than click alone
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        return _run(arguments)
    except (click.Abort, KeyboardInterrupt):
        return _fail(arguments, "interrupted", "interrupted", 130, is_told=False)
    except click.ClickException as error:
        return _fail(arguments, "usage", _with_help(error), 2)
    except ArgentError as error:
        return _fail(arguments, error.code, str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; Python would complain about that at exit
        return 1
    except OSError as error:
        if error.filename is None:
            complain(f"the output cannot be written: {error.strerror}")
            return 1
        return _fail(arguments, "file", f"{error.filename} cannot be used: {error.strerror}", 1)


def _run(arguments: Sequence[str]) -> int:
    try:
        result = root.main(args=arguments, prog_name="argent", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    return result if isinstance(result, int) else 0


def _with_help(error: click.ClickException) -> str:
    """The sentence of an error; after one of click's, which ends with a mark, the help to ask for."""
    sentence = error.format_message()
    if not isinstance(error, click.UsageError) or error.ctx is None or not sentence.endswith((".", "?", ")")):
        return sentence
    return f"{sentence} See `{error.ctx.command_path} --help`."


def _fail(arguments: Sequence[str], code: str, sentence: str, status: int, *, is_told: bool = True) -> int:
    """Tell people of a failure on standard error, and programs that asked for JSON on standard output, too."""
    if is_told:
        complain(sentence)
    before = itertools.takewhile(lambda each: each != "--", arguments)
    if "--json" in before:
        with suppress(OSError):  # as where the output is closed, which is no failure of its own then
            print_json({"error": {"code": code, "message": printable(one_line(sentence))}})
    return status


def _open_streams() -> None:
    """Open the standard streams that the caller has closed, so that no file of ours takes the number of one.

    A closed input is empty; what is written to a closed output fails.
    """
    for name, flags, mode in (
        ("stdin", os.O_RDONLY, "r"),
        ("stdout", os.O_RDONLY, "w"),
        ("stderr", os.O_WRONLY, "w"),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))  # the lowest that is free


def run() -> None:
    """Run the command line of this process, and end it with the exit status."""
    _open_streams()
    with _taking_interrupts():
        status = main()
    try:
        sys.stdout.flush()
    except OSError as error:
        if not status:
            complain(f"the output cannot be written: {error.strerror}")
        status = status or 1
        _drop_rest(sys.stdout)
    if not sys.stderr.closed:
        try:
            sys.stderr.flush()
        except OSError:
            _drop_rest(sys.stderr)
    sys.exit(status)


def _drop_rest(stream: TextIO) -> None:
    """Drop what cannot be written: Python would try again at exit, and fail in its own words with its own status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _taking_interrupts() -> Generator[None]:
    """Have Ctrl-C raise KeyboardInterrupt inside; it just ends the process that still begins, or has done its work."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
