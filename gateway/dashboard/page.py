"""The page, which names its files, and the headers that say what it may do."""

from typing import Final

from argentos.gateway.dashboard.files import Files

__all__ = ["HEADERS", "page_of"]

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' blob: data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

HEADERS: Final = {
    "Content-Security-Policy": "; ".join(f"{kind} {sources}" for kind, sources in _POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every response of the dashboard: nothing from elsewhere, nothing inline, in no frame."""

_SHEETS: Final = ("tokens", "base", "controls", "icons", "layout", "list", "panes")  # the first ones, in this order


def page_of(files: Files) -> bytes:
    """The page; its addresses are relative, for it may be mounted anywhere."""
    at = f"static/{files.digest}"
    known = {path[4:-4] for path in files.by_path if path.startswith("css/")}
    sheets = (*_SHEETS, *sorted(known.difference(_SHEETS)))
    modules = [path for path in files.by_path if path.startswith(("js/", "texts/")) and path.endswith(".js")]
    head = [f'<link rel="stylesheet" href="{at}/css/{name}.css" />' for name in sheets]
    head += [f'<link rel="modulepreload" href="{at}/{path}" />' for path in modules]
    text = files.by_path["index.html"].data.decode()
    return text.replace("{{head}}", "\n    ".join(head)).replace("{{files}}", at).encode()
