"""The caller, as it is told of itself."""

from argentos.gateway.access.signing import WhoAmI
from argentos.gateway.api.call import Call
from argentos.gateway.api.routes import PREFIX, Route

__all__ = ["ROWS"]


async def who_am_i(call: Call) -> WhoAmI:
    """Show who asks: the name of the token, what it may do, and whose sessions it sees."""
    return WhoAmI.of(call.caller)


ROWS = (Route("GET", f"{PREFIX}/whoami", who_am_i, scope="read"),)
