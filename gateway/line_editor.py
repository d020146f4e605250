"""The line editor of a terminal, where prompt_toolkit is installed: history, and pasted text in one piece."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from argentos.gateway.line_input import is_capable_terminal, mark_pastes

__all__ = ["LineEditor", "has_line_editor"]

_PROMPT: Final = "> "
_REMEMBERED: Final = 1000  # lines


def has_line_editor() -> bool:
    """Tell whether lines can be edited: prompt_toolkit is installed, and the terminal can do more than print."""
    return is_capable_terminal() and find_spec("prompt_toolkit") is not None


class LineEditor:
    """Lines typed at a prompt that can be edited.

    Enter sends, also a pasted text of several lines; Alt-Enter begins a new line. Ctrl-C drops what was typed or, where
    nothing was, ends the input, as Ctrl-D does.
    """

    def __init__(self) -> None:
        toolkit, history = import_module("prompt_toolkit"), import_module("prompt_toolkit.history")
        self._history: Any = history.InMemoryHistory()
        self._session: Any = toolkit.PromptSession(_PROMPT, history=self._history, key_bindings=_key_bindings())

    def remember(self, lines: Iterable[str]) -> None:
        """Have ↑ find these lines, the latest last."""
        for line in [*lines][-_REMEMBERED:]:
            self._history.append_string(line)

    async def read_line(self) -> str | None:
        """The next line, without its end; None at the end."""
        try:
            return str(await self._session.prompt_async(handle_sigint=False))
        except EOFError:
            return None
        finally:
            mark_pastes()  # which ends with each prompt, and is to hold for what is typed ahead


def _key_bindings() -> Any:
    bindings: Any = import_module("prompt_toolkit.key_binding").KeyBindings()

    def interrupt(event: Any) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=EOFError)

    def begin_line(event: Any) -> None:
        event.current_buffer.insert_text("\n")

    bindings.add("c-c")(interrupt)
    bindings.add("escape", "enter")(begin_line)
    return bindings
