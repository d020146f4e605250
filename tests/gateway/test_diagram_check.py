"""`argent diagram check`: the diagrams in documents are those of the program."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from argentos.machines import SESSION
from argentos.machines.drawing import draw
from tests.gateway.shared import Argent, Ask, Fails

Page: TypeAlias = Callable[..., Path]

KNOWN = "compaction, pairing, session, supervision, turn"
TRUE = draw(SESSION)
LIE = TRUE.replace("Idle --> Active: New message", "Idle --> Active: Message").replace(
    "    Compacted --> Active: Continues with summary\n", "    Idle --> Asleep: Night\n"
)
HINT = "\n`argent diagram check --write` puts the program's text in their place.\n"


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """Write a document with diagrams in it, each in a fence that claims the session."""

    def write(*diagrams: str, name: str = "page.md", claim: str = "machine=session") -> Path:
        fences = [f"Text.\n\n```mermaid {claim}\n{diagram}```\n" for diagram in diagrams]
        path = tmp_path / name
        path.write_bytes("\n".join(fences).encode())
        return path

    return write


# What agrees ------------------------------------------------------------------------------------------------


def test_a_diagram_that_is_the_programs_agrees(argent: Argent, page: Page) -> None:
    assert argent("diagram", "check", page(TRUE)) == (0, "1 diagram is as the program has it.\n", "")


def test_order_comments_directions_notes_and_styles_do_not_matter(argent: Argent, page: Page) -> None:
    head, *lines = TRUE.splitlines(keepends=True)
    extra = "    direction LR\n    %% so\n    note left of Idle : quiet\n    classDef x fill:red\n    class Idle x\n"
    assert argent("diagram", "check", page(head + extra + "".join(reversed(lines))))[0] == 0


@pytest.mark.parametrize("claim", ["", "theme={null}", 'title="machine=session"', "x-machine=session"])
def test_a_diagram_that_claims_nothing_is_passed_over(argent: Argent, page: Page, claim: str) -> None:
    path = page(LIE, claim=claim)
    assert argent("diagram", "check", path) == (
        0,
        "No diagram in these files claims a machine, as ```mermaid machine=session does.\n",
        "",
    )


def test_a_claim_that_is_an_example_in_a_longer_fence_is_none(argent: Argent, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("````markdown\n```mermaid machine=door\nA -> B\n```\n````\n")
    assert argent("diagram", "check", path)[0] == 0


def test_all_diagrams_of_all_files_are_counted_once(argent: Argent, page: Page) -> None:
    first, second = page(TRUE, TRUE), page(TRUE, name="other.md", claim="{theme=dark machine='session'}")
    assert argent("diagram", "check", first, second, first) == (0, "3 diagrams are as the program has them.\n", "")


# What differs -----------------------------------------------------------------------------------------------


def test_a_diagram_that_differs_is_told_with_file_line_and_what(argent: Argent, page: Page) -> None:
    path = page(TRUE, LIE)
    told = [
        f"{path}:15:1: session: Compacted --> Active: Continues with summary is missing",
        f"{path}:20:5: session: Idle --> Active: Message is labelled 'New message' in the program",
        f"{path}:22:5: session: Idle --> Asleep: Night is not in the program",
        f"{path}:22:14: session: the state Asleep is not in the program",
    ]
    assert argent("diagram", "check", path) == (1, "\n".join(told) + f"\n{HINT}", "")


def test_programs_are_told_the_same(argent: Argent, ask: Ask, page: Page) -> None:
    path = page(TRUE)
    assert ask("diagram", "check", path) == {"checked": 1, "differences": [], "written": []}
    path = page(TRUE.replace("New message", "Message"))
    status, out, err = argent("diagram", "--json", "check", path)
    assert (status, err) == (1, "")
    assert f'{{"file": "{path}", "line": 8, "column": 5, "machine": "session", "sentence":' in out


@pytest.mark.parametrize(
    ("diagram", "place", "sentence"),
    [
        ("", "3:1", "the text holds no diagram; one begins with 'stateDiagram-v2'"),
        ("graph TD\n", "4:1", "a diagram begins with 'stateDiagram-v2'"),
        ("stateDiagram-v2\n    A -> B\n", "5:7", ""),
    ],
)
def test_a_diagram_that_cannot_be_read_differs_at_its_place(
    argent: Argent, page: Page, diagram: str, place: str, sentence: str
) -> None:
    path = page(diagram)
    status, out, err = argent("diagram", "check", path)
    assert (status, err) == (1, "")
    assert out.startswith(f"{path}:{place}: session: {sentence}")
    argent("diagram", "check", "--write", path)
    assert path.read_text() == page(TRUE).read_text()


# Writing ----------------------------------------------------------------------------------------------------


def test_what_differs_is_written_as_the_program_has_it(argent: Argent, ask: Ask, page: Page) -> None:
    path = page(LIE, TRUE, LIE)
    assert argent("diagram", "check", "--write", path) == (
        0,
        f"{path}:3: session: written as the program has it\n{path}:27: session: written as the program has it\n",
        "",
    )
    assert path.read_text() == page(TRUE, TRUE, TRUE, name="expected.md").read_text()
    path = page(LIE)
    assert ask("diagram", "check", "--write", path) == {
        "checked": 1,
        "differences": [],
        "written": [{"file": str(path), "line": 3, "machine": "session"}],
    }


def test_what_agrees_is_left_as_it_is(argent: Argent, page: Page) -> None:
    path = page(TRUE.replace("    Idle", "  %% back again\n  Idle"))
    before = path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino
    argent("diagram", "check", "--write", path)
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) == before


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_all_other_bytes_stay(argent: Argent, tmp_path: Path, line_end: str, mark: str) -> None:
    def text(body: str) -> str:
        inner = "".join(f"   {line}\n" for line in body.splitlines())
        page = (
            f"{mark}# Doors  \n\n1. so:\n\n   ~~~~ mermaid x={{1}} machine=session\n{inner}   ~~~~~\n\tlast \u00a0 line"
        )
        return page.replace("\n", line_end)

    path = tmp_path / "page.md"
    path.write_bytes(text(LIE).encode())
    path.chmod(0o640)
    assert argent("diagram", "check", "--write", path)[0] == 0
    assert path.read_bytes() == text(TRUE).encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_written_where_anything_cannot_be_checked(fails: Fails, page: Page) -> None:
    path = page(LIE)
    before = path.read_bytes()
    other = page(TRUE, name="other.md", claim="machine=door")
    fails("diagram", "check", "--write", path, other)
    assert path.read_bytes() == before


# Diagrams that are files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("above", ["%% machine=session\n", "---\ntitle: x\n---\n\n  %%machine=session\n%% more\n"])
def test_a_file_of_its_own_claims_in_a_comment_above_the_header(argent: Argent, tmp_path: Path, above: str) -> None:
    path = tmp_path / "a.mmd"
    path.write_text(above + LIE)
    status, out, _ = argent("diagram", "check", path)
    first = above.count("\n")
    assert status == 1
    assert f"{path}:{first + 5}:5: session: Idle --> Active: Message is labelled" in out
    argent("diagram", "check", "--write", path)
    assert path.read_text() == above + TRUE
    assert argent("diagram", "check", path)[0] == 0


def test_a_file_that_has_only_the_claim_gets_the_diagram(argent: Argent, tmp_path: Path) -> None:
    path = tmp_path / "a.mmd"
    path.write_text("%% machine=session\n")
    assert argent("diagram", "check", path)[0] == 1
    assert argent("diagram", "check", "--write", path)[0] == 0
    assert path.read_text() == f"%% machine=session\n{TRUE}"


def test_a_file_of_its_own_without_the_comment_claims_nothing(argent: Argent, tmp_path: Path) -> None:
    path = tmp_path / "a.mmd"
    path.write_text(f"{LIE}%% machine=session\n")
    assert argent("diagram", "check", path)[1].startswith("No diagram in these files")


# Machines of one's own --------------------------------------------------------------------------------------

SHOP = """
from argentos.machines import Diagram, Machine

