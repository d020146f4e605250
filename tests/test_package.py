"""The package as it is laid out, installed and exported."""

import ast
import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import argentos
import argentos.errors

ROOT = Path(__file__).parent.parent
FOLDERS = ("actors", "concurrency", "diagrams", "gateway", "llm", "machines", "storage")


def setuptools_table() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["tool"]["setuptools"]
    return table


def packages_on_disk() -> dict[str, str]:
    """Every folder with an `__init__.py`, by its import name."""
    found = {"argentos": "argentos"}
    for folder in FOLDERS:
        for init in sorted((ROOT / folder).rglob("__init__.py")):
            path = init.parent.relative_to(ROOT).as_posix()
            found["argentos." + path.replace("/", ".")] = path
    return found


def test_the_list_of_packages_is_the_folders() -> None:
    table = setuptools_table()
    assert sorted(table["packages"]) == sorted(packages_on_disk())
    assert table["package-dir"] == {"": "."}  # one path, as type checkers follow it where it is installed editable


def test_every_root_folder_has_its_link_in_the_facade() -> None:
    links = {path.name: path.readlink().as_posix() for path in (ROOT / "argentos").iterdir() if path.is_symlink()}
    assert links == {folder: f"../{folder}" for folder in FOLDERS}


def test_the_facade_holds_nothing_but_names_errors_inputs_and_links() -> None:
    files = {path.name for path in (ROOT / "argentos").iterdir() if path.is_file() and not path.is_symlink()}
    assert files == {"__init__.py", "__main__.py", "errors.py", "inputs.py", "py.typed"}


def test_every_exported_name_can_be_imported() -> None:
    assert sorted(argentos.__all__) == argentos.__all__
    for name in argentos.__all__:
        assert getattr(argentos, name) is not None


def test_what_is_exported_is_what_dir_shows_and_what_type_checkers_see() -> None:
    assert set(argentos.__all__) <= set(dir(argentos))
    tree = ast.parse((ROOT / "argentos" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen | {"__version__"} == set(argentos.__all__)


def test_every_record_and_event_can_be_named() -> None:
    records = {kind.__name__ for kind in get_args(argentos.Record)}
    events = {kind.__name__ for kind in get_args(argentos.Event)}
    assert records | events <= set(argentos.__all__)


def test_every_error_can_be_named() -> None:
    assert set(argentos.errors.__all__) <= set(argentos.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = argentos.Nonsense


def test_every_folder_exports_sorted_names_that_exist() -> None:
    for name in packages_on_disk():
        module = importlib.import_module(name)
        exported: list[str] = getattr(module, "__all__", [])
        for each in exported:
            assert hasattr(module, each)


def errors_in_the_drawing() -> list[tuple[int, str]]:
    """Depth and name of every line of the tree in the docstring."""
    drawn = (argentos.errors.__doc__ or "").splitlines()
    tree = [line for line in drawn if line.startswith("    ") and "Error" in line]
    return [(len(line) - len(line.lstrip(" │├└─")) - 4, line.strip(" │├└─").split()[0]) for line in tree]


def test_the_drawn_tree_of_errors_is_the_tree() -> None:
    parents: list[tuple[int, str]] = []
    for depth, name in errors_in_the_drawing():
        error: type[Exception] = getattr(argentos.errors, name)
        parents = [each for each in parents if each[0] < depth]
        if parents:
            assert error.__bases__ == (getattr(argentos.errors, parents[-1][1]),)
        parents.append((depth, name))
    assert sorted(name for _, name in errors_in_the_drawing()) == argentos.errors.__all__


def imports_of(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line.strip().startswith(("from argentos.", "import argentos."))]
    return {each[1].split(".")[1] for each in words}


def test_imports_run_only_downwards() -> None:
    order = ("diagrams", "concurrency", "machines", "storage", "llm", "actors", "gateway")
    for height, folder in enumerate(order):
        allowed = {*order[: height + 1], "errors", "inputs"}
        for path in (ROOT / folder).rglob("*.py"):
            assert imports_of(path) <= allowed, path


ROOMS = (
    "actors/control",
    "actors/core",
    "actors/core/commands",
    "actors/core/decisions",
    "actors/outbox",
    "actors/pairing",
    "actors/routing",
    "actors/scheduling",
    "actors/sessions",
    "actors/transcripts",
    "gateway/access",
    "gateway/access/limits",
    "gateway/server",
    "machines",
    "machines/drawing/picture",
    "machines/layout",
    "storage",
    "storage/disk",
    "storage/file_store",
    "storage/files",
    "storage/repair",
    "storage/testing",
    "storage/wal",
)
"""The folders whose docstrings say in which order they are read."""


def reading_order(room: str) -> list[str]:
    """The modules and folders of a room, as the docstring of the package lists them."""
    lines = (importlib.import_module("argentos." + room.replace("/", ".")).__doc__ or "").splitlines()
    return [line.split()[0] for line in lines if line.startswith("    ")]


def parts_of(room: str) -> list[Any]:
    return [pytest.param(room, part, id=f"{room}/{part}") for part in reading_order(room)]


def imported_from(room: str, path: Path) -> Iterator[str]:
    """The parts of a room that a file imports."""
    name = "argentos." + room.replace("/", ".")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        found = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            found = [f"{node.module}.{each.name}" for each in node.names]
        yield from (each.removeprefix(name + ".").partition(".")[0] for each in found if each.startswith(name + "."))


@pytest.mark.parametrize("room", ROOMS)
def test_the_reading_order_of_a_room_lists_every_module_and_folder(room: str) -> None:
    inside = [path for path in (ROOT / room).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert sorted(reading_order(room)) == sorted(path.stem for path in inside if path.name != "__init__.py")


@pytest.mark.parametrize(("room", "part"), [each for room in ROOMS for each in parts_of(room)])
def test_a_part_of_a_room_imports_only_parts_above_it(room: str, part: str) -> None:
    order = reading_order(room)
    file = ROOT / room / f"{part}.py"
    for path in [file] if file.exists() else (ROOT / room / part).rglob("*.py"):
        below = {each for each in imported_from(room, path) if each in order} - {*order[: order.index(part) + 1]}
        assert not below, path


@pytest.mark.parametrize("folder", ["actors", "concurrency", "gateway", "llm", "machines", "storage"])
def test_no_folder_has_more_than_fourteen_files_of_code(folder: str) -> None:
    for init in (ROOT / folder).rglob("__init__.py"):
        assert len(list(init.parent.glob("*.py"))) <= 14, init.parent


WORDED = {
    "actors": "**/*.py",
    "argentos": "*.py",
    "concurrency": "**/*.py",
    "gateway": "**/*.py",
    "llm": "**/*.py",
    "machines": "**/*.py",
    "storage": "**/*.py",
}
RIDDLES = ("How", "That", "Those", "What", "Where", "Which", "Who", "Whoever", "Whose", "Why")


def docstrings(folder: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / folder).glob(WORDED[folder])):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}: {getattr(node, 'name', 'module')}", ast.get_docstring(node) or ""


@pytest.mark.parametrize("folder", WORDED)
def test_a_docstring_begins_with_a_noun_or_a_verb(folder: str) -> None:
    assert [place for place, text in docstrings(folder) if text.startswith(tuple(f"{each} " for each in RIDDLES))] == []
