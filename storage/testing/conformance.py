"""The conformance suite: all tests of a store in one class."""

from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from argentos.storage.testing.appending import AppendingCases, FencingCases
from argentos.storage.testing.attachments import AttachmentCases
from argentos.storage.testing.backlog import BacklogCases
from argentos.storage.testing.checkpoints import CheckpointCases, OpeningCases
from argentos.storage.testing.deleting import DeletingCases
from argentos.storage.testing.durability import DurabilityCases
from argentos.storage.testing.lives import StoreLives
from argentos.storage.testing.reading import EdgeCases, GoingBackCases, ListingCases, ReadingCases

__all__ = ["StoreConformance"]


class StoreConformance(
    AppendingCases,
    FencingCases,
    ReadingCases,
    EdgeCases,
    ListingCases,
    BacklogCases,
    CheckpointCases,
    OpeningCases,
    DeletingCases,
    GoingBackCases,
    AttachmentCases,
    DurabilityCases,
):
    """The tests that every store passes: a subclass `Test…` with `make_store` is all that pytest needs.

        class TestMyStore(StoreConformance):
            def make_store(self, place: Path) -> Store:
                return MyStore(place / "sessions.db")

    Each runs on asyncio and on trio; a fixture `anyio_backend` of the subclass says otherwise. What a store may lack it
    states itself, by `is_volatile`, and those tests are shown as skipped.

    Attributes:
        lives: the number of generated lives, of twenty steps each.
    """

    lives: ClassVar[int] = 20

    def test_whatever_happens_it_shows_what_its_records_add_up_to(self, anyio_backend_name: str) -> None:
        members = {"backend": anyio_backend_name, "make_store": staticmethod(self.make_store)}
        run_state_machine_as_test(
            type("StoreLives", (StoreLives,), members),
            settings=settings(
                max_examples=self.lives,
                stateful_step_count=20,
                deadline=None,  # a disk may be slow
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
