"""A terminal as a person sees it: what is on its screen, and what has scrolled off."""

import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from typing import Final

import pyte

__all__ = ["ALT", "CTRL_C", "CTRL_D", "ENTER", "PATIENCE", "TAB", "UP", "Screen", "Terminal", "pasted"]

PATIENCE: Final = 40.0  # seconds; loading the client of a model takes most of it where the machine is busy
CTRL_C, CTRL_D, ENTER, TAB, UP, ALT = "\x03", "\x04", "\r", "\t", "\x1b[A", "\x1b"
_KEPT: Final = 2000  # lines
_PIECE: Final = 256  # bytes, of which the terminal takes some while a program is busy


def pasted(text: str) -> str:
    """What a terminal sends when this is pasted, where pastes are to be marked."""
    return f"\x1b[200~{text.replace(chr(10), chr(13))}\x1b[201~"


class Screen(pyte.HistoryScreen):
    """The screen of a terminal that answers where the cursor is."""

    def __init__(self, columns: int, rows: int, answer: Callable[[bytes], object]) -> None:
        super().__init__(columns, rows, history=_KEPT, ratio=0.5)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        """See `pyte.Screen.write_process_input`."""
        self._answer(data.encode())


class Terminal:
    """A program in a terminal.

    Args:
        start: starts the program, given the other end of the terminal as its streams.
        columns: of the terminal.
        rows: likewise.
    """

    def __init__(self, start: Callable[[int], subprocess.Popen[str]], columns: int = 100, rows: int = 40) -> None:
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen = Screen(columns, rows, lambda data: os.write(self._ours, data))
        self._stream = pyte.ByteStream(self._screen)
        self.process = start(theirs)
        os.close(theirs)
        self.raw = b""

    def close(self) -> None:
        """Close our end."""
        os.close(self._ours)

    def type(self, text: str) -> None:
        """Type this, however long it is."""
        data = text.encode()
        while data:
            written = os.write(self._ours, data[:_PIECE])
            data = data[written:]
            self._read(0.0)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def prompt(self) -> str:
        """Wait for an empty prompt; gives all that has been shown."""
        self._until(lambda: self._line == ">" and self._screen.cursor.x == len("> "), "a prompt")
        return self.text

    def say(self, text: str) -> str:
        """Type a line at the prompt, send it, and wait for the next prompt; gives all that has been shown."""
        self.prompt()
        self.type(text)
        self._until(lambda: self._line == f"> {text}".rstrip(), f"{text!r} at the prompt")
        self.type(ENTER)
        return self.prompt()

    def until(self, text: str, times: int = 1) -> str:
        """Wait until this has been shown so often; gives all that has been shown."""
        self._until(lambda: self.text.count(text) >= times, repr(text))
        return self.text

    def end(self) -> str:
        """Wait until the program has ended; gives all that was shown."""
        self._until(lambda: self.process.poll() is not None and not self._read(0.0), "the end")
        return self.text

    @property
    def text(self) -> str:
        """All that has been shown, also what has scrolled off."""
        gone = ["".join(line[at].data for at in range(self._screen.columns)) for line in self._screen.history.top]
        return "\n".join(line.rstrip() for line in [*gone, *self._screen.display]).rstrip()

    @property
    def _line(self) -> str:
        """The line of the cursor."""
        return self._screen.display[self._screen.cursor.y].rstrip()

    def _until(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, f"waited for {what}, saw:\n{self.text}"
            self._read(0.2)

    def _read(self, seconds: float) -> bytes:
        """Show what the program writes within this time; gives it."""
        ready, _, _ = select.select([self._ours], [], [], seconds)
        data = b""
        if ready:
            with suppress(OSError):  # so Linux says that the other end was closed
                data = os.read(self._ours, 65536)
        self._stream.feed(data)
        self.raw += data
        return data
