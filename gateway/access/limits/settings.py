"""The limits of a gateway, as `gateway.limits` in `argent.json` sets them."""

from msgspec import Struct

__all__ = ["Limits"]


class Limits(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Limits of what clients may ask.

    Attributes:
        body_bytes: of the body of a request.
        bodies_bytes: of the bodies of all requests that are being answered.
        body_timeout: seconds until a body has to be whole.
        requests_per_second: of each token, in the long run.
        requests_burst: of each token, at once.
        requests_at_once: of each token that are being answered, streams and WebSockets included.
        strangers_per_second: requests without a token that holds, of each address, in the long run.
        strangers_burst: likewise, at once.
        connections: that are open at once.
        new_sessions_per_second: that each token may make, in the long run.
        new_sessions_burst: likewise, at once.
        sessions: of all agents; no client makes more.
    """

    body_bytes: int = 32 * 1024**2
    bodies_bytes: int = 256 * 1024**2
    body_timeout: float = 120.0
    requests_per_second: float = 200.0
    requests_burst: float = 2000.0
    requests_at_once: int = 4000
    strangers_per_second: float = 20.0
    strangers_burst: float = 200.0
    connections: int = 5000
    new_sessions_per_second: float = 2.0
    new_sessions_burst: float = 1000.0
    sessions: int = 50_000
