"""Defences of a gateway: what stands in the code, what is left without it, and the attack that then succeeds."""

from collections.abc import Sequence
from typing import Final

from tests.lifecycle.planted import Bug

__all__ = ["DEFENCES"]

_DOORS: Final = "tests/gateway/attacks/test_doors.py"
_BODIES: Final = "tests/gateway/attacks/test_bodies.py"
_SECRETS: Final = "tests/gateway/attacks/test_secrets.py"
_FLOODS: Final = "tests/gateway/attacks/test_floods.py"
_GUARD: Final = "gateway/access/guard.py"

DEFENCES: Final[Sequence[tuple[Bug, str]]] = (
    (
        Bug(
            "a socket needs no token",
            _GUARD,
            "        if self._is_public(request):\n",
            '        if self._is_public(request) or request["type"] == "websocket":\n',
            (),
        ),
        f"{_DOORS}::test_5_a_socket_without_a_token_that_holds_is_refused_before_it_is_accepted",
    ),
    (
        Bug(
            "the page of any origin may ask",
            "gateway/access/origins.py",
            "if origin is not None and origin.lower() != self._own(request):",
            "if origin is not None and not origin:",
            (),
        ),
        f"{_DOORS}::test_6_a_socket_of_another_page_is_refused_with_a_token_too",
    ),
    (
        Bug(
            "any name may be bound to this machine",
            _GUARD,
            "        self._access.origins.check_host(request)\n",
            "",
            (),
        ),
        f"{_DOORS}::test_7_a_foreign_host_is_misdirected",
    ),
    (
        Bug(
            "a page of another site may post where it does not say from where",
            "gateway/access/origins.py",
            "if site is not None and site not in _OURS and not is_visit:",
            "if site is not None and not site:",
            (),
        ),
        f"{_DOORS}::test_8_a_page_of_another_site_posts_nothing",
    ),
    (
        Bug("a token may stand in the address", _GUARD, "        check_address(request)\n", "", ()),
        f"{_DOORS}::test_9_a_token_in_the_address_is_refused_and_not_logged",
    ),
    (
        Bug(
            "every token may do everything",
            "gateway/api/endpoints.py",
            "            caller.check(row.scope)\n",
            "            pass\n",
            (),
        ),
        f"{_DOORS}::test_12_a_token_to_read_changes_nothing",
    ),
    (
        Bug(
            "what is connected stays so after its token",
            "gateway/access/live.py",
            "                scope.cancel()\n",
            "                pass\n",
            (),
        ),
        f"{_DOORS}::test_13_after_a_change_of_its_token_a_client_is_out_within_a_second",
    ),
    (
        Bug(
            "the sessions of all owners are everybody's",
            "gateway/access/view.py",
            "            if info is None or info.owner != self.caller.owner:\n",
            "            if info is None:\n",
            (),
        ),
        f"{_DOORS}::test_14_a_session_of_somebody_else_is_as_if_it_were_not",
    ),
    (
        Bug(
            "a message makes the session again that is deleted while its owner sends it",
            "actors/core/decisions/decider.py",
            "        if command.owner is not None and not (draft.exists and draft.metadata.owner == command.owner):\n"
            "            raise not_found(self._key)\n",
            "",
            (),
        ),
        "tests/actors/sessions/test_sessions_of_owners.py::test_it_makes_no_session",
    ),
    (
        Bug(
            "a body is read to its end, however long",
            "gateway/access/limits/bodies.py",
            "            if size > most:\n",
            "            if size < 0:\n",
            (),
        ),
        f"{_BODIES}::test_22_a_body_without_an_end_is_refused_where_the_limit_is_met",
    ),
    (
        Bug(
            "a client has all the time it likes for a body",
            "gateway/access/limits/bodies.py",
            "with anyio.CancelScope(deadline=min(deadline, anyio.current_time() + self._quiet)):",
            "with anyio.CancelScope():",
            (),
        ),
        f"{_BODIES}::test_22_a_body_that_comes_slowly_is_refused_in_time",
    ),
    (
        Bug(
            "messages over WebSocket may unpack to whatever they like",
            "gateway/server/server.py",
            "ws_max_size=_MESSAGE_BYTES",
            "ws_max_size=2**40",
            (),
        ),
        f"{_BODIES}::test_29_a_message_that_unpacks_to_more_than_it_may_closes_its_socket",
    ),
    (
        Bug(
            "the log quotes errors",
            "gateway/server/logs.py",
            "        return value.kind\n",
            "        return str(value)\n",
            (),
        ),
        f"{_SECRETS}::test_20_a_secret_in_a_message_an_error_or_a_crash_is_neither_in_the_log_nor_in_the_metrics",
    ),
    (
        Bug(
            "files have the mode that the umask leaves",
            "storage/disk/durable.py",
            "    os.fchmod(descriptor, _FILE_MODE)  # whatever the umask took or left\n",
            "    os.fchmod(descriptor, 0o666)\n",
            (),
        ),
        "tests/gateway/server/test_command.py::test_what_is_made_is_private_whatever_the_umask",
    ),
    (
        Bug(
            "whoever likes makes sessions without end",
            "gateway/access/limits/sessions.py",
            '        self._rate.take(name, f"new sessions of token {name!a}")\n',
            "",
            (),
        ),
        f"{_FLOODS}::test_27_thousands_of_new_sessions_are_capped_and_leave_nothing_behind",
    ),
    (
        Bug(
            "a cookie is enough for whatever a page of anybody asks",
            "gateway/access/authentication.py",
            "        self._origins.check_own_page(request)\n",
            "",
            (),
        ),
        "tests/gateway/access/test_sign_in.py::test_a_cookie_changes_nothing_unless_a_page_of_the_gateway_asks",
    ),
)
