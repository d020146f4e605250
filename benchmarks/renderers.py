"""Which renderer draws state diagrams without a browser: `python -m benchmarks.renderers CORPUS`.

CORPUS is a JSON file: a list of objects with a mermaid text (`text`) and whether mermaid accepts it (`accepts`). Each
renderer that is installed draws every text that mermaid and our own reader accept; the table is Markdown. What the
pictures look like is for eyes: `--pictures DIRECTORY` writes the SVG files.
"""

import argparse
import html
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib import import_module, metadata
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple, TypeAlias

from argentos.errors import ArgentError
from argentos.machines import Diagram
from argentos.machines.drawing import draw
from argentos.machines.drawing.plain import plain

_Draw: TypeAlias = Callable[[Diagram], str]

_HEAD: Final = (
    "| renderer | drawn | all names and labels shown | median ms | slowest ms | same twice | without HTML inside |\n"
    "|---|---:|---:|---:|---:|---|---|"
)
_PARALLEL: Final = "stateDiagram-v2\nstate A {\n[*] --> B\n--\n[*] --> C\n}\nA --> D"


class _Row(NamedTuple):
    """What one renderer made of the corpus; times in milliseconds."""

    name: str
    drawn: int
    complete: int
    times: list[float]
    same: bool
    plain: bool

    def __str__(self) -> str:
        same, without = ("yes" if each else "no" for each in (self.same, self.plain))
        times = f"{median(self.times):.1f} | {max(self.times):.0f}"
        return f"| {self.name} | {self.drawn} | {self.complete} | {times} | {same} | {without} |"


def _renderers() -> Iterator[tuple[str, _Draw]]:
    """Those that are installed."""
    yield "argentos", lambda diagram: draw(diagram, "svg")
    for distribution, make in (("mmdr", _mmdr), ("merman", _merman), ("merm", _merm)):
        try:
            yield f"{distribution} {metadata.version(distribution)}", make()
        except (ModuleNotFoundError, metadata.PackageNotFoundError):
            continue
    yield "our DOT, by Graphviz", _graphviz


def _mmdr() -> _Draw:
    module = import_module("mmdr")
    return lambda diagram: str(module.render(diagram.to_mermaid()).svg())


def _merman() -> _Draw:
    client = import_module("merman").Merman()
    return lambda diagram: str(client.render_svg(diagram.to_mermaid(), None))


def _merm() -> _Draw:
    module = import_module("merm")
    return lambda diagram: str(module.render_diagram(diagram.to_mermaid()))


def _graphviz(diagram: Diagram) -> str:
    done = subprocess.run(["dot", "-Tsvg"], input=draw(diagram, "dot"), capture_output=True, text=True, check=True)  # noqa: S607 - from PATH
    return done.stdout


def _measure(name: str, render: _Draw, diagrams: list[Diagram], pictures: Path | None) -> _Row:
    drawn = dict[int, str]()
    times = list[float]()
    for number, diagram in enumerate(diagrams):
        start = time.perf_counter()
        try:
            drawn[number] = render(diagram)
        except Exception:  # noqa: BLE001, S112 - renderers raise what they like
            continue
        times.append((time.perf_counter() - start) * 1000)
        if pictures is not None:
            file = pictures / f"{number}-{re.sub(r'[^a-z]', '', name.lower())}.svg"
            file.write_text(drawn[number], encoding="utf-8")
    complete = sum(_is_complete(diagrams[number], svg) for number, svg in drawn.items())
    twice = Diagram.parse(_PARALLEL)
    same, foreign = render(twice) == render(twice), any("<foreignObject" in svg for svg in drawn.values())
    return _Row(name, len(drawn), complete, times, same, not foreign)


def _is_complete(diagram: Diagram, svg: str) -> bool:
    """Whether the picture says the names of all states and the labels of all edges, wherever its lines end."""
    body = re.sub(r"<style.*?</style>|<title>.*?</title>", "", svg, flags=re.DOTALL)
    text = re.sub(r"\s", "", html.unescape(re.sub(r"<[^>]*>", "", body)))
    names = [plain(state.description) or (state.name,) for state in diagram.states if state.kind == "state"]
    labels = [plain(edge.label) for edge in diagram.edges]
    return all(re.sub(r"\s", "", line) in text for lines in names + labels for line in lines)


def _readable(corpus: Path) -> Iterator[Diagram]:
    for entry in json.loads(corpus.read_text(encoding="utf-8")):
        if entry["accepts"]:
            try:
                yield Diagram.parse(entry["text"])
            except ArgentError:
                continue


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--pictures", type=Path, help="where to write the SVG files")
    arguments = parser.parse_args()
    diagrams = list(_readable(arguments.corpus))
    rows = [_measure(name, render, diagrams, arguments.pictures) for name, render in _renderers()]
    print("\n".join([f"{len(diagrams)} texts", _HEAD, *map(str, rows)]))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
