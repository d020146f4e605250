"""Tokens: what they allow, that only hashes of them are kept, and that what another process changes holds at once."""

import hmac
import json
import multiprocessing
import os
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from argentos.errors import InputError, ScopeError, StoreDamagedError, StoreError
from argentos.gateway.access.caller import SCOPES, Caller
from argentos.gateway.access.tokens import TOKEN_PATTERN, Tokens


@contextmanager
def umask(mask: int) -> Generator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_new_token_allows_everything_unless_it_is_told_what(tokens: Tokens) -> None:
    everything = tokens.find(tokens.new("admin"))
    reader = tokens.find(tokens.new("reader", ["read"]))
    assert everything is not None
    assert reader is not None
    assert everything.caller == Caller("admin", frozenset(SCOPES))
    assert reader.caller == Caller("reader", frozenset({"read"}))


def test_a_token_may_be_bound_to_an_owner(tokens: Tokens) -> None:
    found = tokens.find(tokens.new("maren", ["read", "write"], owner="user-maren"))
    assert found is not None
    assert found.caller.owner == "user-maren"


def test_a_caller_does_only_what_its_scopes_allow() -> None:
    reader = Caller("reader", frozenset({"read"}), "user-maren")
    reader.check("read")
    with pytest.raises(ScopeError, match="'reader' has no scope 'write'"):
        reader.check("write")
    with pytest.raises(ScopeError, match="bound to an owner"):
        reader.check_unbound()


@pytest.mark.parametrize("wrong", ["", "argent_", "x" * 10_000, "argent_000000000000_" + 43 * "A", "\ud800", "ä"])
def test_what_is_no_token_finds_none(tokens: Tokens, wrong: str) -> None:
    secret = tokens.new("admin")
    assert tokens.find(wrong) is None
    assert tokens.find(secret[:-1]) is None


def test_a_secret_of_one_token_is_none_of_another(tokens: Tokens) -> None:
    first, second = tokens.new("first"), tokens.new("second")
    mixed = f"argent_{first.split('_')[1]}_{second.split('_', 2)[2]}"
    assert TOKEN_PATTERN.fullmatch(mixed.encode())
    assert tokens.find(mixed) is None


def test_secrets_are_compared_in_constant_time_whether_the_id_is_known_or_not(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return False

    secret = tokens.new("admin")
    monkeypatch.setattr(hmac, "compare_digest", compare)
    for each in (secret, secret[:-1] + "?", "argent_000000000000_" + 43 * "A", "nonsense"):
        tokens.find(each)
    assert compared == [(64, 64)] * 4


def test_the_file_holds_hashes_and_no_secret_and_is_private_whatever_the_umask(tokens: Tokens, state: Path) -> None:
    with umask(0):
        secret = tokens.new("admin")
        secret = tokens.rotate("admin")
    text = tokens.path.read_text(encoding="utf-8")
    assert secret not in text
    assert secret.split("_", 2)[2] not in text
    assert json.loads(text)["tokens"][0]["name"] == "admin"
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(each.stat().st_mode) for each in (state, tokens.path.parent)] == [0o700, 0o700]


def test_a_rotated_token_has_another_secret_and_the_old_one_is_none(tokens: Tokens) -> None:
    old = tokens.new("admin", ["read"], "maren")
    new = tokens.rotate("admin")
    assert tokens.find(old) is None
    found = tokens.find(new)
    assert found is not None
    assert found.caller == Caller("admin", frozenset({"read"}), "maren")


def test_a_revoked_token_is_none(tokens: Tokens) -> None:
    secret = tokens.new("admin")
    assert tokens.revoke("admin").name == "admin"
    assert tokens.find(secret) is None
    assert tokens.all() == ()


def test_what_another_process_changes_holds_at_once(tokens: Tokens, state: Path) -> None:
    others = Tokens(state)
    secret = tokens.new("admin")
    for _ in range(20):
        assert others.find(secret) is not None
        again = tokens.rotate("admin")
        assert others.find(secret) is None
        secret = again
    tokens.path.unlink()
    assert others.find(secret) is None


def _make(state: Path, number: int) -> None:
    Tokens(state).new(f"token-{number}")


def test_processes_that_make_tokens_at_once_lose_none(state: Path) -> None:
    context = multiprocessing.get_context("fork")
    makers = [context.Process(target=_make, args=(state, number)) for number in range(8)]
    for each in makers:
        each.start()
    for each in makers:
        each.join(30)
    assert sorted(each.name for each in Tokens(state).all()) == [f"token-{number}" for number in range(8)]


def test_a_token_in_the_way_of_another_process_has_to_wait_only_as_long_as_that_is_there(state: Path) -> None:
    program = f"""
import fcntl, os, sys
descriptor = os.open({str(state / "gateway")!r}, os.O_RDONLY)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
    Tokens(state).new("first")
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # noqa: S603 - ours
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("argentos.gateway.access.files._PATIENCE", 0.05)
            with pytest.raises(StoreError, match="another process"):
                Tokens(state).new("second")
        holder.kill()
        holder.wait()
        Tokens(state).new("second")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version":2}', b'{"tokens":[{"id":1}]}', b"\xff", b"[" * 10**5]
)
def test_a_file_that_cannot_be_read_lets_nobody_in_and_is_left_as_it_is(
    tokens: Tokens, state: Path, content: bytes
) -> None:
    secret = tokens.new("admin")
    tokens.path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(StoreDamagedError, match=r"tokens\.json cannot be read: .*; mend it, or move it away"):
            tokens.find(secret)
    with pytest.raises(StoreDamagedError):
        Tokens(state).new("other")
    assert tokens.path.read_bytes() == content


@pytest.mark.parametrize("part", ["gateway", "gateway/tokens.json"])
def test_no_symbolic_link_is_followed(tokens: Tokens, state: Path, tmp_path: Path, part: str) -> None:
    secret = tokens.new("admin")
    (state / part).rename(tmp_path / "elsewhere")
    (state / part).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        Tokens(state).find(secret)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": ""}, "the name of the token"),
        ({"name": "admin"}, "there is a token 'admin' already"),
        ({"name": "x", "scopes": []}, "no scope"),
        ({"name": "x", "scopes": ["reed"]}, "did you mean 'read'"),
        ({"name": "x", "owner": ""}, "the owner"),
    ],
)
def test_a_token_that_cannot_be_is_refused(tokens: Tokens, arguments: dict[str, object], sentence: str) -> None:
    tokens.new("admin")
    with pytest.raises(InputError, match=sentence):
        tokens.new(**arguments)  # type: ignore[arg-type]
    assert len(tokens.all()) == 1


def test_rotating_or_revoking_what_is_not_there_is_refused_with_the_names_there_are(tokens: Tokens) -> None:
    tokens.new("admin")
    for change in (tokens.rotate, tokens.revoke, tokens.named):
        with pytest.raises(InputError, match="no token 'amdin'; there are: 'admin'"):
            change("amdin")
