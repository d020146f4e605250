"""`argent`, the installed command and `python -m argentos`."""

import signal

__all__ = ["run"]


def run() -> None:
    """Run the command line. Ctrl-C while it is still being loaded ends the process, without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from argentos.gateway.cli import run as run_command_line  # noqa: PLC0415 - loads most of the package

    run_command_line()


if __name__ == "__main__":
    run()
