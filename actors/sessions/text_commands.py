"""Text commands: what people write to the session itself, rather than to the agent."""

import re
from collections.abc import Collection
from typing import Final, NamedTuple

__all__ = ["FRESH", "TextCommand", "may_command", "text_command"]

FRESH: Final = frozenset({"new", "reset"})
"""Commands that begin a conversation anew, with the text behind them."""

_ALONE: Final = frozenset({"resume", "status", "stop", "undo"})
_KNOWN: Final = FRESH | _ALONE | {"compact"}
_COMMAND: Final = re.compile(r"/([A-Za-z]+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)


class TextCommand(NamedTuple):
    """A text command.

    Attributes:
        name: without its slash.
        rest: the text behind it.
    """

    name: str
    rest: str

    @property
    def passes_on(self) -> bool:
        """The text behind it is the next message."""
        return self.name in FRESH and bool(self.rest)


def text_command(text: object) -> TextCommand | None:
    """The command that a message is; None of every other, also of one that begins with an unknown word or a path."""
    found = _COMMAND.fullmatch(text.rstrip()) if isinstance(text, str) else None
    if found is None:
        return None
    name, rest = found[1].lower(), (found[2] or "").strip()
    if name not in _KNOWN or (rest and name in _ALONE):
        return None
    return TextCommand(name, rest)


def may_command(commanders: Collection[str] | None, by: str | None) -> bool:
    """Somebody's commands count."""
    return commanders is None or by in commanders
