"""The language of guards: facts and comparisons, joined by `and`, `or`, `not` and parentheses.

A text is read into *terms*: it holds where all guards of one of its terms do. A guard is a fact, or a comparison that
is named by its text; so whatever asks for facts, a model checker too, may suppose what a comparison gives. The
language is total: what cannot be compared compares as false, what is missing is `None`. Nothing is ever evaluated.

    either  = both, { "or", both }           both = one, { "and" | ",", one }
    one     = "not" one | "(" either ")" | operand [ sign operand | [ "not" ] "in" ( list | operand ) ]
    operand = number | 'text' | true | false | none | words | path          list = "(" operand, { ",", operand } ")"

Words are one fact, joined by `_`. A path such as `order.total` leads on from a fact; one that begins with `event` into
the data of the event.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from argentos.machines.notation import Misread, decoded

__all__ = [
    "ALWAYS",
    "EVENT",
    "MAX_TERMS",
    "Comparison",
    "Guard",
    "Listed",
    "Path",
    "Terms",
    "comparison",
    "conjoined",
    "read_guard",
]

EVENT: Final = "event"
"""The first word of a path into the data of the event."""

MAX_TERMS: Final = 64
"""Alternatives of one guard, once `or` stands outside of all else."""

_MAX_DEPTH: Final = 50
_MAX_LENGTH: Final = 10_000  # characters
_TOKEN: Final = re.compile(
    r"""[ \t]*(?:(?P<number>-?\d+(?:\.\d+)?(?![\w.]))|(?P<text>'[^']*'|"[^"]*")|(?P<path>\w+(?:\.\w+)+)"""
    r"""|(?P<word>\w+)|(?P<sign>&&|\|\||[=!<>]=|[!<>=(),≤≥≠]))"""
)
_OPERATORS: Final = {"&&": "and", ",": "and", "||": "or", "!": "not", "≤": "<=", "≥": ">=", "≠": "!="}
_WORDED: Final = ("and", "or", "not", "in", "else")
_SIGNS: Final = ("==", "!=", "<=", ">=", "<", ">")
_LITERALS: Final = {"true": True, "false": False, "none": None, "null": None}


class Guard(NamedTuple):
    """A guard: the fact or the comparison `name` has to be true or, where `wanted` is not, false."""

    name: str
    wanted: bool = True

    def __str__(self) -> str:
        """As bindings write it."""
        if self.wanted:
            return self.name
        found = None if self.name.isidentifier() else comparison(self.name)
        negated = {"==": "!=", "in": "not in"}.get(found.sign) if found else None
        return self.name.replace(f" {found.sign} ", f" {negated} ", 1) if found and negated else f"not {self.name}"


Terms: TypeAlias = tuple[tuple[Guard, ...], ...]

ALWAYS: Final[Terms] = ((),)
"""The terms of what is not guarded."""


class Comparison(NamedTuple):
    """A comparison of two operands, each a tuple of names that lead to a value, or the value itself; or one path.

    Attributes:
        sign: `==`, `<`, `in` and the like; empty for a path whose value itself is asked for.
    """

    left: Any
    sign: str = ""
    right: Any = None

    @property
    def facts(self) -> Iterator[str]:
        """The names of the facts that it asks for."""
        for each in (self.left, self.right):
            if isinstance(each, Path) and each[0] != EVENT:
                yield each[0]


class Path(tuple[str, ...]):
    """The names that lead to a value: a fact's, or `event`, and then those of attributes or keys."""

    __slots__ = ()


class Listed(tuple[Any, ...]):
    """The operands in parentheses after `in`."""

    __slots__ = ()


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Node(NamedTuple):
    """A part of a condition: a guard, or others joined by `and` or `or`."""

    kind: str
    guard: Guard | None = None
    parts: "tuple[_Node, ...]" = ()


