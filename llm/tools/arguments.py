"""Arguments of a function: a JSON schema for the model, and what it sends back as the function takes it."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from argentos.concurrency.foreign_code import described
from argentos.errors import InputError
from argentos.llm.tools.context import ToolContext

__all__ = ["Arguments"]

_PLAIN: Final = (bool, int, float, str, type(None))
_UNNAMED: Final = frozenset(
    {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
)


class Arguments:
    """The arguments of an annotated function.

    Args:
        function: has a type that msgspec knows at each parameter.
        what: names it, as in `the tool 'add'`.

    Raises:
        InputError: a parameter has none.

    Attributes:
        schema: an object, as JSON schema.
        description: of the function, from its docstring.
    """

    def __init__(self, function: Callable[..., Any], what: str) -> None:
        import docstring_parser  # noqa: PLC0415 - 50 ms

        self._what = what
        told = docstring_parser.parse(inspect.getdoc(function) or "")
        self.description: str = told.description or ""
        parameters, hints = _signature(function, what)
        names = [name for name in parameters if not _is_context(hints[name])]
        self._context = [name for name in parameters if name not in names]
        about = {each.arg_name: each.description for each in told.params if each.description}
        fields = [_field(name, hints[name], parameters[name].default, about) for name in names]
        try:
            self._kind: type[msgspec.Struct] = msgspec.defstruct(
                "Input", fields, kw_only=True, forbid_unknown_fields=True
            )
            self.schema: dict[str, Any] = _schema(self._kind)
            msgspec.json.Decoder(self._kind)
        except (TypeError, ValueError) as wrong:
            raise InputError(
                f"{what} has an argument that JSON cannot bring: {wrong}; annotate it otherwise"
            ) from wrong

    def read(self, given: object) -> dict[str, Any]:
        """The arguments by their names, those of the running call among them.

        Raises:
            InputError: what was given is not as the schema says; the sentence is for the model.
        """
        try:
            found = msgspec.convert(given, self._kind)
        except (msgspec.ValidationError, OverflowError, RecursionError) as wrong:
            raise InputError(f"the input of {self._what} is not as its schema says: {wrong}; call it again") from None
        arguments: dict[str, Any] = {name: getattr(found, name) for name in self._kind.__struct_fields__}
        return arguments | {name: ToolContext.current() for name in self._context}


def _signature(function: Callable[..., Any], what: str) -> tuple[Mapping[str, inspect.Parameter], dict[str, Any]]:
    parameters = inspect.signature(function).parameters
    for name, parameter in parameters.items():
        if parameter.kind in _UNNAMED:
            raise InputError(f"{what} takes {parameter}, which a model cannot name; give each argument a name")
        if parameter.annotation is parameter.empty:
            raise InputError(f"{what} has no type at its argument {name!a}; annotate it, as `{name}: str`")
    try:
        hints = get_type_hints(function, include_extras=True)
    except Exception as wrong:
        raise InputError(
            f"the annotations of {what} cannot be read: {described(wrong)}; name types that its module has"
        ) from wrong
    return parameters, hints


def _is_context(hint: object) -> bool:
    return ToolContext in (get_args(hint) or (hint,))


def _field(name: str, hint: Any, default: object, about: Mapping[str, str]) -> tuple[str, Any, Any]:
    """A field of the struct; its description is that of the docstring, unless the annotation has one."""
    metas = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    if name in about and not any(isinstance(each, msgspec.Meta) and each.description for each in metas):
        hint = Annotated[hint, msgspec.Meta(description=about[name])]
    if default is inspect.Parameter.empty:
        return name, hint, msgspec.field()
    if isinstance(default, _PLAIN):
        return name, hint, msgspec.field(default=default)
    return name, hint, msgspec.field(default_factory=lambda: default)


def _schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of a struct, with the types that it refers to inside."""
    (_,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = parts.pop(kind.__name__)
    schema.pop("title", None)
    return {**schema, "$defs": parts} if parts else schema
