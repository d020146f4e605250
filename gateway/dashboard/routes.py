"""The routes of the dashboard: the page at the root, and its files."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from argentos.gateway.api.application import Gateway
from argentos.gateway.dashboard.files import File, dashboard_files
from argentos.gateway.dashboard.page import HEADERS, page_of

__all__ = ["dashboard"]

_FOREVER: Final = "public, max-age=31536000, immutable"  # the address changes with the file


def dashboard(_: Gateway) -> Sequence[BaseRoute]:
    """The dashboard, as a part of a gateway."""
    return (Route("/", _page), Route("/static/{digest}/{path:path}", _send_file))


async def _page(request: Request) -> Response:
    files = dashboard_files()
    if not request.scope["path"].endswith("/"):  # mounted, and asked for without the slash that addresses hang on
        return Response(status_code=308, headers={"Location": f"{request.url.path.rpartition('/')[2]}/"})
    return Response(page_of(files), media_type="text/html", headers={**HEADERS, "Cache-Control": "no-cache"})


async def _send_file(request: Request) -> Response:
    files = dashboard_files()
    found = files.by_path.get(request.path_params["path"])
    if found is None or request.path_params["digest"] != files.digest:
        return Response(status_code=404, headers=HEADERS)
    return _sent(found, takes_gzip="gzip" in request.headers.get("accept-encoding", ""))


def _sent(file: File, *, takes_gzip: bool) -> Response:
    is_packed = takes_gzip and file.packed is not None
    headers = {**HEADERS, "Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if is_packed else file.data, media_type=file.media_type, headers=headers)
