"""Requests of the Bot API, read and checked as its published types have them."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final, cast

import aiogram.methods
from aiogram.methods import TelegramMethod
from aiohttp import BodyPartReader
from aiohttp.web import Request
from pydantic import ValidationError

__all__ = ["Call", "Refused", "read_call"]

_TEXTS: Final = frozenset({"text", "caption", "callback_query_id", "file_id", "action", "parse_mode", "url"})


def _methods() -> dict[str, type[TelegramMethod[Any]]]:
    """The published methods, by their names in small letters."""
    found: dict[str, type[TelegramMethod[Any]]] = {}
    for each in vars(aiogram.methods).values():
        if isinstance(each, type) and TelegramMethod in each.__mro__[1:]:
            method = cast("type[TelegramMethod[Any]]", each)
            if hasattr(method, "__api_method__"):
                found[method.__api_method__.lower()] = method
    return found


_METHODS: Final[Mapping[str, type[TelegramMethod[Any]]]] = _methods()


class Refused(Exception):  # noqa: N818 - it is an answer
    """The answer that something is refused.

    Attributes:
        status: of HTTP.
        retry_after: seconds.
    """

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.retry_after = retry_after


class Call:
    """A call of a method: its name, its checked arguments, and the files that came with it."""

    def __init__(self, name: str, arguments: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        self.name = name
        self.arguments = arguments
        self.files = files

    def get(self, name: str) -> Any:
        """An argument; None where it was not given."""
        return self.arguments.get(name)

    @property
    def markup(self) -> dict[str, Any]:
        """The buttons; empty where there are none."""
        return cast("dict[str, Any]", self.arguments.get("reply_markup") or {})

    def file(self, name: str) -> bytes:
        """The bytes of an argument that is a file."""
        given = str(self.arguments.get(name, ""))
        return self.files.get(given.removeprefix("attach://"), b"")


async def read_call(name: str, request: Request, played: Collection[str]) -> Call:
    """Read a request.

    Args:
        name: of the method.
        request: to it.
        played: the methods that are played.

    Raises:
        Refused: there is no such method, or an argument is not of its published type.
    """
    method = _METHODS.get(name.lower())
    if method is None or method.__api_method__ not in played:
        raise Refused(404, "Not Found: method not found")
    given, files = await _form(request)
    arguments = {key: _value(key, text) for key, text in given.items()}
    unknown = arguments.keys() - method.model_fields.keys()
    if unknown:
        raise Refused(400, f"Bad Request: {method.__api_method__} has no {', '.join(sorted(unknown))}")
    try:
        checked = method.model_validate(arguments)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(400, f"Bad Request: {method.__api_method__}.{first['loc']}: {first['msg']}") from error
    return Call(method.__api_method__, {key: arguments[key] for key in checked.model_fields_set}, files)


async def _form(request: Request) -> tuple[dict[str, str], dict[str, bytes]]:
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    if not request.content_type.startswith("multipart/"):
        return {key: str(value) for key, value in (await request.post()).items()}, files
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name is not None:
            data = bytes(await part.read())
            if part.filename is None:
                texts[part.name] = data.decode()
            else:
                files[part.name] = data
    return texts, files


def _value(key: str, text: str) -> Any:
    if key in _TEXTS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
