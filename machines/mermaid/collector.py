"""Collecting the states that a text names, each in the composite state where mermaid draws it."""

from typing import NamedTuple

from argentos.machines.mermaid.elements import OUTSIDE, Kind, Place, State

__all__ = ["Container", "Problem", "StateCollector"]


class Container(NamedTuple):
    """The region of a composite state; the top, where the name is empty."""

    within: str = ""
    region: int = 0


class Problem(NamedTuple):
    """Something that mermaid draws otherwise than it was meant, and where it stands."""

    sentence: str
    place: Place


class _Draft:
    def __init__(self, place: Place, container: Container, kind: Kind) -> None:
        self.place = place
        self.container = container
        self.kind: Kind = kind
        self.descriptions: list[tuple[str, Place]] = []
        self.parts = 0  # how often it is opened as a composite state
        self.regions = 0

    @property
    def description(self) -> str:
        return "\n".join(text for text, _ in self.descriptions)


class StateCollector:
    """Collects states in the order in which the text first names them.

    A state stands in the last composite state that mentions it. What stands outside all of them says nothing about
    where a state stands.

    Attributes:
        problem: the first of what mermaid would draw otherwise than meant; None while there is none.
    """

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}
        self._undrawn: list[tuple[str, Place, Container]] = []
        self.problem: Problem | None = None

    def mention(self, name: str, place: Place, container: Container, *, kind: Kind = "state") -> None:
        """Note that the text names a state; `[*]` is none."""
        if name == OUTSIDE:
            return
        draft = self._drafts.setdefault(name, _Draft(place, container, kind))
        if kind not in ("state", draft.kind):
            first = f"for line {draft.place.line} names it first; write 'state {name} <<{kind}>>' above that"
            self._note(f"mermaid draws {name} as a {_shown(draft.kind)}, {first}", place)
        if container.within:
            self._move(name, draft, container, place)

    def declare(self, name: str, place: Place, container: Container, *descriptions: str, kind: Kind = "state") -> None:
        """Note a statement about this state."""
        self.mention(name, place, container, kind=kind)
        draft = self._drafts[name]
        draft.descriptions += [(each, place) for each in descriptions if each]
        if draft.kind != "state" and draft.descriptions:
            self._note(f"mermaid draws a {draft.kind} that has a text as a plain state; remove the text", place)
        self._check_descriptions(name, draft)

    def declare_undrawn(self, name: str, place: Place, container: Container) -> None:
        """Note a declaration of which mermaid draws nothing: others have to say the same."""
        self._undrawn.append((name, place, container))

    def finish(self) -> None:
        """Note that no statement follows."""
        for name, place, container in self._undrawn:
            drawn = self._drafts.get(name)
            if drawn is None or (container.within and drawn.container != container):
                inside = f", and so not in {container.within}" if container.within else ""
                problem = f"mermaid draws nothing for 'state {name}' alone{inside}; write '{name}' without 'state'"
                self._note(problem, place)

    def open(self, name: str, place: Place) -> None:
        """Note that the state holds what follows."""
        draft = self._drafts[name]
        draft.parts += 1
        if draft.kind != "state":
            self._note(f"{name} is a {draft.kind}, and so holds no states", place)
        self._check_descriptions(name, draft)

    def compose(self, name: str, place: Place, regions: int) -> None:
        """Note that the part of the state that began at this place ends, with so many regions."""
        draft = self._drafts[name]
        draft.regions = max(draft.regions, regions)
        if draft.parts > 1 and draft.regions > 1:
            self._note(f"{name} has parallel regions, and so is written in one part; move this into the other", place)

    def states(self) -> tuple[State, ...]:
        """All states."""
        return tuple(
            State(name, draft.description, draft.place, draft.kind, *draft.container, regions=draft.regions)
            for name, draft in self._drafts.items()
        )

    def _move(self, name: str, draft: _Draft, container: Container, place: Place) -> None:
        around = container.within
        while around:
            if around == name:
                inside = "itself" if container.within == name else f"{container.within}, which stands in it"
                problem = (
                    f"{name} is mentioned within {inside}, and mermaid would draw it there; write this outside {name}"
                )
                self._note(problem, place)
                return
            around = self._drafts[around].container.within
        draft.container = container

    def _check_descriptions(self, name: str, draft: _Draft) -> None:
        if draft.parts and len(draft.descriptions) > 1:
            sentence = f"{name} holds states, and so can have one description only; remove this one"
            self._note(sentence, draft.descriptions[1][1])

    def _note(self, sentence: str, place: Place) -> None:
        self.problem = self.problem or Problem(sentence, place)


def _shown(kind: Kind) -> str:
    return "plain state" if kind == "state" else kind