class Orders:
    LIFE = Machine(Diagram.parse("stateDiagram-v2\\n  [*] --> Paid: order"))

NUMBER = 7
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a module that has a machine."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop_of_the_test.py").write_text(SHOP)
    (folder / "broken_of_the_test.py").write_text("1 / 0")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.usefixtures("shop")
def test_a_machine_of_ones_own_is_given(argent: Argent, page: Page) -> None:
    path = page("stateDiagram-v2\n    [*] --> Open: order\n", claim="machine=order")
    given = ("--machine", "order=shop_of_the_test:Orders.LIFE")
    status, out, _ = argent("diagram", "check", *given, path)
    assert status == 1
    assert f"{path}:5:5: order: [*] --> Open: order leads to Paid in the program" in out
    assert argent("diagram", "check", *given, "--write", path)[0] == 0
    assert argent("diagram", "check", *given, path) == (0, "1 diagram is as the program has it.\n", "")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        ("order", 2, "--machine is NAME=MODULE:ATTRIBUTE, as order=shop.orders:ORDER, and not 'order'"),
        ("order=shop_of_the_test", 2, "--machine is NAME=MODULE:ATTRIBUTE"),
        ("order=:LIFE", 2, "--machine is NAME=MODULE:ATTRIBUTE"),
        ("order=no_such:X", 1, "--machine order=no_such:X: ModuleNotFoundError: No module named 'no_such'"),
        ("order=broken_of_the_test:X", 1, "--machine order=broken_of_the_test:X: ZeroDivisionError: division by zero"),
        ("order=shop_of_the_test:X", 1, "--machine order=shop_of_the_test:X: AttributeError: "),
        (
            "order=shop_of_the_test:NUMBER",
            1,
            "--machine order=shop_of_the_test:NUMBER: NUMBER is no Machine, but of the type int",
        ),
        (
            "order=shop_of_the_test:Orders",
            1,
            "--machine order=shop_of_the_test:Orders: Orders is no Machine, but of the type type",
        ),
    ],
)
def test_what_is_no_machine_is_refused(fails: Fails, page: Page, given: str, status: int, sentence: str) -> None:
    told = fails("diagram", "check", "--machine", given, page(TRUE))
    assert (told[0], told[1].startswith(sentence)) == (status, True), told


