"""The trace of a life, step by step: as a mermaid sequence diagram, and as a pytest function to paste."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from argentos.machines.decisions import Refused, Transition
from argentos.machines.notation import name_of
from argentos.machines.tree import START

__all__ = ["Trace"]

_LONG: Final = 100  # characters of a payload in a diagram


class _Exchange(NamedTuple):
    """A call and its answer.

    Attributes:
        call: as Python writes it.
        shown: as the diagram does.
        answer: empty until there is one.
    """

    call: str
    shown: str
    answer: Sequence[Transition] | Refused


class Trace:
    """The steps of one life, as they are taken.

    Args:
        name: what the generated test is bound to, which begins the life when called.

    Attributes:
        problem: why the latest step failed; empty until one does.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._steps: list[_Exchange] = []
        self.problem: str = ""

    def sends(self, event: str, payload: object) -> None:
        """Note that an event is about to be sent."""
        with_payload = f"{event!r}, {payload!r}" if payload is not None else repr(event)
        shown = f"{event} {payload!r:.{_LONG}}" if payload else event
        self._call(f"send({with_payload})", shown)

    def waits(self, seconds: float) -> None:
        """Note that time is about to pass."""
        self._call(f"advance({seconds!r})", f"{seconds:g} s pass")

    def kills(self) -> None:
        """Note that the system is about to be killed and revived."""
        self._call("restart()", "killed, and revived")

    def answered(self, answer: Sequence[Transition] | Refused) -> None:
        """Note the system's answer to the latest step."""
        self._steps[-1] = self._steps[-1]._replace(answer=answer)

    def failed(self, error: Exception) -> None:
        """Note that the latest step failed."""
        self.problem = " ".join(f"{type(error).__name__}: {error}".splitlines())

    def as_diagram(self) -> str:
        """The trace as the text of a mermaid `sequenceDiagram`."""
        lines = [
            "sequenceDiagram",
            "    participant caller",
            f"    participant machine as {self._name}",
            f"    Note over machine: {START}",
            *(f"    {line}" for step in self._steps for line in _shown(step)),
        ]
        if self.problem:
            lines.append(f"    machine--xcaller: {_escaped(self.problem)}")
        return "\n".join(lines) + "\n"

    def as_test(self) -> str:
        """The trace as a function that pytest runs and that fails in the same way, beside the generated test."""
        variable = self._name.lower()
        lines = [f"def test_a_life_of_{name_of(variable)}() -> None:", f"    with {self._name}() as {variable}:"]
        lines += [f"        {variable}.{step.call}{_remark(step)}" for step in self._steps]
        if self.problem:
            lines.append(f"        # {self.problem}")
        return "\n".join(lines if self._steps else [*lines, "        pass"]) + "\n"

    def as_markdown(self) -> str:
        """Both, in their fences."""
        return f"```mermaid\n{self.as_diagram()}```\n\n```python\n{self.as_test()}```\n"

    def _call(self, call: str, shown: str) -> None:
        self._steps.append(_Exchange(call, shown, ()))


def _remark(step: _Exchange) -> str:
    said = str(step.answer) if isinstance(step.answer, Refused) else ", ".join(map(str, step.answer))
    return f"  # {' '.join(said.split())}" if said else ""


def _shown(step: _Exchange) -> Iterator[str]:
    """The lines of a step in a sequence diagram."""
    yield f"caller->>machine: {_escaped(step.shown)}"
    if isinstance(step.answer, Refused):
        yield f"machine-->>caller: {_escaped(str(step.answer))}"
        return
    for transition in step.answer:
        yield f"machine->>machine: {_escaped(transition.label)}"
        yield f"Note over machine: {_escaped(transition.target)}"


def _escaped(text: str) -> str:
    """The text on one line, without what mermaid would take for its own."""
    return " ".join(text.replace("#", "&num").replace(";", "#59;").replace("&num", "#35;").split())
