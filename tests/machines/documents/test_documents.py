"""Pictures in documents, by the tools that build them: pages of Sphinx, a site of MkDocs, a notebook of Jupyter."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from argentos.errors import DiagramError, InputError
from argentos.machines import SESSION, Diagram
from argentos.machines.documents.mkdocs import on_page_markdown
from argentos.machines.drawing import draw

DOOR = "stateDiagram-v2\n    [*] --> Open: made\n    Open --> Shut: push [is_free]\n"
SPHINX = """\
Doors
=====

.. state-machine:: door.mmd
   :theme: dark

.. state-machine::
   :machine: session
   :guards:

.. state-machine::

   stateDiagram-v2
       A --> B: beneath
"""
SITE = f"""\
# Doors

```mermaid
{DOOR}```

- in a list:

    ```mermaid theme=print
    {DOOR.replace(chr(10), chr(10) + "    ").rstrip()}
    ```

```mermaid draw=no
stateDiagram-v2
    left --> alone
```

```mermaid
flowchart LR
    other --> diagrams
```

The end.
"""


def build(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", *map(str, command)]
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder of documents for Sphinx."""
    (tmp_path / "conf.py").write_text('extensions = ["argentos.machines.documents.sphinx"]\nproject = "doors"\n')
    (tmp_path / "index.rst").write_text(SPHINX)
    (tmp_path / "door.mmd").write_text(DOOR)
    return tmp_path


# Sphinx -------------------------------------------------------------------------------------------------------


@pytest.mark.documents
def test_a_page_of_sphinx_shows_the_pictures(pages: Path) -> None:
    done = build("sphinx", "-W", "-q", "-b", "html", pages, pages / "out", cwd=pages)
    assert done.returncode == 0, done.stderr
    page = (pages / "out" / "index.html").read_text()
    assert draw(Diagram.parse(DOOR), "svg", theme="dark") in page
    assert draw(SESSION, "svg", guards=True) in page
    assert page.count("<svg xmlns") == 3
    assert "beneath" in page


@pytest.mark.documents
@pytest.mark.parametrize("builder", ["text", "latex", "man", "texinfo"])
def test_other_builders_of_sphinx_draw_with_letters(pages: Path, builder: str) -> None:
    done = build("sphinx", "-W", "-q", "-b", builder, pages, pages / "out", cwd=pages)
    assert done.returncode == 0, done.stderr
    said = "".join(path.read_text(errors="replace") for path in (pages / "out").iterdir() if path.is_file())
    assert "Created" in said
    assert "╭─" in said
    assert "<svg" not in said


@pytest.mark.documents
def test_a_page_of_sphinx_is_built_again_when_its_diagram_changes(pages: Path) -> None:
    build("sphinx", "-q", "-b", "html", pages, pages / "out", cwd=pages)
    (pages / "door.mmd").write_text(DOOR.replace("Shut", "Bolted"))
    build("sphinx", "-q", "-b", "html", pages, pages / "out", cwd=pages)
    assert "Bolted" in (pages / "out" / "index.html").read_text()


@pytest.mark.documents
@pytest.mark.parametrize(
    ("directive", "sentence"),
    [
        (".. state-machine:: door.mmd\n   :theme: neon", "there is no theme 'neon'; choose one of light, dark, print"),
        (".. state-machine::\n   :machine: nothing", "there is no machine 'nothing'; choose one of session"),
        (".. state-machine:: none.mmd", "none.mmd cannot be read"),
        (".. state-machine::", "state-machine takes one of three"),
        (".. state-machine::\n\n   stateDiagram-v2\n   A -->", "index:2:"),
    ],
)
def test_sphinx_says_what_is_wrong_and_where(pages: Path, directive: str, sentence: str) -> None:
    (pages / "index.rst").write_text(f"Doors\n=====\n\n{directive}\n")
    done = build("sphinx", "-W", "-q", "-b", "html", pages, pages / "out", cwd=pages)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "index.rst:4" in done.stderr
    assert "Traceback" not in done.stderr


# MkDocs -------------------------------------------------------------------------------------------------------


@pytest.mark.documents
def test_a_site_of_mkdocs_shows_the_pictures(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(SITE)
    (tmp_path / "hooks.py").write_text("from argentos.machines.documents.mkdocs import on_page_markdown\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: Doors\nhooks:\n  - hooks.py\n")
    done = build("mkdocs", "build", "--strict", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "index.html").read_text()
    assert draw(Diagram.parse(DOOR), "svg").strip() in page
    assert len(re.findall(r"<svg xmlns", page)) == 1
    assert 'alt="State diagram" src="data:image/svg+xml;base64,' in page
    assert "left --&gt; alone" in page
    assert "other --&gt; diagrams" in page
    assert "The end." in page


def hooked(markdown: str) -> str:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="doors.md"))
    return on_page_markdown(markdown, page=page, config=None, files=None)


def test_the_hook_leaves_all_else_as_it_is() -> None:
    text = "# A\n\n```mermaid\nflowchart LR\nA --> B\n```\n\n```python\nx = 1\n```\n"
    assert hooked(text) == text


def test_the_hook_draws_what_a_fence_asks_for() -> None:
    text = f"before\n```mermaid theme=dark guards=yes\n{DOOR}```\nafter"
    svg = draw(Diagram.parse(DOOR), "svg", theme="dark").strip()
    assert hooked(text) == f'before\n\n<div class="state-machine">\n{svg}\n</div>\n\nafter'


def test_the_hook_says_where_a_diagram_cannot_be_read() -> None:
    with pytest.raises(DiagramError, match=r"^doors.md:4:"):
        hooked("# A\n\n```mermaid\nstateDiagram-v2 A\n```")
    with pytest.raises(InputError, match="no theme 'neon'"):
        hooked(f"```mermaid theme=neon\n{DOOR}```")


# Jupyter ------------------------------------------------------------------------------------------------------


@pytest.mark.documents
def test_a_notebook_shows_the_picture_of_a_machine_that_ends_a_cell(tmp_path: Path) -> None:
    script = (
        "import nbformat, nbclient\n"
        "cell = nbformat.v4.new_code_cell('from argentos.machines import SESSION\\nSESSION')\n"
        "book = nbformat.v4.new_notebook(cells=[cell])\n"
        "nbclient.NotebookClient(book, kernel_name='python3', timeout=120).execute()\n"
        "print(book.cells[0].outputs[0]['data']['image/svg+xml'], end='')\n"
    )
    path = tmp_path / "notebook.py"
    path.write_text(script)
    done = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.stdout.strip() == draw(SESSION, "svg").strip(), done.stderr
