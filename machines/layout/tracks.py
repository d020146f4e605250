"""Detours: where there is much to draw, long links pass beside all layers, at one side down, at the other one up."""

from collections.abc import Sequence
from typing import Final

from argentos.machines.layout.ranks import Chain, Item

__all__ = ["set_tracks"]

_APART: Final = 12.0


def set_tracks(ranks: Sequence[Sequence[Item]], chains: Sequence[Chain]) -> None:
    """Give each detour its track, the shortest ones next to the layers; those that do not meet share one."""
    items = [item for rank in ranks for item in rank]
    first = min((item.at for item in items), default=0.0)
    last = max((item.at + item.across for item in items), default=0.0)
    detours = [chain for chain in chains if chain.is_detour]
    for flipped, edge, away in ((False, last, _APART), (True, first, -_APART)):
        tracks: list[list[tuple[int, int]]] = []
        for chain in sorted(detours, key=lambda chain: chain.numbers[2] - chain.numbers[1]):
            if chain.link.is_flipped is flipped:
                chain.track = edge + away * (1 + _free(tracks, (chain.numbers[1], chain.numbers[2])))


def _free(tracks: list[list[tuple[int, int]]], span: tuple[int, int]) -> int:
    """The number of the first track on which there is room for the span, which is put there."""
    for number, spans in enumerate(tracks):
        if all(span[1] < begin or span[0] > end for begin, end in spans):
            spans.append(span)
            return number
    tracks.append([span])
    return len(tracks) - 1
