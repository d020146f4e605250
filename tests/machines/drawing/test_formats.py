"""All formats, and the same machine gives the same bytes."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import InputError
from argentos.machines import SESSION, Diagram, Machine
from argentos.machines.drawing import FORMATS, Format, Live, Traversals, draw
from tests.machines.generated import machines
from tests.machines.texts import ORDER

ROOT = Path(__file__).parents[3]

SCRIPT = """
import datetime, hashlib
from argentos.machines import SESSION, Diagram, Machine
from argentos.machines.drawing import FORMATS, Live, Traversals, draw
from tests.machines.texts import KEYBOARD
last = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
live = Live("NumLockOn & CapsLockOff & Lit", {"Num pressed": Traversals(3, last), "Reset": Traversals(1)})
keyboard = Machine(Diagram.parse(KEYBOARD))
for form in FORMATS:
    for drawn in (draw(SESSION, form, guards=True), draw(keyboard, form, live=live, guards=True, timers=True)):
        print(form, hashlib.sha256(drawn if isinstance(drawn, bytes) else drawn.encode()).hexdigest())
"""


@given(machines(), st.booleans())
def test_mermaid_read_again_has_the_same_states_and_edges(machine: Machine, noted: bool) -> None:  # noqa: FBT001 - generated
    live = Live(machine.states[-1], {"go": Traversals(2)}) if noted else None
    again = Diagram.parse(draw(machine, live=live, guards=noted, timers=noted))
    assert [(each.name, each.kind, each.within, each.region, each.regions) for each in again.states] == [
        (each.name, each.kind, each.within, each.region, each.regions) for each in machine.diagram.states
    ]
    for edge, before in zip(again.edges, machine.diagram.edges, strict=True):
        assert (edge.source, edge.target) == (before.source, before.target)
        assert edge.label == before.label or (noted and edge.label.startswith(before.label))


@pytest.mark.parametrize(
    "text", [ORDER, "stateDiagram-v2", "stateDiagram-v2\nA --> A", "stateDiagram-v2\nstate A {\n}"]
)
@pytest.mark.parametrize("form", FORMATS)
def test_a_diagram_that_cannot_run_is_drawn_too(form: Format, text: str) -> None:
    assert draw(Diagram.parse(text), form) is not None


def test_another_process_with_another_hash_seed_draws_the_same_bytes() -> None:
    drawn = [
        subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0].count("\n") == 2 * len(FORMATS)


def test_without_a_format_the_text_of_the_diagram_is_drawn() -> None:
    assert draw(SESSION) == SESSION.diagram.to_mermaid()


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="no format 'jpeg'; choose one of mermaid, dot, svg, png, text"):
        draw(SESSION, "jpeg")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]


def test_all_but_pixels_is_drawn_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for missing in ("manimgx_fonts", "resvg_py", "fontpkg"):
        monkeypatch.setitem(sys.modules, missing, None)
    assert all(itertools.starmap(draw, [(SESSION, "mermaid"), (SESSION, "dot"), (SESSION, "svg"), (SESSION, "text")]))
