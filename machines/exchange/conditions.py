"""Guards in ECMAScript, as SCXML has them: written from their terms, and read token by token."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from argentos.machines.conditions import ALWAYS, EVENT, Guard, Listed, Path, Terms, comparison, read_guard
from argentos.machines.notation import Misread

__all__ = ["canonical", "from_script", "to_script"]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)"""
    r"""|(?P<sign>&&|\|\||===|!==|==|!=|<=|>=|[<>!()\[\],-])|(?P<dot>\.))"""
)
_SIGNS: Final = {"&&": "and", "||": "or", "===": "==", "!==": "!=", "!": "not"}
_NAMES: Final = {"null": "none", "undefined": "none"}
_DATA: Final = "_event.data"


def to_script(terms: Terms) -> str:
    """The terms in ECMAScript; the data of the event are `_event.data`. Empty for what always holds."""
    if terms == ALWAYS:
        return ""
    return " || ".join(_joined(term, several=len(terms) > 1) for term in terms)


def _joined(term: Iterable[Guard], *, several: bool) -> str:
    parts = [_guard(guard) for guard in term]
    joined = " && ".join(parts) or "true"
    return f"({joined})" if several and len(parts) > 1 else joined


def _guard(guard: Guard) -> str:
    if guard.name.isidentifier():
        return guard.name if guard.wanted else f"!{guard.name}"
    left, sign, right = comparison(guard.name)
    if sign == "in":
        script = f"{_operand(right)}.includes({_operand(left)})"
    elif sign:
        script = f"{_operand(left)} {'===' if sign == '==' else sign} {_operand(right)}"
    else:
        script = _operand(left)
    return script if guard.wanted else f"!({script})"


def _operand(value: Any) -> str:
    if isinstance(value, Path):
        first, *rest = value
        return ".".join([_DATA, *rest] if first == EVENT and rest else [first, *rest])
    if isinstance(value, Listed):
        return f"[{', '.join(map(_operand, value))}]"
    return json.dumps(value)


def from_script(script: str) -> str | None:
    """The guard that an expression in ECMAScript says, in the language of labels; None where that cannot say it."""
    tokens: list[str] = []
    at = 0
    script = _included(script.strip())
    while at < len(script):
        found = _TOKEN.match(script, at)
        if found is None or found["dot"]:
            return None
        tokens.append(_token(found))
        at = found.end()
    text = " ".join(tokens).replace("( ", "(").replace(" )", ")").replace(" ,", ",").replace("- ", "-")
    try:
        read_guard(text)
    except Misread:
        return None
    return text


_INCLUDES: Final = re.compile(r"(\[[^\[\]]*\]|[\w.$]+)\.includes\(([^()]*)\)")


def _included(script: str) -> str:
    """The script with `x in (…)`, in its own signs, for `[…].includes(x)`."""
    return _INCLUDES.sub(_as_in, script)


def _as_in(found: re.Match[str]) -> str:
    listed = found[1].replace("[", "(").replace("]", ")")
    return f"({found[2]} in {listed})"


def _token(found: re.Match[str]) -> str:
    if text := found["text"]:
        inner = text[1:-1].replace("\\'", "'").replace('\\"', '"')
        return f'"{inner}"' if "'" in inner else f"'{inner}'"
    if name := found["name"]:
        name = EVENT + name.removeprefix(_DATA) if name.startswith(f"{_DATA}.") else name
        return _NAMES.get(name, name)
    return _SIGNS.get(found["sign"], found["sign"]) if found["sign"] else found["number"]


def canonical(terms: Terms) -> str:
    """The terms in the language of labels."""
    parts = [" and ".join(map(str, term)) for term in terms]
    if terms == ALWAYS:
        return ""
    return parts[0] if len(parts) == 1 else " or ".join(f"({part})" if " and " in part else part for part in parts)
