"""Texts as people write them, with everything that a machine can be told, and the slips they make."""

import random
from collections.abc import Callable, Iterator
from typing import Final

from tests.machines.texts import mutated

__all__ = ["sampled"]

_NAMES: Final = ("A", "B", "C", "D", "Open", "Paid", "État", "状態", "s_1", "entry", "Fork", "H1")
_ODD_NAMES: Final = (
    "in stock",
    "a.b",
    "x-y",
    "🚀",
    "A#c;",
    "state",
    "note",
    "end",
    "as",
    "direction",
    "Naïve?",
    "(A)",
    "A/B",
)
_EVENTS: Final = (
    "go",
    "Paid in full",
    "push, kick",
    "push, after 5s",
    "after 3d",
    "after idle_time",
    "支払う",
    "🚀 launch",
)
_GUARDS: Final = (
    *("[is_paid]", "[not held]", "[a and (b or not c)]", "[event.amount >= total]", "[kind in ('x', 'y')]", "[n < 5]"),
    *("[a, b]", "[else]", "[x == none]", "[a && b || !c]"),
)
_EFFECTS: Final = ("/ log", "/ log, mail", "/ 記録")
_DESCRIPTIONS: Final = (
    *(
        "entry / beep",
        "exit / log, dim",
        "entry / hum<br>exit / dark",
        "entry / a<br/>on push / b",
        "on push [ready] / ring",
    ),
    *("[H]", "[H*]", "waits for ever", "📦 sent", "等待", "a: b", "do / work", "on Paid, kick / log", 'it\'s "quoted"'),
    *(
        "#quot;quoted#quot;",
        "50 #37; done #59; or so",
        "#c;",
        "x #é; y",
        "see #12",
        "style:#f00;",
        "a;b",
        "%% no",
        "& <b>",
    ),
)
_STYLES: Final = ("fill:#f00,color:white", "fill:#f00;", "stroke-width:2px", "font-style:italic", "loud", "")
_COMMENTS: Final = (
    "%% a remark",
    "%%",
    "# a remark",
    "#c; a remark",
    "#",
    "## x",
    "# see #c; there",
    "%% #c;",
    "#é; x",
    "#a b;",
    "#12;",
)
_SLIPS: Final = (
    *(
        "A -->",
        "--> B",
        "A -> B",
        "A --> B:",
        "A :",
        "state",
        "state {",
        "}",
        "--",
        "note right of",
        "state x <<choice",
    ),
    *(
        'state "half',
        "note left of A",
        "end note",
        "class A",
        "classDef",
        "style A",
        "direction",
        "direction up",
        "[*]",
        "[*] --> [*]",
    ),
    *(
        "A:::loud --> B",
        "A --> B:::loud",
        "A:::",
        "A --> B: x;",
        "A --> B: x :: y",
        "A ---> B",
        "A --> B C",
        "A; B",
        "state A : text",
    ),
    *(
        "state A as B",
        'state "a" as B : c',
        'state "x {" as A',
        "state c <<fork>> : x",
        "hide empty description",
        "scale 350 width",
    ),
    *(
        'click A href "https://example.org"',
        "accTitle: t",
        "accDescr { t }",
        "A --> B %% why",
        "A %% why",
        "A #c; why",
        "A # why",
        "} #c;",
    ),
)


def sampled(count: int, seed: int = 1) -> Iterator[str]:
    """`count` texts: one half as they are made, the other with spans taken out, doubled and replaced."""
    texts = [_Text(random.Random(f"{seed} {number}")).write() for number in range((count + 1) // 2)]  # noqa: S311 - no secret
    yield from texts
    yield from mutated(texts, count - len(texts), seed)


class _Text:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.slips = chance.choice((0.0, 0.0, 0.05))
        self.composites = iter(("Outer", "Inner", "Deep", "Other", "Fifth"))

    def write(self) -> str:
        return "\n".join(("stateDiagram-v2", *self.region(0), ""))

    def region(self, depth: int) -> Iterator[str]:
        statements: tuple[Callable[[int], Iterator[str]], ...] = (
            *(self.edge, self.edge, self.edge, self.beginning, self.described, self.pseudo, self.note, self.titled),
            *(self.styled, self.comment, self.composite, self.composite),
        )
        for _ in range(self.chance.randint(1, 7 - 2 * depth)):
            if self.chance.random() < self.slips:
                yield self.chance.choice(_SLIPS)
            else:
                yield from self.chance.choice(statements)(depth)

    def one(self, texts: tuple[str, ...]) -> str:
        return self.chance.choice(texts)

    def name(self) -> str:
        return self.one(_ODD_NAMES if self.chance.random() < self.slips / 2 else _NAMES)

    def label(self) -> str:
        parts = [self.one(each) for each in (_EVENTS, _GUARDS, _EFFECTS) if self.chance.random() < 0.6]
        return f": {' '.join(parts)}" if parts else ""

    def edge(self, _depth: int) -> Iterator[str]:
        target = self.one((self.name(), self.name(), self.name(), "[*]"))
        yield f"{self.name()} {self.one(('-->', '-->', '-->  '))} {target} {self.label()}".rstrip()

    def beginning(self, _depth: int) -> Iterator[str]:
        yield f"[*] --> {self.name()}{self.label()}"

    def described(self, _depth: int) -> Iterator[str]:
        yield f"{self.name()}{self.one((' : ', ':', ': '))}{self.one(_DESCRIPTIONS)}"

    def titled(self, _depth: int) -> Iterator[str]:
        yield f'state "{self.one(_DESCRIPTIONS + _ODD_NAMES)}" as {self.name()}'

    def pseudo(self, _depth: int) -> Iterator[str]:
        kind = self.one(("choice", "fork", "join"))
        name = f"{kind}_{self.chance.randint(1, 2)}"
        yield self.one((f"state {name} <<{kind}>>", f"state {name} [[{kind}]]"))
        if kind != "fork":
            yield f"{self.name()} --> {name}"
        if kind != "join":
            yield f"{self.name()} --> {name}: go"
            yield f"{name} --> {self.name()}{self.one(('', ': [ready]', ': else'))}"
        yield f"{name} --> {self.name()}"

    def note(self, _depth: int) -> Iterator[str]:
        side = self.one(("left", "right"))
        if self.chance.random() < 0.5:
            yield f"note {side} of {self.name()} : {self.one(_DESCRIPTIONS)}"
        else:
            yield from (f"note {side} of {self.name()}", f"  {self.one(_DESCRIPTIONS)}", "  of two lines", "end note")

    def styled(self, _depth: int) -> Iterator[str]:
        yield self.one(
            (
                f"classDef loud {self.one(_STYLES)}",
                f"class {self.name()} loud",
                f"style {self.name()} {self.one(_STYLES)}",
                f"{self.name()}:::loud",
                f"direction {self.one(('LR', 'TB', 'BT', 'RL', 'TD'))}",
            )
        )

    def comment(self, _depth: int) -> Iterator[str]:
        yield self.one((*_COMMENTS, f"state {self.name()}"))

    def composite(self, depth: int) -> Iterator[str]:
        name = next(self.composites, "") if depth < 3 else ""
        if not name:
            return
        yield self.one((f"state {name} {{", f'state "{self.one(_DESCRIPTIONS)}" as {name} {{'))
        for number in range(self.chance.choice((1, 1, 2, 3))):
            if number:
                yield "--"
            yield from self.region(depth + 1)
        yield "}"
