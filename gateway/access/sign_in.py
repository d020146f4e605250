"""Sign-in of people: a link with a code that is taken once, and a cookie for it. All of this blocks, briefly.

Each belongs to a token, and ends when that is rotated or revoked. Of codes and cookies only hashes are kept.
"""

import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from argentos.errors import InputError, NotAuthenticatedError, StoreError
from argentos.gateway.access.files import PrivateFile, gateway_folder, make_gateway_folder
from argentos.gateway.access.tokens import Token, Tokens, hashed
from argentos.storage.disk import durable, reading

__all__ = ["CODE_SECONDS", "COOKIE_SECONDS", "SignIns"]

CODE_SECONDS: Final = 60.0
"""Seconds for which a code can be used."""

COOKIE_SECONDS: Final = 30 * 86_400
"""Seconds for which a sign-in holds."""

_MOST_CODES: Final = 100
_MOST_SIGN_INS: Final = 1000
_LONGEST: Final = 200  # characters of a code, or of a cookie, that is looked at


class _Code(Struct, frozen=True, rename="camel"):
    """A code that was not used yet; the name of its file is its hash."""

    token: str
    token_sha256: str
    expires_at: datetime


class _SignIn(Struct, frozen=True, rename="camel"):
    """A browser that is signed in."""

    sha256: str
    token: str
    token_sha256: str
    expires_at: datetime


class _Content(Struct, frozen=True, rename="camel"):
    """The content of the file of sign-ins."""

    version: Literal[1] = 1
    sign_ins: tuple[_SignIn, ...] = ()


class SignIns:
    """The sign-ins of a state directory.

    Args:
        state_dir: has them in its folder `gateway`.
        tokens: those of the same directory.
        now: the time.
    """

    def __init__(
        self, state_dir: Path, tokens: Tokens, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._state_dir = state_dir
        self._codes = gateway_folder(state_dir) / "codes"
        self._tokens = tokens
        self._now = now
        path = gateway_folder(state_dir) / "sign-ins.json"
        self._file = PrivateFile(path, _Content, "move it away, and sign in anew")
        self._content: _Content | None = None
        self._by_hash: dict[str, _SignIn] = {}

    def new_code(self, name: str) -> str:
        """Make a code for a link, with which somebody signs in once, within a minute, as this token.

        Raises:
            InputError: there is no such token, or too many codes wait.
            StoreError: the code cannot be kept.
        """
        token, code = self._tokens.named(name), secrets.token_urlsafe(32)
        make_gateway_folder(self._state_dir)
        content = _Code(token.id, token.sha256, self._now() + timedelta(seconds=CODE_SECONDS))
        try:
            durable.make_folder(self._codes)
            if self._drop_expired() >= _MOST_CODES:
                raise InputError(f"{_MOST_CODES} links wait to be used; use one, or wait a minute")
            durable.replace(self._codes / f"{hashed(code)}.json", msgspec.json.encode(content))
        except OSError as error:
            raise StoreError(f"a code cannot be kept in {self._codes}: {error.strerror}") from error
        return code

    def redeem(self, code: str) -> tuple[str, Token]:
        """Take a code, and sign a browser in; gives its cookie, and the token as which it is.

        Raises:
            NotAuthenticatedError: the code is none, is too old, or was used before.
            StoreError: the sign-in cannot be kept.
        """
        token = self._taken(code)
        cookie, now = secrets.token_urlsafe(32), self._now()
        new = _SignIn(hashed(cookie), token.id, token.sha256, now + timedelta(seconds=COOKIE_SECONDS))

        def change(content: _Content) -> _Content:
            kept = [each for each in content.sign_ins if each.expires_at > now]
            return structs.replace(content, sign_ins=(*kept[-_MOST_SIGN_INS + 1 :], new))

        self._file.change(change)
        return cookie, token

    def find(self, cookie: str) -> Token | None:
        """The token as which a browser is signed in; None where it is not, or not any more.

        Raises:
            StoreDamagedError: the sign-ins, or the tokens, cannot be read.
        """
        content, sha256 = self._file.read(), hashed(cookie[:_LONGEST])
        if content is not self._content:
            self._content, self._by_hash = content, {each.sha256: each for each in content.sign_ins}
        found = self._by_hash.get(sha256)
        if found is None or not hmac.compare_digest(found.sha256, sha256) or found.expires_at <= self._now():
            return None
        return self._current(found.token, found.token_sha256)

    def end(self, cookie: str) -> None:
        """Sign a browser out; one that is not signed in is left alone.

        Raises:
            StoreError: that cannot be kept.
        """
        sha256 = hashed(cookie[:_LONGEST])
        if any(each.sha256 == sha256 for each in self._file.read().sign_ins):
            self._file.change(
                lambda content: structs.replace(
                    content, sign_ins=tuple(each for each in content.sign_ins if each.sha256 != sha256)
                )
            )

    def _taken(self, code: str) -> Token:
        path = self._codes / f"{hashed(code[:_LONGEST])}.json"
        try:
            content = msgspec.json.decode(reading.read(path), type=_Code)
            path.unlink()  # of several who do it at once, one succeeds
        except (OSError, msgspec.MsgspecError) as error:
            raise NotAuthenticatedError(
                "the link was used before, or is none; `argent gateway link` makes another"
            ) from error
        token = self._current(content.token, content.token_sha256)
        if content.expires_at <= self._now() or token is None:
            raise NotAuthenticatedError("the link is older than a minute; `argent gateway link` makes another")
        return token

    def _current(self, token_id: str, sha256: str) -> Token | None:
        token = self._tokens.get(token_id)
        return token if token is not None and hmac.compare_digest(token.sha256, sha256) else None

    def _drop_expired(self) -> int:
        """Remove codes that nobody has used in time; gives how many are left."""
        left = 0
        for name in reading.names(self._codes):
            path = self._codes / name
            try:
                is_over = msgspec.json.decode(reading.read(path), type=_Code).expires_at <= self._now()
            except msgspec.MsgspecError:
                is_over = True
            except FileNotFoundError:
                continue
            if is_over:
                with suppress(FileNotFoundError):
                    path.unlink()
            else:
                left += 1
        return left
