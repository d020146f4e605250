"""Access tokens: named, with scopes, perhaps bound to an owner; of each only a hash is kept.

A token is 256 random bits behind its public id, so that one round of SHA-256 is enough to hide it.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct, structs

from argentos.errors import InputError
from argentos.gateway.access.caller import SCOPES, Caller, Scope
from argentos.gateway.access.files import PrivateFile, gateway_folder
from argentos.inputs import as_choice, as_id

__all__ = ["TOKEN_PATTERN", "Token", "Tokens", "hashed"]

TOKEN_PATTERN: Final = re.compile(rb"argent_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
"""The form of every token, by which one is found where it should not be."""

_NOBODY: Final = hashlib.sha256(b"").hexdigest()  # compared with where the id is not known, to take as long
_MOST: Final = 10_000


class Token(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An access token without its secret.

    Attributes:
        id: stands in the token itself.
        name: by which people and logs call it.
        scopes: what it allows.
        owner: the only one whose sessions it shows; None shows all.
        sha256: of the token, in hexadecimal digits.
        created_at: when it was made, or last rotated.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    owner: str | None = None
    sha256: str
    created_at: datetime

    @property
    def caller(self) -> Caller:
        """The caller who has this token."""
        return Caller(self.name, frozenset(self.scopes), self.owner)


class _Content(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file of tokens."""

    version: Literal[1] = 1
    tokens: tuple[Token, ...] = ()


def hashed(secret: str) -> str:
    """The hash of a secret of 256 random bits, in hexadecimal digits."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


class Tokens:
    """The tokens of a state directory, as they are at each moment: what another process changes holds at once.

    Every method may raise `StoreDamagedError` where their file cannot be read: then no token is known.

    Args:
        state_dir: whose `gateway/tokens.json` has them.
    """

    def __init__(self, state_dir: Path) -> None:
        path = gateway_folder(state_dir) / "tokens.json"
        self._file = PrivateFile(path, _Content, "mend it, or move it away and make new tokens")
        self._content: _Content | None = None
        self._by_id: dict[str, Token] = {}

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def all(self) -> tuple[Token, ...]:
        """The tokens, in the order in which they were made."""
        return self._file.read().tokens

    def get(self, token_id: str) -> Token | None:
        """The token of an id; None where there is none."""
        content = self._file.read()
        if content is not self._content:
            self._content, self._by_id = content, {each.id: each for each in content.tokens}
        return self._by_id.get(token_id)

    def named(self, name: str) -> Token:
        """The token of a name.

        Raises:
            InputError: there is none.
        """
        return _named(self.all(), name)

    def operator(self) -> Token:
        """The token as which people sign in who do not say as which: the first that may do everything.

        Raises:
            InputError: none may.
        """
        for each in self.all():
            if each.scopes == SCOPES and each.owner is None:
                return each
        raise InputError("no token may do everything; make one with `argent gateway token new admin`")

    def find(self, secret: str) -> Token | None:
        """The token that this secret is; None where it is none. It takes as long for every secret of that form."""
        found = TOKEN_PATTERN.fullmatch(secret.encode(errors="replace"))
        token = self.get(found[1].decode()) if found else None
        is_same = hmac.compare_digest(hashed(secret), token.sha256 if token else _NOBODY)
        return token if is_same else None

    def new(self, name: str, scopes: Collection[Scope] = SCOPES, owner: str | None = None) -> str:
        """Make a token; gives it, whose secret is not kept.

        Args:
            name: not yet given to another one.
            scopes: what it allows; by default everything.
            owner: the only one whose sessions it shows.

        Raises:
            InputError: the name is taken, or something cannot be used.
            StoreError: the file cannot be written.
        """
        name = as_id(name, "the name of the token")
        allowed = _checked(scopes)
        bound = None if owner is None else as_id(owner, "the owner")

        def change(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
            if any(each.name == name for each in tokens):
                raise InputError(f"there is a token {name!a} already; rotate or revoke it, or choose another name")
            if len(tokens) >= _MOST:
                raise InputError(f"there are {len(tokens)} tokens already; revoke some")
            return (*tokens, token)

        secret = _secret(secrets.token_hex(6))
        token = _token(secret, name, allowed, bound)
        self._change(change)
        return secret

    def rotate(self, name: str) -> str:
        """Give a token another secret, from now on the only one; gives it.

        Raises:
            InputError: there is none of this name.
            StoreError: the file cannot be written.
        """
        made: list[str] = []

        def change(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
            old = _named(tokens, name)
            made[:] = [_secret(old.id)]
            new = structs.replace(old, sha256=hashed(made[0]), created_at=datetime.now(UTC))
            return tuple(new if each is old else each for each in tokens)

        self._change(change)
        return made[0]

    def revoke(self, name: str) -> Token:
        """Remove a token; gives what it was.

        Raises:
            InputError: there is none of this name.
            StoreError: the file cannot be written.
        """
        gone: list[Token] = []

        def change(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
            gone[:] = [_named(tokens, name)]
            return tuple(each for each in tokens if each is not gone[0])

        self._change(change)
        return gone[0]

    def _change(self, change: Callable[[tuple[Token, ...]], tuple[Token, ...]]) -> None:
        self._file.change(lambda content: structs.replace(content, tokens=change(content.tokens)))


def _secret(token_id: str) -> str:
    return f"argent_{token_id}_{secrets.token_urlsafe(32)}"


def _token(secret: str, name: str, scopes: tuple[Scope, ...], owner: str | None) -> Token:
    return Token(
        id=secret.split("_")[1],
        name=name,
        scopes=scopes,
        owner=owner,
        sha256=hashed(secret),
        created_at=datetime.now(UTC),
    )


def _checked(scopes: Collection[Scope]) -> tuple[Scope, ...]:
    given = {as_choice(each, SCOPES, "the scope") for each in scopes}
    if not given:
        raise InputError(f"the token has no scope; give it some of {', '.join(SCOPES)}")
    return tuple(each for each in SCOPES if given.issuperset({each}))


def _named(tokens: Iterable[Token], name: str) -> Token:
    known = {each.name: each for each in tokens}
    if name not in known:
        names = ", ".join(f"{each!a}" for each in known)
        others = f"there are: {names}" if names else "there is none yet; `argent gateway token new` makes one"
        raise InputError(f"there is no token {name!a}; {others}")
    return known[name]
