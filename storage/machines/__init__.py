"""Snapshots of machines that a `Runner` runs, in files."""

from argentos.storage.machines.snapshot_file import SnapshotFile

__all__ = ["SnapshotFile"]
