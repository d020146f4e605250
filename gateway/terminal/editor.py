"""The line editor of a terminal, by prompt_toolkit: history, completion, and pasted text in one piece."""

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.styles import Style

from argentos.gateway.terminal.modes import keeping_input, mark_pastes

__all__ = ["LineEditor"]

_REMEMBERED: Final = 1000  # lines
_WORD: Final = re.compile(r"/[a-z]*\Z")
_STYLE: Final = Style.from_dict({"bottom-toolbar": "noreverse fg:ansibrightblack", "prompt": "bold"})
_AGAIN: Final = "Ctrl-C once more leaves"
_ENTER: Final = {Keys.ControlM, Keys.ControlJ}


class LineEditor:
    """Lines typed at a prompt that can be edited.

    Enter sends, also a pasted text of several lines; Alt-Enter and Ctrl-J begin a new line. Ctrl-C drops what was
    typed; where nothing was, a second one ends the input, as Ctrl-D does, for the first may have been meant to stop a
    reply that has just ended.

    Args:
        commands: words that are completed at the beginning of a line, and what each does.
        below: gives the line below the prompt.
    """

    def __init__(self, commands: Mapping[str, str], below: Callable[[], str]) -> None:
        self._history = InMemoryHistory()
        self._lines: PromptSession[str] = PromptSession(
            history=self._history,
            key_bindings=_key_bindings(self._interrupt),
            completer=_Commands(commands),
            complete_while_typing=True,
            auto_suggest=AutoSuggestFromHistory(),
            bottom_toolbar=lambda: _AGAIN if self._is_leaving else below(),
            style=_STYLE,
            enable_open_in_editor=True,
            reserve_space_for_menu=6,
        )
        self._questions: PromptSession[str] = PromptSession(key_bindings=_key_bindings(_leave_open), style=_STYLE)
        self._kept: list[KeyPress] = []
        self._is_leaving = False

    def remember(self, lines: Iterable[str]) -> None:
        """Have ↑ find these lines, the latest last."""
        for line in [*lines][-_REMEMBERED:]:
            self._history.append_string(line)

    async def read_line(self) -> str | None:
        """The next line, without its end; None at the end."""
        store_typeahead(self._lines.input, self._kept)
        self._is_leaving = False
        line = await self._read(self._lines, "> ")
        self._kept = get_typeahead(self._lines.input)
        return line

    async def ask(self, question: str) -> str | None:
        """The answer to a question, of which nothing was typed before it was asked; None where it is left open."""
        return await self._read(self._questions, question)

    async def _read(self, prompt: PromptSession[str], message: str) -> str | None:
        try:
            return await prompt.prompt_async([("class:prompt", message)], handle_sigint=False)
        except EOFError:
            return None
        finally:
            mark_pastes()  # which ends with each prompt, and is to hold for what is typed ahead

    @contextmanager
    def keeping_keys(self) -> Generator[None]:
        """Keep what is typed meanwhile for the next line."""
        keys = self._lines.input

        def take() -> None:
            self._kept += keys.read_keys()

        with keeping_input(), keys.attach(take):
            yield
            take_rest = keys.flush_keys()
        self._kept += take_rest

    def _interrupt(self, event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        elif self._is_leaving:
            event.app.exit(exception=EOFError)
        else:
            self._is_leaving = True

    @property
    def kept(self) -> str:
        """The text kept for the next line, to show."""
        text = ""
        for press in self._kept:
            if press.key in _ENTER:
                text += " ⏎ "
            elif press.key in {Keys.Backspace, Keys.ControlH}:
                text = text[:-1]
            elif press.key == Keys.BracketedPaste or len(press.key) == 1:
                text += press.data
        return text


class _Commands(Completer):
    """Completes the commands at the beginning of a line."""

    def __init__(self, commands: Mapping[str, str]) -> None:
        self._commands = commands

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002 - the signature of prompt_toolkit
        """See `Completer.get_completions`."""
        typed = document.text_before_cursor
        if _WORD.match(typed):
            for name, what in self._commands.items():
                if name.startswith(typed):
                    yield Completion(name, -len(typed), display_meta=what)


def _key_bindings(interrupt: Callable[[KeyPressEvent], None]) -> KeyBindings:
    bindings = KeyBindings()
    bindings.add("c-c")(interrupt)
    bindings.add("c-j")(_begin_line)
    bindings.add("escape", "enter")(_begin_line)
    return bindings


def _begin_line(event: KeyPressEvent) -> None:
    event.current_buffer.insert_text("\n")


def _leave_open(event: KeyPressEvent) -> None:
    event.app.exit(exception=EOFError)
