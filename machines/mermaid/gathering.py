"""The states that a text speaks of, and where mermaid draws each."""

from typing import NamedTuple

from argentos.machines.mermaid.elements import OUTSIDE, Kind, Place, State

__all__ = ["Gathering", "Home", "Problem"]


class Home(NamedTuple):
    """The region of a composite state; the top, where the name is empty."""

    within: str = ""
    region: int = 0


class Problem(NamedTuple):
    """Something that mermaid draws otherwise than it was meant, and where it stands."""

    sentence: str
    place: Place


class _Draft:
    def __init__(self, place: Place, home: Home, kind: Kind) -> None:
        self.place = place
        self.home = home
        self.kind: Kind = kind
        self.descriptions: list[tuple[str, Place]] = []
        self.parts = 0  # how often it is opened as a composite state
        self.regions = 0

    @property
    def description(self) -> str:
        return "\n".join(text for text, _ in self.descriptions)


class Gathering:
    """Gathers states in the order in which the text first names them.

    A state stands in the last composite state that mentions it. What stands outside all of them says nothing about
    where a state stands.

    Attributes:
        problem: the first of what mermaid would draw otherwise than meant; None while there is none.
    """

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}
        self.problem: Problem | None = None

    def mention(self, name: str, place: Place, home: Home, *, kind: Kind = "state") -> None:
        """The text names the state, or `[*]`, which is none."""
        if name == OUTSIDE:
            return
        draft = self._drafts.setdefault(name, _Draft(place, home, kind))
        if kind not in ("state", draft.kind):
            first = f"for line {draft.place.line} names it first; write 'state {name} <<{kind}>>' above that"
            self._note(f"mermaid draws {name} as a {_shown(draft.kind)}, {first}", place)
        if home.within:
            self._move(name, draft, home, place)

    def declare(self, name: str, place: Place, home: Home, *descriptions: str, kind: Kind = "state") -> None:
        """A statement is about this state."""
        self.mention(name, place, home, kind=kind)
        draft = self._drafts[name]
        draft.descriptions += [(each, place) for each in descriptions if each]
        if draft.kind != "state" and draft.descriptions:
            self._note(f"mermaid draws a {draft.kind} that has a text as a plain state; remove the text", place)
        self._check_descriptions(name, draft)

    def open(self, name: str, place: Place) -> None:
        """The state holds what follows."""
        draft = self._drafts[name]
        draft.parts += 1
        if draft.kind != "state":
            self._note(f"{name} is a {draft.kind}, and so holds no states", place)
        self._check_descriptions(name, draft)

    def compose(self, name: str, place: Place, regions: int) -> None:
        """The part of the state that began at this place ends, and has so many regions."""
        draft = self._drafts[name]
        draft.regions = max(draft.regions, regions)
        if draft.parts > 1 and draft.regions > 1:
            self._note(f"{name} has parallel regions, and so is written in one part; move this into the other", place)

    def states(self) -> tuple[State, ...]:
        """All states."""
        return tuple(
            State(name, draft.description, draft.place, draft.kind, *draft.home, regions=draft.regions)
            for name, draft in self._drafts.items()
        )

    def _move(self, name: str, draft: _Draft, home: Home, place: Place) -> None:
        around = home.within
        while around:
            if around == name:
                inside = "itself" if home.within == name else f"{home.within}, which stands in it"
                problem = (
                    f"{name} is mentioned within {inside}, and mermaid would draw it there; write this outside {name}"
                )
                self._note(problem, place)
                return
            around = self._drafts[around].home.within
        draft.home = home

    def _check_descriptions(self, name: str, draft: _Draft) -> None:
        if draft.parts and len(draft.descriptions) > 1:
            sentence = f"{name} holds states, and so can have one description only; remove this one"
            self._note(sentence, draft.descriptions[1][1])

    def _note(self, sentence: str, place: Place) -> None:
        self.problem = self.problem or Problem(sentence, place)


def _shown(kind: Kind) -> str:
    return "plain state" if kind == "state" else kind
