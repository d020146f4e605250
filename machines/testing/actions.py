"""Actions that Hypothesis may draw for a life: events with their payloads, pauses, kills, new lives; and goals.

Lives go on tours to some goals each; between them anything comes that may come in a state. Which goals a tour has is a
matter of what was seen before it; so that Hypothesis can lead a life again, it draws a number, which stands for them.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from argentos.machines.guards import Findings, ask
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import facts_asked
from argentos.machines.testing.goals import DRAWN, Agenda, PlannedAction

__all__ = ["Action", "Actions", "pauses_around"]

Action: TypeAlias = tuple[Any, ...]
"""The name of a method of `Lifecycle`, and its arguments."""

_PARTS: Final = (1.0, 0.5, 2.0, 63 / 64, 1 / 3)
"""Of a timer's duration, the times that pass: it comes due exactly, within two steps, late, early, within three."""

_GOALS: Final = 8  # of one tour
_TRIES: Final = 3  # to draw a payload with which guards find what is wanted


class Actions:
    """The actions that may come in each state.

    Args:
        machine: the machine.
        events: those that are sent.
        timed: those that time raises.
        payloads: for each event what may come with it.
        pauses: seconds that may pass at once.
        agenda: the goals of all lives.
        chosen: the payload tells what the guards find, as for a `MachineSystem`.
    """

    def __init__(
        self,
        machine: Machine,
        events: Collection[str],
        timed: Collection[str],
        *,
        payloads: Mapping[str, st.SearchStrategy[Any]],
        pauses: Iterable[st.SearchStrategy[float]],
        agenda: Agenda,
        chosen: bool,
    ) -> None:
        self._payloads = payloads
        self._agenda = agenda
        waits: list[st.SearchStrategy[Action]] = [st.just(("reach",))]
        waits += [st.tuples(st.just("advance"), each) for each in pauses]
        self._wait = st.one_of(waits[1:] or waits)
        self._facts = {event: _facts(machine, {event, *timed}) if chosen else [] for event in events}
        self._sent = {event: self._with_payload(event) for event in events}
        self._free = {state: self._in(machine, state, waits) for state in machine.states}

    def __getitem__(self, state: str) -> st.SearchStrategy[Action]:
        """The actions that may come in the state: any; or, mostly, the beginning of a tour."""
        return self._free[state]

    def guided(self, life: Any) -> st.SearchStrategy[Action]:
        """The next step of the life's tour."""
        return self._resolved(life, life.tour.next(life.reference.state))

    def send(self, event: str, facts: Mapping[str, bool]) -> Action:
        """Send the event; what its guards and those of timers may ask for besides is true."""
        known = {**dict.fromkeys(self._facts[event], True), **facts}
        return ("send", event, known or None)

    def _in(self, machine: Machine, state: str, waits: list[st.SearchStrategy[Action]]) -> st.SearchStrategy[Action]:
        """All events, and as often those that it knows; time, and kills, mostly where timers run; and tours."""
        others: list[st.SearchStrategy[Action]] = [st.just(("restart",)), *waits]
        begin: st.SearchStrategy[Action] = st.just(("begin",))
        is_over = not any(machine.knows(state, event) for event in machine.events)
        known = [begin] if is_over else [each for event, each in self._sent.items() if machine.knows(state, event)]
        often = known * (len(self._sent) // max(len(known), 1))
        timely = others * (max(len(self._sent) // 4, 2) if machine.timers(state) else 1)
        free = [*often, *self._sent.values(), *timely]
        tour = st.runner().flatmap(
            lambda life: st.integers(0, 2**32 - 1).flatmap(lambda number: self._begin(life, number))
        )
        return st.sampled_from([*free, *[tour] * len(free)]).flatmap(_itself)

    def _with_payload(self, event: str) -> st.SearchStrategy[Action]:
        outcomes = dict.fromkeys(self._facts[event], st.sampled_from([True, False]))
        payload = self._payloads.get(event, st.fixed_dictionaries(outcomes) if outcomes else st.none())
        return st.tuples(st.just("send"), st.just(event), payload)

    def _begin(self, life: Any, number: int) -> st.SearchStrategy[Action]:
        life.tours = (*life.tours, number)
        life.tour = self._agenda.tour(life.tours, _GOALS)
        return self.guided(life)

    def _resolved(self, life: Any, planned: PlannedAction) -> st.SearchStrategy[Action]:
        match planned:
            case ("send", event, facts):
                if facts == DRAWN or event in self._payloads:
                    return self._sent[event]
                return st.just(self.send(event, facts))
            case ("find", event, facts):
                if event not in self._payloads:
                    return self._sent[event]
                several = st.lists(self._sent[event], min_size=_TRIES, max_size=_TRIES)
                return several.map(lambda steps: next((each for each in steps if _gives(life, each, facts)), steps[0]))
            case ("part", share):
                left = life.reference.next_due - life.reference.now
                if left <= 0:
                    return self._wait
                return st.just(("reach",) if share == 1 else ("advance", left * share))
            case ("wait", seconds):
                return st.just(("advance", seconds))
            case _:
                return st.just(planned)


def pauses_around(durations: Iterable[float]) -> list[st.SearchStrategy[float]]:
    """Seconds that reach these durations, for each."""
    return [st.sampled_from([duration * part for part in _PARTS]) for duration in durations]


def _facts(machine: Machine, events: Iterable[str]) -> list[str]:
    """The facts that the guards of these events ask for."""
    return sorted({fact for event in events for state in machine.states for fact in facts_asked(machine, state, event)})


def _gives(life: Any, step: Action, facts: Mapping[str, bool]) -> bool:
    """Tell whether the guards find these facts, as far as the system tells."""
    _, event, payload = step
    told = life.system.facts(event, payload)
    return told is not None and all(ask(name, Findings(told, payload)) is value for name, value in facts.items())


def _itself(step: st.SearchStrategy[Action]) -> st.SearchStrategy[Action]:
    return step
