"""Which states a text speaks of, and where each belongs."""

from typing import NamedTuple

from argentos.machines.elements import OUTSIDE, Kind, Place, State

__all__ = ["Gathering", "Home"]


class Home(NamedTuple):
    """The region of a composite state; the top, where the name is empty."""

    within: str = ""
    region: int = 0


class _Draft:
    def __init__(self, place: Place, home: Home) -> None:
        self.place = place
        self.home = home
        self.declared = False
        self.descriptions: list[tuple[str, Place]] = []
        self.kind: Kind = "state"
        self.regions = 0

    @property
    def description(self) -> str:
        return "\n".join(text for text, _ in self.descriptions)


class Gathering:
    """Gathers states in the order in which the text first names them."""

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}

    def mention(self, name: str, place: Place, home: Home) -> None:
        """The text names the state, or `[*]`, which is none."""
        if name != OUTSIDE:
            self._drafts.setdefault(name, _Draft(place, home))

    def declare(self, name: str, place: Place, home: Home, *descriptions: str, kind: Kind = "state") -> None:
        """A statement is about this state: it belongs here, unless it was declared before."""
        self.mention(name, place, home)
        draft = self._drafts[name]
        if not draft.declared:
            draft.declared, draft.home = True, home
        draft.descriptions += [(each, place) for each in descriptions if each]
        draft.kind = draft.kind if kind == "state" else kind

    def compose(self, name: str, regions: int) -> None:
        """The state has these regions; one that is written in two parts has those of both."""
        self._drafts[name].regions = max(self._drafts[name].regions, regions)

    def described_twice(self) -> tuple[str, Place] | None:
        """A composite state with a second description, and where that stands."""
        for name, draft in self._drafts.items():
            if draft.regions and len(draft.descriptions) > 1:
                return name, draft.descriptions[1][1]
        return None

    def states(self) -> tuple[State, ...]:
        """All states."""
        return tuple(
            State(name, draft.description, draft.place, draft.kind, *draft.home, regions=draft.regions)
            for name, draft in self._drafts.items()
        )
