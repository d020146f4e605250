"""Write docs/api.md, the page of the public API, from signatures and docstrings; `--check` compares instead."""

import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import griffe

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs/api.md"
MODULES: Final = (
    "argentos",
    "argentos.errors",
    "argentos.storage",
    "argentos.storage.testing",
    "argentos.machines",
    "argentos.machines.testing",
)
HEAD: Final = """\
# The API

Everything a program may import, by module. `make api` writes this page from the signatures and docstrings of the code;
[embedding.md](embedding.md) explains how the parts work together.
"""
_SPECIAL: Final = {"__aiter__", "__call__", "__iter__"}  # methods that a program uses by their syntax
_STARS: Final = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
_INSIDE: Final = "\nReading order"  # what follows is for those who read the code

Definition: TypeAlias = griffe.Object | griffe.Alias


def main(arguments: list[str]) -> int:
    """Write the page, or tell whether it is as it would be written."""
    page = generate()
    if arguments != ["--check"]:
        PAGE.write_text(page, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page:
        print("docs/api.md is not what the docstrings say; run `make api`", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def generate() -> str:
    """The page as a text."""
    package = griffe.load("argentos", search_paths=[ROOT], docstring_parser="google", resolve_aliases=True)
    anchors: dict[str, str] = {}  # by the path of each definition that stands on the page
    parts = [HEAD]
    for name in MODULES:
        module = package[name.partition(".")[2]] if "." in name else package
        parts += _module(name, module, anchors)
    return _formatted("\n".join(parts))


def _formatted(page: str) -> str:
    """The page with its signatures laid out as all code here is."""
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(PAGE), "-"]
    return subprocess.run(ruff, input=page, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our tool


def _module(name: str, module: Definition, anchors: dict[str, str]) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{_docstring(module).partition(_INSIDE)[0].rstrip()}\n"
    names = [str(each) for each in module.exports or () if str(each) != "__version__"]
    exported = {each: _target(module[each]) for each in names}
    new = {each: target for each, target in sorted(exported.items()) if target.path not in anchors}
    for each, target in new.items():
        anchors[target.path] = _anchor(each, anchors.values())
    yield "\n".join(["| name | |", "|---|---|", *(_row(each, target, anchors) for each, target in new.items())]) + "\n"
    above = ", ".join(_link(each, exported[each], anchors) for each in sorted(exported) if each not in new)
    if above:
        yield f"Also here, and described above: {above}.\n"
    for each, target in new.items():
        yield from _definition(each, target, anchors)


def _anchor(name: str, taken: Collection[str]) -> str:
    """The anchor that GitHub gives to the heading: small, and numbered where it comes again."""
    same = sum(re.fullmatch(rf"{name.lower()}(-\d+)?", each) is not None for each in taken)
    return f"{name.lower()}-{same}" if same else name.lower()


def _row(name: str, target: Definition, anchors: Mapping[str, str]) -> str:
    """A line of a module's contents: a name, and the first paragraph of its docstring."""
    sentence = " ".join(_docstring(target).partition("\n\n")[0].split()).replace("|", "\\|")
    return f"| {_link(name, target, anchors)} | {sentence} |"


def _link(name: str, target: Definition, anchors: Mapping[str, str]) -> str:
    return f"[`{name}`](#{anchors[target.path]})"


def _target(definition: Definition) -> Definition:
    return definition.final_target if isinstance(definition, griffe.Alias) else definition


def _definition(name: str, target: Definition, anchors: Mapping[str, str]) -> Iterator[str]:
    yield f"### {name}\n"
    if isinstance(target, griffe.Class):
        yield from _class(target, anchors)
    elif isinstance(target, griffe.Function):
        yield from _code(f"{_signature(target)}: ...")
        yield from _sections(target)
    elif isinstance(target, griffe.Attribute):
        annotation = "" if target.annotation is None else f": {target.annotation}"
        yield from _code(f"{name}{annotation} = {target.value}")
        yield from _sections(target)


def _class(target: griffe.Class, anchors: Mapping[str, str]) -> Iterator[str]:
    members = _public_members(target)
    bases = ", ".join(str(each) for each in target.bases)
    head = f"class {target.name}{f'({bases})' if bases else ''}"
    fields = [_field(each) for each in members if isinstance(each, griffe.Attribute) and _is_field(each)]
    init = target.members.get("__init__")
    is_described = "dataclass" not in target.labels and _describes_arguments(target)
    if isinstance(init, griffe.Function) and is_described:
        yield from _code(f"{head}:\n    def __init__{_parameters(init.parameters)} -> None: ...")
    elif fields:
        yield from _code("\n".join([f"{head}:", *fields]))
    else:
        yield from _code(f"{head}: ...")
    yield from _sections(target)
    inherited = [each for each in members if _is_described_by_base(each)]
    if inherited:
        yield f"As its base says: {', '.join(f'`{each.name}`' for each in inherited)}.\n"
    for each in members:
        if each not in inherited:
            yield from _member(target, each)
    yield from _of_bases(target, anchors)


def _of_bases(target: griffe.Class, anchors: Mapping[str, str]) -> Iterator[str]:
    """A line for each base on the page that describes methods of the class."""
    for base in target.resolved_bases:
        if isinstance(base, griffe.Class) and base.path in anchors and "ABC" in {str(each) for each in base.bases}:
            names = [each.name for each in _public_members(base) if each.name not in target.members]
            links = [f"[`{each}`](#{base.name.lower()}{each})" for each in names]
            yield f"And what `{base.name}` has: {', '.join(links)}.\n"


def _public_members(target: griffe.Class) -> list[Definition]:
    return [each for each in target.members.values() if _is_public(each)]


def _describes_arguments(target: griffe.Class) -> bool:
    """Whether a program makes objects of the class itself, rather than being given them."""
    return any(section.kind is griffe.DocstringSectionKind.parameters for section in _parsed(target))


def _is_described_by_base(member: Definition) -> bool:
    return _docstring(member).startswith("See `") and _docstring(member).endswith("`.")


def _is_public(member: Definition) -> bool:
    return member.name in _SPECIAL if member.name.startswith("__") else not member.name.startswith("_")


def _is_field(attribute: griffe.Attribute) -> bool:
    """Whether it stands in the body of its class with its type, and not in that of a method."""
    around = attribute.parent.members.values() if attribute.parent else ()
    methods = [each for each in around if isinstance(each, griffe.Function)]
    is_in_body = not any((each.lineno or 0) <= (attribute.lineno or 0) <= (each.endlineno or 0) for each in methods)
    return is_in_body and attribute.annotation is not None and attribute.labels.isdisjoint({"property", "cached"})


def _field(attribute: griffe.Attribute) -> str:
    default = "" if attribute.value is None else f" = {attribute.value}"
    return f"    {attribute.name}: {attribute.annotation}{default}"


def _member(target: griffe.Class, member: Definition) -> Iterator[str]:
    if isinstance(member, griffe.Function):
        signature = f"{_signature(member)}: ..."
    elif isinstance(member, griffe.Attribute) and "property" in member.labels:
        signature = f"{member.name}: {member.annotation}"
    else:
        return
    yield f"#### {target.name}.{member.name}\n"
    yield from _code(signature)
    yield from _sections(member)


# Signatures ---------------------------------------------------------------------------------------------------


def _signature(function: griffe.Function) -> str:
    decorators = "".join(
        f"@{each.value}\n" for each in function.decorators if str(each.value) in {"classmethod", "staticmethod"}
    )
    asynchronous = "async " if "async" in function.labels else ""
    returns = "" if function.returns is None else f" -> {function.returns}"
    return f"{decorators}{asynchronous}def {function.name}{_parameters(function.parameters)}{returns}"


def _parameters(parameters: griffe.Parameters) -> str:
    """The parameters in brackets, as Python writes them."""
    return f"({', '.join(_each_parameter(parameters))})"


def _each_parameter(parameters: griffe.Parameters) -> Iterator[str]:
    before: griffe.ParameterKind | None = None
    for each in parameters:
        keyword = each.kind is griffe.ParameterKind.keyword_only
        if keyword and before not in {griffe.ParameterKind.keyword_only, griffe.ParameterKind.var_positional}:
            yield "*"
        if each.kind is not griffe.ParameterKind.positional_only and before is griffe.ParameterKind.positional_only:
            yield "/"
        before = each.kind
        stars = _STARS.get(each.kind, "") if each.kind else ""
        annotation = "" if each.annotation is None else f": {each.annotation}"
        default = "" if stars or each.default is None else f" = {each.default}"
        yield f"{stars}{each.name}{annotation}{default}"


# Docstrings ---------------------------------------------------------------------------------------------------


def _docstring(definition: Definition) -> str:
    return "" if definition.docstring is None else definition.docstring.value


def _parsed(definition: Definition) -> list[griffe.DocstringSection]:
    if definition.docstring is None:
        return []
    return definition.docstring.parse("google", returns_named_value=False)


def _code(text: str) -> Iterator[str]:
    yield f"```python\n{text}\n```\n"


def _sections(definition: Definition) -> Iterator[str]:
    for section in _parsed(definition):
        match section:
            case griffe.DocstringSectionText():
                yield f"{section.value}\n"
            case griffe.DocstringSectionParameters():
                yield from _list("Arguments", ((f"`{each.name}`", each.description) for each in section.value))
            case griffe.DocstringSectionAttributes():
                yield from _list("Attributes", ((f"`{each.name}`", each.description) for each in section.value))
            case griffe.DocstringSectionRaises():
                yield from _list("Raises", ((_errors(each.annotation), each.description) for each in section.value))
            case griffe.DocstringSectionReturns() | griffe.DocstringSectionYields():
                what = "Returns" if isinstance(section, griffe.DocstringSectionReturns) else "Yields"
                yield f"{what}: {' '.join(' '.join(each.description for each in section.value).split())}\n"
            case _:
                raise NotImplementedError(f"{definition.path}: a section of {section.kind} in its docstring")


def _errors(annotation: str | griffe.Expr | None) -> str:
    """The names of one error or of several."""
    return ", ".join(f"`{each.strip()}`" for each in str(annotation).strip("()").split(","))


def _list(title: str, items: Iterable[tuple[str, str]]) -> Iterator[str]:
    lines = "\n".join(f"- {name}: {' '.join(description.split())}" for name, description in items)
    yield f"{title}:\n\n{lines}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
