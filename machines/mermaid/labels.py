"""UML's notation in labels: `event [guard] / effect`, and `after 15m` for an event that time raises."""

import re
from typing import Final, NamedTuple

__all__ = ["BREAK", "Label", "Trigger", "read_label"]

BREAK: Final = re.compile(r"<br\s*/?>|\\n|\n", re.IGNORECASE)
"""The breaks between lines of a label, a title or a note."""

_AFTER: Final = re.compile(r"after\s+(?=\S)", re.IGNORECASE)


class Trigger(NamedTuple):
    """The text of an event or, in its place, that of a delay; both are empty where nothing stands there."""

    event: str
    delay: str = ""


class Label(NamedTuple):
    """The parts of a label, as names to be looked up; nothing of it is ever evaluated.

    Attributes:
        event: the label's text before guard and effect; empty for a delay, and where nothing stands there.
        delay: the duration, `15m`, of a label `after 15m`; otherwise empty, also where other events may come instead.
        guard: the text within the brackets.
        effect: the text after the slash.
        guard_at: how many characters of the label stand before the guard.
    """

    event: str
    delay: str = ""
    guard: str = ""
    effect: str = ""
    guard_at: int = 0

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """The events and delays that take the edge; commas stand between them."""
        if self.delay:
            return (Trigger("", self.delay),)
        return tuple(_timed(part.strip()) for part in self.event.split(","))


def read_label(text: str) -> Label:
    """The parts of a label, in which line breaks count as blanks. Without any notation all of it is an event."""
    text = BREAK.sub(lambda found: " " * len(found[0]), text)
    slash, opening, closing = _slash(text, 0), text.find("["), text.find("]")
    guarded = _guarded(text) and not 0 <= slash < opening
    if guarded:
        slash = _slash(text, closing + 1)
    head, effect = (text, "") if slash < 0 else (text[:slash], text[slash + 1 :].strip())
    if not guarded:
        return Label(*_whole(head.strip()), effect=effect)
    inner = head[opening + 1 : closing]
    blanks = len(inner) - len(inner.lstrip())
    return Label(*_whole(head[:opening].strip()), inner.strip(), effect, opening + 1 + blanks)


def _guarded(text: str) -> bool:
    """Tell whether the first brackets are a guard: something stands in them, and at most an effect after them."""
    opening, closing = text.find("["), text.find("]")
    behind = text[closing + 1 :].lstrip()
    return 0 <= opening < closing and bool(text[opening + 1 : closing].strip()) and (not behind or behind[0] == "/")


def _slash(text: str, start: int) -> int:
    """The position of the slash of an effect: first, after a guard, or after a blank; not as in `and/or`."""
    at = text.find("/", start)
    while at > 0 and text[at - 1] != "]" and not text[at - 1].isspace():
        at = text.find("/", at + 1)
    return at


def _whole(head: str) -> Trigger:
    return Trigger(head) if "," in head else _timed(head)


def _timed(event: str) -> Trigger:
    found = _AFTER.match(event)
    return Trigger("", event[found.end() :]) if found else Trigger(event)
