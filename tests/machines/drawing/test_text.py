"""Text for the terminal."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from hypothesis import given

from argentos.machines import SESSION, Diagram, Machine
from argentos.machines.drawing import Live, Traversals, draw
from argentos.machines.mermaid.elements import OUTSIDE
from argentos.machines.mermaid.markdown import fences
from tests.machines.generated import machines

ORDERED = """\
stateDiagram-v2
    [*] --> Open
    state "Being paid" as Paying {
        [*] --> Asked
        Asked --> Checked: paid
        --
        [*] --> Reserved
    }
    Open --> Paying: ordered
    state enough <<choice>>
    Paying --> enough: checked
    enough --> Sent: [in stock]
    enough --> Open: else
    Sent --> [*]: after 15m
"""

ORDERED_TEXT = """\
● ──▶ Open

╭──────╮
│ Open │
╰──────╯
 └─ ordered ──▶ Paying

╔════════════════════════╗
║ Paying: Being paid     ║
╟────────────────────────╢
║ ● ──▶ Asked            ║
║                        ║
║ ╭───────╮              ║
║ │ Asked │              ║
║ ╰───────╯              ║
║  └─ paid ──▶ Checked   ║
║                        ║
║ ╔═════════╗            ║
║ ║ Checked ║ ◀ current  ║
║ ╚═════════╝            ║
╟╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╢
║ ● ──▶ Reserved         ║
║                        ║
║ ╔══════════╗           ║
║ ║ Reserved ║ ◀ current ║
║ ╚══════════╝           ║
╚════════════════════════╝
 └─ checked ──▶ enough

◇ enough
 ├─ [in stock] ──▶ Sent
 └─ else ────────▶ Open

╭──────╮
│ Sent │
╰──────╯
 └─ after 15m ──▶ ◎
"""

SESSION_TEXT = """\
●
 └─ First message ──▶ Created
      1×

╭─────────╮
│ Created │
╰─────────╯
 └─ Processing messages ──▶ Active
      [has_message]

╔════════╗
║ Active ║ ◀ current
╚════════╝
 ├─ No recent activity ───▶ Idle
 │    after idle_after [is_quiet]
 └─ Context window full ──▶ Compacted
      [compaction_is_due and has_older_messages]

╭──────╮
│ Idle │
╰──────╯
 └─ New message ──▶ Active
      12×

╭───────────╮
│ Compacted │
╰───────────╯
 └─ Continues with summary ──▶ Active
      [summary_is_durable and context_fits]
"""


def test_a_session_is_drawn_with_what_happened() -> None:
    live = Live("Active", {"First message": Traversals(1), "New message": Traversals(12)})
    assert draw(SESSION, "text", live=live, guards=True, timers=True) == SESSION_TEXT


def test_states_stand_within_states_regions_apart_and_choices_among_them() -> None:
    live = Live("Checked & Reserved")
    assert draw(Diagram.parse(ORDERED), "text", live=live) == ORDERED_TEXT


@given(machines())
def test_the_text_shows_every_state_once_and_every_edge_within_80_columns(machine: Machine) -> None:
    text = draw(machine, "text")
    assert max(map(len, text.splitlines())) <= 80
    arrows = Counter(target.strip(" │║") for target in re.findall(r"─▶ (.+)", text))
    assert arrows == Counter(edge.target.replace(OUTSIDE, "◎") for edge in machine.diagram.edges)
    heads = Counter(re.findall(r"(?:[│║] |◇ )(\w+) *[│║\n]", text))
    assert heads == {state.name: 1 for state in machine.diagram.states}
    for edge in machine.diagram.edges:
        assert f"─ {edge.label} ─" in text or not edge.label


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    text = draw(Diagram.parse("stateDiagram-v2\nA --> B: red \x1b[31m\tend"), "text")
    assert "\x1b" not in text
    assert "red �[31m end" in text


def test_long_labels_and_names_are_wrapped_at_80_columns() -> None:
    label, name = " ".join(["word"] * 40), "a" * 100
    text = draw(Diagram.parse(f"stateDiagram-v2\nA --> {name}: {label}\nA --> B: {'漢' * 100}"), "text")
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("word") == 40
    assert text.count("漢") == 100


def test_the_documentation_shows_what_its_program_prints() -> None:
    document = (Path(__file__).parents[3] / "docs" / "drawing.md").read_text(encoding="utf-8")
    program, shown = (
        next(each.body for each in fences(document) if each.language == found) for found in ("python", "")
    )
    command = [sys.executable, "-X", "utf8", "-c", program]
    printed = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout  # noqa: S603 - our own
    assert printed.startswith(shown + "\n")
