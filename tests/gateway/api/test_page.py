"""The page of the API, docs/gateway-api.md, says of every route, event and error what holds."""

import re
from pathlib import Path
from typing import Final

from argentos import errors
from argentos.gateway.api.streams import told
from argentos.gateway.api.streams.turns import PIECE_EVENTS
from argentos.gateway.api.table import ROUTES
from argentos.gateway.problems import problem_of

PAGE: Final = (Path(__file__).parents[3] / "docs" / "gateway-api.md").read_text(encoding="utf-8")
PREFIX: Final = "/api/v1"


def test_every_route_stands_there_with_its_scope() -> None:
    rows = {
        route: scope
        for line in PAGE.splitlines()
        if (found := re.match(r"\| (`(?:GET|POST|PATCH|DELETE) .*`) \| (\w+) \|", line))
        for route in re.findall(r"`(.*?)`", found[1])
        for scope in [found[2]]
    }
    routes = {f"{each.method} {each.path.removeprefix(PREFIX)}": each.scope or "none" for each in ROUTES}
    assert rows.items() >= routes.items()
    assert set(rows) - set(routes) == {"POST /sign-in", "POST /sign-out"}


def test_every_error_stands_there_with_its_status() -> None:
    statuses = {
        code: int(found[1])
        for line in PAGE.splitlines()
        if (found := re.match(r"\| (\d{3}) \| (.*) \|", line))
        for code in re.findall(r"`(\w+)`", found[2])
    }
    for name in errors.__all__:
        kind = getattr(errors, name)
        if kind is not errors.ArgentError:
            assert statuses[kind.code] == problem_of(kind.__new__(kind, "a sentence")).status, name


def test_every_event_stands_there() -> None:
    for name in [*PIECE_EVENTS.values(), *(each.__name__ for each in told.KINDS)]:
        assert f"`{name}`" in PAGE, name
