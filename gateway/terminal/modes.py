"""Modes of a terminal: how it treats what is typed."""

import os
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager

import click

__all__ = ["can_move_cursor", "forget_input", "is_capable_terminal", "keeping_input", "lines_of_its_own", "mark_pastes"]

_INPUT, _LOCAL = 0, 3  # the places of the flags in what termios gives


def is_capable_terminal() -> bool:
    """Tell whether input and output are a terminal that can do more than print."""
    return sys.stdin.isatty() and can_move_cursor()


def can_move_cursor() -> bool:
    """Tell whether the output is a terminal on which what was printed can be replaced."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def mark_pastes() -> None:
    """Have the terminal mark the beginning and the end of what is pasted (bracketed paste), if it can."""
    if is_capable_terminal():
        click.echo("\x1b[?2004h", nl=False)


def forget_input() -> None:
    """Forget what was typed ahead, before a question that it was not meant to answer."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)


@contextmanager
def lines_of_its_own() -> Generator[None]:
    """Have the terminal mark what is pasted, if it can, and not show these marks; Ctrl-C forgets nothing typed."""
    with _changed(local_off=termios.ECHOCTL if is_capable_terminal() else 0):
        yield


@contextmanager
def keeping_input() -> Generator[None]:
    """Have what is typed neither shown nor held back, however long a line is; Ctrl-C still is a signal."""
    with _changed(local_off=termios.ECHO | termios.ICANON, input_off=termios.ICRNL):
        yield


@contextmanager
def _changed(*, local_off: int, input_off: int = 0) -> Generator[None]:
    before = termios.tcgetattr(sys.stdin)
    changed = termios.tcgetattr(sys.stdin)
    changed[_LOCAL] = changed[_LOCAL] & ~local_off | termios.NOFLSH
    changed[_INPUT] &= ~input_off
    termios.tcsetattr(sys.stdin, termios.TCSANOW, changed)
    mark_pastes()
    try:
        yield
    finally:
        if is_capable_terminal():
            click.echo("\x1b[?2004l", nl=False)
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