def read_guard(text: str) -> Terms:
    """The terms of a guard's text.

    Raises:
        Misread: it says what the language does not have, or is too long.
    """
    if len(text) > _MAX_LENGTH:
        raise Misread(f"the guard has {len(text):,} characters; {_MAX_LENGTH:,} are the most", 0)
    reader = _Reader(decoded(text))
    found = reader.either(0)
    reader.expect_end()
    return _simplified(_terms(found, wanted=True), text)


def conjoined(first: Terms, second: Terms) -> Terms:
    """The terms that hold where both do.

    Raises:
        Misread: there are too many.
    """
    return _simplified(_product((first, second)), "")


@lru_cache(maxsize=4096)  # bounded, for whoever makes machines of texts from anywhere
def comparison(name: str) -> Comparison:
    """The comparison that a guard's name writes."""
    return _Reader(name).compared()


class _Reader:
    """Reads a condition from left to right, looking one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._next = 0

    def either(self, depth: int) -> _Node:
        return self._joined("or", depth)

    def expect_end(self) -> None:
        if self._token.kind != "end":
            named = "_".join(self._text.split())
            hint = f"; if all of it is one fact, write '{named}'" if named.isidentifier() else ""
            self._refuse(f"{self._token.text!r} stands where 'and', 'or' or nothing can{hint}")

    def compared(self) -> Comparison:
        """One comparison, or a path alone, as canonical names write them."""
        left = self._operand()
        sign = self._take(*_SIGNS, "in")
        if not sign:
            return Comparison(left)
        return Comparison(left, sign, self._list() if sign == "in" and self._sees("(") else self._operand())

    def _split(self) -> Iterator[_Token]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = _TOKEN.match(self._text, at)
            if found is None or found.lastgroup is None:
                at += len(self._text[at:]) - len(self._text[at:].lstrip())
                problem = f"{self._text[at : at + 10]!r} is no part of a guard"
                raise Misread(f"{problem}; write facts and comparisons, as 'is_paid and total > 5'", at)
            kind, text = found.lastgroup, found[found.lastgroup]
            if kind in ("word", "sign"):
                word = _OPERATORS.get(text.lower(), text.lower())
                kind, text = ("sign", word) if word in _WORDED or text in _OPERATORS else (kind, text)
            yield _Token(kind, text, found.start(found.lastgroup))
            at = found.end()
        yield _Token("end", "the end", end)

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _sees(self, *signs: str, ahead: int = 0) -> bool:
        token = self._tokens[min(self._next + ahead, len(self._tokens) - 1)]
        return token.kind == "sign" and token.text in signs

    def _take(self, *signs: str) -> str:
        if not self._sees(*signs):
            return ""
        self._next += 1
        return self._tokens[self._next - 1].text

    def _joined(self, sign: str, depth: int) -> _Node:
        inner = self._negatable if sign == "and" else self._both
        parts = [inner(depth)]
        while self._take(sign):
            parts.append(inner(depth))
        return parts[0] if len(parts) == 1 else _Node(sign, parts=tuple(parts))

    def _both(self, depth: int) -> _Node:
        return self._joined("and", depth)

    def _negatable(self, depth: int) -> _Node:
        if depth > _MAX_DEPTH:
            self._refuse(f"more than {_MAX_DEPTH} parentheses and negations stand within each other")
        if self._take("not"):
            return _Node("not", parts=(self._negatable(depth + 1),))
        if self._take("("):
            inner = self.either(depth + 1)
            if not self._take(")"):
                self._refuse("')' was expected")
            return inner
        return self._atom()

    def _atom(self) -> _Node:
        left_at = self._token
        left = self._operand()
        if sign := self._take(*_SIGNS):
            return _node(left, sign, self._operand())
        if self._sees("in") or (self._sees("not") and self._sees("in", ahead=1)):
            wanted = not self._take("not")
            self._take("in")
            return _node(left, "in", self._list() if self._sees("(") else self._operand(), wanted=wanted)
        if self._sees("="):
            self._refuse("'=' compares nothing; write '=='")
        if not isinstance(left, Path):
            self._refuse(f"{left_at.text!r} is no fact; compare it with one, as in 'total > {left_at.text}'", left_at)
        return _Node("guard", Guard(_shown(left)))

    def _list(self) -> Listed:
        self._take("(")
        found = [self._operand()]
        while self._take("and"):  # as a comma is written between facts
            found.append(self._operand())
        if not self._take(")"):
            self._refuse("',' or ')' was expected")
        return Listed(found)

    def _operand(self) -> Any:
        token = self._token
        if token.kind == "number":
            self._next += 1
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "text":
            self._next += 1
            return token.text[1:-1]
        if token.kind == "path":
            self._next += 1
            return Path(token.text.split("."))
        words = list(self._words())
        if len(words) == 1 and words[0].lower() in _LITERALS:
            return _LITERALS[words[0].lower()]
        name = "_".join(words)
        if not name.isidentifier():
            self._refuse(f"the guard {(name or token.text)!r} is no name; a guard names a fact, as 'is_paid'", token)
        return Path((name,))

    def _words(self) -> Iterator[str]:
        """The words of one fact; `in` is one of them, but for where one word stands on either side, or a list."""
        count = 0
        while self._token.kind == "word" or (self._sees("in") and not (count == 1 and self._in_compares())):
            if self._sees("in") and (count and self._tokens[self._next + 1].kind != "word"):
                return
            yield self._token.text
            self._next += 1
            count += 1

    def _in_compares(self) -> bool:
        behind, then = self._tokens[self._next + 1], self._tokens[min(self._next + 2, len(self._tokens) - 1)]
        return behind.kind != "word" or then.kind != "word"

    def _refuse(self, problem: str, token: _Token | None = None) -> NoReturn:
        raise Misread(problem, (token or self._token).at)


def _node(left: Any, sign: str, right: Any, *, wanted: bool = True) -> _Node:
    positive = "==" if sign == "!=" else sign
    guard = Guard(f"{_shown(left)} {positive} {_shown(right)}", wanted is (sign == positive))
    return _Node("guard", guard)


def _shown(operand: Any) -> str:
    if isinstance(operand, Path):
        return ".".join(operand)
    if isinstance(operand, Listed):
        return f"({', '.join(map(_shown, operand))})"
    if isinstance(operand, str):
        return f'"{operand}"' if "'" in operand else f"'{operand}'"
    return str(operand).lower()


def _terms(node: _Node, *, wanted: bool) -> Iterable[tuple[Guard, ...]]:
    if node.guard is not None:
        return ((node.guard if wanted else Guard(node.guard.name, not node.guard.wanted),),)
    if node.kind == "not":
        return _terms(node.parts[0], wanted=not wanted)
    parts = [tuple(_terms(part, wanted=wanted)) for part in node.parts]
    if (node.kind == "or") is wanted:
        return tuple(term for part in parts for term in part)
    return _product(parts)


def _product(parts: Iterable[Iterable[tuple[Guard, ...]]]) -> Iterable[tuple[Guard, ...]]:
    found: list[tuple[Guard, ...]] = [()]
    for part in parts:
        found = [tuple(dict.fromkeys((*first, *second))) for first, second in product(found, part)]
        found = list(dict.fromkeys(term for term in found if not _contradicts(term)))
        if len(found) > MAX_TERMS:
            raise Misread(f"the guard has more than {MAX_TERMS} alternatives; let a fact say what it asks", 0)
    return found


def _simplified(found: Iterable[tuple[Guard, ...]], text: str) -> Terms:
    """The terms without those that contradict themselves, and those that ask for more than another does."""
    terms = list(dict.fromkeys(term for term in found if not _contradicts(term)))
    if len(terms) > MAX_TERMS:
        raise Misread(f"the guard has more than {MAX_TERMS} alternatives; let a fact say what it asks", 0)
    if not terms:
        raise Misread(f"the guard {text!r} never holds", 0)
    sets = [set(term) for term in terms]
    return tuple(term for term, own in zip(terms, sets, strict=True) if not any(other < own for other in sets))


def _contradicts(term: Sequence[Guard]) -> bool:
    known = set(term)
    return any(Guard(guard.name, not guard.wanted) in known for guard in term)
