"""A screen on which the last part of a reply is drawn anew as it grows."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import anyio
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import SegmentLines
from rich.spinner import Spinner
from rich.text import Text

from argentos.gateway.output import one_line, printable
from argentos.gateway.terminal.growing import GrowingText, as_printed
from argentos.gateway.terminal.screens import Screen
from argentos.llm import Piece, TextDelta, ThinkingDelta, ToolAnswer, ToolCall

__all__ = ["LiveScreen"]

_INTERVAL: Final = 0.1  # seconds between two drawings
_THOUGHT: Final = 2_000  # characters at the end of a thought
_ROOM: Final = 4  # lines of the terminal for what is not the reply
_THOUGHT_LINES: Final = 4


class LiveScreen(Screen):
    """A terminal on which a reply is set as Markdown.

    Blocks that are complete stand for good. The last one is drawn anew as it grows, and below it what the session does,
    for how long, and what was typed ahead.

    Args:
        ahead: gives what was typed ahead.
    """

    def __init__(self, ahead: Callable[[], str] = str) -> None:
        super().__init__()
        self._ahead = ahead
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._live: Live | None = None
        self._text = GrowingText()
        self._thought = ""
        self._doing = "is asked"
        self._since = time.monotonic()
        self._has_blocks = False
        self._is_paused = False
        self._spinner = Spinner("dots", style="dim")

    def show(self, piece: Piece, attempt: int) -> None:
        """See `Screen.show`."""
        match piece:
            case TextDelta():
                self._doing = "answers"
            case ThinkingDelta():
                self._doing = "thinks"
            case ToolCall(name=name):
                self._doing = f"calls {printable(name)}"
            case ToolAnswer():
                self._doing = "reads what the tool gave"
            case _:
                pass
        super().show(piece, attempt)

    def add_text(self, text: str) -> None:
        """See `Screen.add_text`."""
        self._end_thought()
        self.has_begun = True
        if complete := self._text.add(text):
            self._print_block(complete)

    def add_thought(self, text: str) -> None:
        """See `Screen.add_thought`."""
        self._end_text()
        self._thought += text
        self.has_begun = True

    def add_line(self, line: str, *, is_trouble: bool = False) -> None:
        """See `Screen.add_line`."""
        self._end_text()
        self._end_thought()
        self.has_begun: bool = self.has_begun or not is_trouble
        self._console.print(Text(line, style="yellow" if is_trouble else "dim"))

    def begin_again(self) -> None:
        """See `Screen.begin_again`."""
        self._text.take()
        self._thought = ""
        self.add_line("(the reply begins again)")
        self._has_blocks = False

    def end(self) -> None:
        """See `Screen.end`."""
        self._end_text()
        self._end_thought()
        if self._live is not None:
            self._live.stop()
            self._live = None

    async def keep_moving(self) -> None:
        """See `Screen.keep_moving`."""
        while True:
            if not self._is_paused:
                self._draw()
            await anyio.sleep(_INTERVAL)

    @contextmanager
    def paused(self) -> Generator[None]:
        """See `Screen.paused`."""
        self._is_paused = True
        with super().paused():
            yield
        self._is_paused = False
        self._since = time.monotonic()

    def _end_text(self) -> None:
        if self._text:
            self._print_block(self._text.take())

    def _end_thought(self) -> None:
        if self._thought.strip():
            self._console.print(Text(printable(self._thought.strip()), style="dim italic"))
            self._has_blocks = True
        self._thought = ""

    def _print_block(self, text: str) -> None:
        """Print blocks for good, with an empty line between them."""
        if self._has_blocks:
            self._console.print()
        self._has_blocks = True
        self._console.print(as_printed(text))

    def _draw(self) -> None:
        if self._live is None:
            self._live = Live(
                console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        self._live.update(Group(*self._growing(), self._status()), refresh=True)

    def _growing(self) -> list[RenderableType]:
        """The part that is not complete yet, as far as there is room for it."""
        room = max(1, self._console.height - _ROOM)
        if self._thought.strip():
            thought = Text(printable(self._thought[-_THOUGHT:].strip()), style="dim italic")
            lines = self._console.render_lines(thought, pad=False)
            return [SegmentLines(lines[-min(room, _THOUGHT_LINES) :], new_lines=True)]
        if self._text:
            gap = [Text()] if self._has_blocks else []
            return [*gap, self._text.end(self._console, room)]
        return []

    def _status(self) -> RenderableType:
        seconds = int(time.monotonic() - self._since)
        status = Text(f"{self._doing}, {seconds} s; Ctrl-C stops it", style="dim")
        if ahead := one_line(printable(self._ahead())):
            status.append(f"   > {ahead}", style="not dim")
        status.truncate(max(10, self._console.width - 3), overflow="ellipsis")
        self._spinner.update(text=status)
        return self._spinner
