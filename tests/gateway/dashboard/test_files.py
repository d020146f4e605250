"""The files of the dashboard: whole, of known origin, and nothing among them that nobody asks for."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import argentos.gateway
from argentos.gateway.dashboard.files import dashboard_files

STATIC = Path(argentos.gateway.__file__).resolve().parent / "static"
VENDOR = STATIC / "vendor"
LONGEST = 300  # lines of a module


def modules() -> dict[Path, str]:
    """Our own modules, with their text."""
    return {
        path: path.read_text(encoding="utf-8") for path in sorted(STATIC.rglob("*.js")) if VENDOR not in path.parents
    }


def vendored() -> Iterator[tuple[str, str]]:
    """The path of each vendored file, with its hash."""
    for line in (VENDOR / "VENDORED").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9a-f]{64} ", line):
            digest, path, _ = line.split()
            yield path, digest


def test_every_file_of_others_is_listed_with_the_hash_that_it_has() -> None:
    there = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDORED"
    }
    assert dict(vendored()) == there


def test_every_package_of_others_has_its_version_and_its_licence() -> None:
    text = (VENDOR / "VENDORED").read_text(encoding="utf-8")
    packages = re.findall(r"^\[(\S+) (\d[\d.]*) ([\w.-].*)\]$", text, re.MULTILINE)
    folders = {path.name for path in VENDOR.iterdir() if path.is_dir()}
    assert len(packages) == len(folders)
    assert all((VENDOR / folder / "LICENSE").is_file() for folder in folders)


def test_modules_import_what_is_there_and_every_module_is_imported() -> None:
    imported = {STATIC / "js" / "main.js"}
    for path, text in modules().items():
        for found in re.findall(r'(?:from|import) "(\.[^"]+)"', text):
            target = (path.parent / found).resolve()
            assert target.is_file(), f"{path.relative_to(STATIC)} imports {found}, which is not there"
            imported.add(target)
    assert set(modules()) <= imported
    libraries = {path for path in VENDOR.rglob("*.js") if "lit-html" not in path.parts}
    assert libraries <= imported


def test_modules_are_short() -> None:
    long = {path.name: len(text.splitlines()) for path, text in modules().items() if path.name != "en.js"}
    assert all(lines <= LONGEST for lines in long.values()), long


def test_every_text_is_in_the_catalogue_and_every_text_of_the_catalogue_is_used() -> None:
    catalogue = set(
        re.findall(r'^  "?([\w.+? /]+)"?:', (STATIC / "texts" / "en.js").read_text(encoding="utf-8"), re.MULTILINE)
    )
    code = "\n".join(text for path, text in modules().items() if path.name != "en.js")
    asked = (
        set(re.findall(r'\bt\(\s*"([^"]+)"', code))
        | set(re.findall(r'"([a-z][A-Za-z]*\.[A-Za-z.]+)"', code)) & catalogue
    )
    families = set(re.findall(r"`([a-z][A-Za-z]*\.(?:[a-z]+\.)?)\$\{", code))
    assert asked <= catalogue
    unused = {each for each in catalogue - asked if not any(each.startswith(family) for family in families)}
    assert not unused


def test_every_icon_that_is_used_is_there_and_no_other() -> None:
    names = {path.stem for path in (VENDOR / "lucide").glob("*.svg")}
    code = "\n".join(modules().values())
    assert {name for name in names if f'"{name}"' not in code} == set()
    asked = set(re.findall(r'\bicon(?:\(|: )"([a-z][\w-]+)"', code)) | set(re.findall(r'data-icon="([\w-]+)"', code))
    assert asked <= names


def test_icons_come_with_the_page_in_one_sheet_of_pictures_that_load_nothing() -> None:
    sheet = dashboard_files().by_path["css/icons.css"].data.decode()
    assert sheet.count("data:image/svg+xml,") == len(list((VENDOR / "lucide").glob("*.svg")))
    for encoded in re.findall(r'url\("data:image/svg\+xml,([^"]*)"\)', sheet):
        picture = ET.fromstring(unquote(encoded))  # noqa: S314 - our own
        assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert not any(path.startswith("vendor/lucide/") and path.endswith(".svg") for path in dashboard_files().by_path)


def test_nothing_is_inline_and_nothing_is_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|<script(?![^>]* src=)|\son\w+=|javascript:|https?://", page)
    for path, text in modules().items():
        assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write", text), (
            path
        )
        assert not re.search(r"[\"'`]https?://(?!www\.w3\.org/)", text), path
        assert not re.search(r'\sstyle="', text), path
    for sheet in (STATIC / "css").glob("*.css"):
        assert not re.search(r"@import|url\((?!\"\.\./vendor/)", sheet.read_text(encoding="utf-8")), sheet
