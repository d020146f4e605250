"""Loops and notes, which stand beside a state."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from argentos.machines.drawing.picture.scene import BESIDE_NOTE, BETWEEN, LOOP, Drawn, Loop, NoteBox, stack_of
from argentos.machines.layout import Box, Path, Point, number

__all__ = ["PlacedLoop", "PlacedNote", "loops_of", "notes_of"]

_RADIUS: Final = 7.0
_CLEAR: Final = 2.0


class PlacedLoop(NamedTuple):
    """A loop where it runs, and where its label lies."""

    loop: Loop
    path: Path
    label: Box


class PlacedNote(NamedTuple):
    """A note where it lies, and the line to its state; None where it floats."""

    note: NoteBox
    box: Box
    line: tuple[Point, Point] | None


def loops_of(drawn: Drawn, short: float) -> Iterator[PlacedLoop]:
    """The loops of a state, one after the other at one of its sides; their paths end `short` of their tips."""
    box, sideways = drawn.node.box, drawn.direction in {"LR", "RL"}
    rooms = [max(loop.label.size[0 if sideways else 1], LOOP[1]) for loop in drawn.loops]
    whole = sum(rooms) + BETWEEN * (len(rooms) - 1)
    at = (box.x + box.width / 2 if sideways else box.y + box.height / 2) - whole / 2
    for loop, room in zip(drawn.loops, rooms, strict=True):
        middle = at + room / 2
        yield _beneath(loop, box, middle, short) if sideways else _behind(loop, box, middle, short)
        at += room + BETWEEN


def _behind(loop: Loop, box: Box, y: float, short: float) -> PlacedLoop:
    x, (width, height) = box.x + box.width, loop.label.size
    far, top, bottom = number(x + LOOP[0] / 2), number(y - _RADIUS), number(y + _RADIUS)
    data = f"M{number(x)},{top}H{far}A{_RADIUS:g},{_RADIUS:g} 0 0 1 {far},{bottom}H{number(x + short)}"
    return PlacedLoop(
        loop, Path(data, Point(x, y + _RADIUS), Point(-1, 0)), Box(x + LOOP[0], y - height / 2, width, height)
    )


def _beneath(loop: Loop, box: Box, x: float, short: float) -> PlacedLoop:
    y, (width, height) = box.y + box.height, loop.label.size
    far, left, right = number(y + LOOP[0] / 2), number(x - _RADIUS), number(x + _RADIUS)
    data = f"M{left},{number(y)}V{far}A{_RADIUS:g},{_RADIUS:g} 0 0 0 {right},{far}V{number(y + short)}"
    return PlacedLoop(
        loop, Path(data, Point(x + _RADIUS, y), Point(0, -1)), Box(x - width / 2, y + LOOP[0], width, height)
    )


def notes_of(drawn: Drawn) -> Iterator[PlacedNote]:
    """The notes of a state, at both of its sides."""
    box = drawn.node.box
    if drawn.kind == "note":
        yield from (PlacedNote(note, box, None) for note in drawn.notes[0])
        return
    sideways = drawn.direction in {"LR", "RL"}
    for notes, is_after in zip(drawn.notes, (False, True), strict=True):
        width, height = stack_of(notes)
        across = height if sideways else width
        away = drawn.node.after - across if is_after else BESIDE_NOTE
        if sideways:
            x, y = box.x + box.width / 2, box.y + box.height + away if is_after else box.y - away - height
        else:
            x, y = box.x + box.width + away if is_after else box.x - away, box.y + (box.height - height) / 2
        for note in notes:
            left = x - note.size[0] / 2 if sideways else x if is_after else x - note.size[0]
            placed = Box(left, y, *note.size)
            facing = _below_loops(box, sideways=sideways) if is_after and drawn.loops else box
            yield PlacedNote(note, placed, _line(facing, placed, sideways=sideways))
            y += note.size[1] + BETWEEN


def _below_loops(box: Box, *, sideways: bool) -> Box:
    """The last part of a box, from which a line meets no loop."""
    if sideways:
        return Box(box.x, box.y, 2 * _CLEAR, box.height)
    return Box(box.x, box.y + box.height - 2 * _CLEAR, box.width, 2 * _CLEAR)


def _line(box: Box, note: Box, *, sideways: bool) -> tuple[Point, Point]:
    """The line between the sides of a state and of its note that face each other."""
    x, y, beside, at = box.x + box.width / 2, box.y + box.height / 2, note.x + note.width / 2, note.y + note.height / 2
    if sideways:
        below = at > y
        near = min(max(x, note.x), note.x + note.width) if box.width < note.width else beside
        return Point(x, box.y + box.height * below), Point(near, note.y + note.height * (not below))
    right = beside > x
    near = min(max(y, note.y), note.y + note.height) if box.height < note.height else at
    return Point(box.x + box.width * right, y), Point(note.x + note.width * (not right), near)
