"""The gateway: the HTTP API and its dashboard before the sessions, and the command line.

`Gateway` and `Access` need the extra `argentos[gateway]`, and are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from argentos.errors import MissingExtraError

if TYPE_CHECKING:
    from argentos.gateway.access.guard import Access
    from argentos.gateway.api.application import Gateway

__all__ = ["Access", "Gateway"]

_PLACES: Final = {"Access": "argentos.gateway.access.guard", "Gateway": "argentos.gateway.api.application"}
_EXTRA: Final = frozenset({"prometheus_client", "starlette"})


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'argentos.gateway' has no attribute {name!r}")
    try:
        return getattr(import_module(_PLACES[name]), name)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise MissingExtraError(
            f"{name} needs the package {error.name}; install it with `pip install 'argentos[gateway]'`"
        ) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
