"""Texts to read: a diagram of every kind of statement, and what becomes of texts that authors get wrong."""

import dataclasses
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from argentos.errors import DiagramError
from argentos.machines import Diagram, Place
from argentos.machines.testing.strategies import NOWHERE

ORDER: Final = """\
---
title: An order
---
%%{init: {"theme": "dark"}}%%
stateDiagram-v2
    direction LR
    %% how it begins
    [*] --> Open: placed
    state "Being paid" as Paying {
        [*] --> Asked
        Asked --> Checked: paid [amount fits] / receipt
        --
        [*] --> Reserved:::loud
    }
    Open --> Paying
    state enough <<choice>>
    Paying --> enough
    enough --> Sent: [in stock]
    enough --> Open: [else]
    note right of Open
        Waits for
        the customer
    end note
    classDef loud fill:#f00,color:white
    Sent --> [*]: after 15m
"""

PIECES: Final = (
    *("\n", "\r\n", "\t", " ", "", ":", "::", ":::", ";", "%%", "%%{", "}%%", "#", "-->", "->", "--", "---"),
    *("[*]", "{", "}", '"', "<<", ">>", "<<choice>>", "[", "]", "/", "state ", "note ", "end note", "class ", "style "),
    *(
        "classDef ",
        "click ",
        "scale ",
        "direction ",
        "accDescr",
        "accTitle: ",
        "as ",
        "hide empty description",
        "A",
        "é",
    ),
)


def mutated(texts: Sequence[str], count: int, seed: int = 4) -> Iterator[str]:
    """`count` mutations of the texts: spans replaced by pieces, by other spans, or by nothing."""
    chance = random.Random(seed)  # noqa: S311  no secret: the same texts in every run
    for _ in range(count):
        text = chance.choice(texts)
        for _ in range(chance.randint(1, 4)):
            at, length = chance.randint(0, len(text)), chance.choice((0, 0, 1, 3, 20))
            start = chance.randint(0, len(text))
            piece = chance.choice((chance.choice(PIECES), text[start : start + chance.randint(0, 40)]))
            text = text[:at] + piece + text[at + length :]
        yield text


SLOW: Final = 0.05
"""Seconds; no text of the size of a diagram takes so long."""


def seconds_to_read(text: str) -> float:
    """How long reading takes; a refusal has to point into the text."""
    start = time.process_time()
    try:
        place = Diagram.parse(text).end
    except DiagramError as error:
        place = Place(error.line, error.column)
    taken = time.process_time() - start
    lines = text.split("\n")
    assert 1 <= place.line <= len(lines)
    assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    return taken


def assert_read_or_refused_quickly(text: str, limit: float = SLOW) -> None:
    if seconds_to_read(text) > limit:  # the machine may have been busy: only what is slow each time is slow
        assert min(seconds_to_read(text) for _ in range(3)) <= limit


def unplaced(part: Any) -> Any:
    """The same tree of statements with every place replaced by `NOWHERE`."""
    if isinstance(part, str | int):
        return part
    if isinstance(part, Place):
        return NOWHERE
    if dataclasses.is_dataclass(part):
        assert not isinstance(part, type)
        fields = (field.name for field in dataclasses.fields(part))
        return dataclasses.replace(part, **{name: unplaced(getattr(part, name)) for name in fields})
    return tuple(unplaced(each) for each in part)


KEYBOARD: Final = """\
stateDiagram-v2
    [*] --> Off: Built
    Off --> On: Power pressed [has_power]
    state On {
        [*] --> NumLockOff
        NumLockOff --> NumLockOn: Num pressed
        NumLockOn --> NumLockOff: Num pressed
        --
        [*] --> CapsLockOff
        CapsLockOff --> CapsLockOn: Caps pressed
        CapsLockOn --> CapsLockOff: Caps pressed
        CapsLockOn --> CapsLockOff: All released
        --
        [*] --> Quiet
        state Quiet {
            [*] --> Dark
            Dark --> Lit: Key pressed
            Lit --> Dark: after a_second
        }
        Quiet --> Counting: Count started
        state enough <<choice>>
        Counting --> enough: Key pressed
        enough --> Quiet: [is_enough]
        enough --> Counting: else
        Counting --> Quiet: All released
    }
    On --> Off: Power pressed
    On --> On: Reset
    Lit --> Broken: Struck [not is_hard]
    On --> Sleeping: after an_hour
    Sleeping --> On: Key pressed
    Broken --> [*]: Thrown away
"""