def test_a_document_has_nothing_imported(fails: Fails, page: Page) -> None:
    path = page(TRUE, claim="machine=shop_of_the_test:Orders.LIFE")
    assert fails("diagram", "check", path)[1].startswith(
        f"{path}:3: no machine is called 'shop_of_the_test:Orders.LIFE'"
    )


# What cannot be checked -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (
            "machine=door",
            f"no machine is called 'door', only {KNOWN}; give it, with --machine door=MODULE:ATTRIBUTE",
        ),
        ("machine=sesion", f"no machine is called 'sesion', only {KNOWN}; did you mean 'session'?"),
        ("machine=", "'machine=' names no machine; write its name after it, as 'machine=session'"),
        ("machine= session", "'machine=' names no machine; write its name after it, as 'machine=session'"),
    ],
)
def test_an_unknown_machine_is_refused(fails: Fails, page: Page, claim: str, sentence: str) -> None:
    path = page(TRUE, claim=claim)
    assert fails("diagram", "check", path) == (1, f"{path}:3: {sentence}")


@pytest.mark.parametrize(
    "text",
    [f"\n\n```mermaid machine=session\n{TRUE}", f"\n\n- ```mermaid machine=session\n  {TRUE.splitlines()[0]}\n\nText"],
)
def test_a_fence_that_is_never_closed_is_refused(fails: Fails, tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text)
    for arguments in ((), ("--write",)):
        assert fails("diagram", "check", *arguments, path) == (
            1,
            f"{path}:3: the fence is never closed; add its closing line below the diagram",
        )
    assert path.read_text() == text


def test_a_file_that_cannot_be_read_is_refused(fails: Fails, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    assert fails("diagram", "check", path) == (1, f"{path} cannot be read: No such file or directory")
    assert fails("diagram", "check", tmp_path) == (1, f"{tmp_path} cannot be read: Is a directory")
    path.write_bytes(b"# Doors\n\xff\n")
    assert fails("diagram", "check", path) == (1, f"{path}:2: this is no text in UTF-8; save it as UTF-8")


def test_at_least_one_file_is_named(fails: Fails) -> None:
    assert fails("diagram", "check") == (
        2,
        "Missing argument 'FILES...'. See `argent diagram check --help`.",
    )


@pytest.mark.parametrize("margin", ["    ", "\t", "> \t"])
def test_a_claim_that_is_no_fence_is_not_passed_over(fails: Fails, tmp_path: Path, margin: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"Text.\n\n{margin}```mermaid machine=session\n{margin}stateDiagram\n{margin}```\n")
    assert fails("diagram", "check", path)[1].startswith(f"{path}:3: this fence is indented so far, or with tabs")


def test_a_claim_may_stand_on_the_first_line_behind_a_mark(argent: Argent, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_bytes(f"\ufeff```mermaid machine=session\n{LIE}```".encode())
    assert argent("diagram", "check", "--write", path)[0] == 0
    assert path.read_bytes() == f"\ufeff```mermaid machine=session\n{TRUE}```".encode()


def test_a_name_that_is_no_text_is_told_all_the_same(argent: Argent, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/p\xff.md"))
    try:
        path.write_text(f"```mermaid machine=session\n{LIE}```\n")
    except OSError:
        pytest.skip("this file system has no such names")
    status, out, err = argent("diagram", "--json", "check", path)
    assert (status, err, "p\\\\udcff.md" in out) == (1, "", True)
    assert "p\\udcff.md:" in argent("diagram", "check", path)[1]
