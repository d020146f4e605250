"""Icons in one style sheet: they are there with the page, also where the gateway does not answer any more."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

__all__ = ["ICONS", "icon_sheet"]

ICONS: Final = "vendor/lucide/"
"""The folder of the pictures; an icon is called as its file."""

_SPARE: Final = re.compile(r"<!--.*?-->|\s*class=\"[^\"]*\"|\n\s*", re.DOTALL)


def icon_sheet(pictures: Mapping[str, bytes]) -> bytes:
    """The style sheet of some pictures in SVG, by their names."""
    return "\n".join(_rule(name, picture.decode()) for name, picture in pictures.items()).encode()


def _rule(name: str, picture: str) -> str:
    small = _SPARE.sub(lambda found: " " if found[0].startswith("\n") else "", picture)
    return f'[data-icon="{name}"] {{ --icon: url("data:image/svg+xml,{quote(small.strip(), safe=" =:/")}"); }}'
