"""The contract of a store, as tests for pytest; `pip install "argentos[testing]"` brings what they need.

Reading order; each imports only those above it:

    chronicle    records, and what they add up to
    story        a session, as its owner writes it
    script       generated stories
    case         hooks and fixtures
    appending    what is appended, and who may
    reading      messages by number, also those that came back, sessions in order
    backlog      sessions with work that is left
    checkpoints  snapshots, and opening
    deleting     sessions that are gone
    attachments  the bytes of pictures and documents
    durability   what is left by a crash
    lives        generated lives of a store
    conformance  all of it
"""

from argentos.errors import MissingExtraError

try:
    import pytest

    pytest.register_assert_rewrite(
        *(
            f"{__name__}.{each}"
            for each in (
                "appending",
                "attachments",
                "backlog",
                "case",
                "checkpoints",
                "deleting",
                "durability",
                "lives",
                "reading",
            )
        )
    )
    from argentos.storage.testing.conformance import StoreConformance
except ModuleNotFoundError as _error:
    if (_error.name or "").partition(".")[0] not in ("hypothesis", "pytest"):
        raise
    raise MissingExtraError(
        f"argentos.storage.testing needs {_error.name}, which the extra brings: pip install 'argentos[testing]'"
    ) from _error

__all__ = ["StoreConformance"]
