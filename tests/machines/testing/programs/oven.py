"""An oven whose door opens while it bakes, written by hand: nothing of it is read from its diagram."""

from typing import Final

DIAGRAM: Final = """\
stateDiagram-v2
    [*] --> Shut: plug in
    state Shut {
        [*] --> Idle
        Idle --> Baking: bake [is_safe] / beep
        Baking --> Idle: stop
        Baking --> Ready: after 20m / ring
        Ready --> Idle: after 60s
        Ready --> Baking: more [is_safe and not is_dirty]
        state Baking {
            [*] --> Warming
            Warming --> Hot: reached / tick
            Hot --> Warming: cooled
            Hot --> Cleaning: clean [is_dirty]
            Cleaning --> Warming: after 5m
        }
        Again : [H*]
    }
    Baking : entry / heat<br>exit / cool<br>on louder [has_power] / fan
    Shut : exit / click
    Open : entry / light<br>exit / dark
    Shut --> Open: open [not is_locked]
    Open --> Again: shut
    Open --> Alarm: after 120s / ring
    Alarm --> Again: shut / hush
    Alarm --> Broken: after 1h
    Shut --> Broken: fail
    Broken --> Shut: repair [is_safe] / test
    Broken --> [*]: scrap
"""

MINUTE: Final = 60.0
BAKING: Final = ("Warming", "Hot", "Cleaning")
SHUT: Final = ("Idle", "Ready", *BAKING)


class Oven:
    """An oven that goes on where it was when its door is shut again."""

    def __init__(self) -> None:
        self.now = 0.0
        self.place = "[*]"
        self.memory = ""
        self.since = self.baking = 0.0
        self.journal: list[tuple[str, str, str, float, float]] = []
        self.done: list[tuple[str, ...]] = []
        self.save(())

    @property
    def state(self) -> str:
        return self.place + (f" ~ Again: {self.memory}" if self.memory and self.place not in SHUT else "")

    def handle(self, event: str, facts: dict[str, bool]) -> str | None:
        """The fault of the event: the guard that refuses it, nothing where it is unknown; None if it is taken."""
        if self.place in BAKING:
            refusal = self.bake(event, facts)
        elif self.place in SHUT:
            refusal = self.rest(event, facts)
        else:
            return self.stand(event, facts)
        return self.leave(event, facts) if refusal == "" else refusal

    def bake(self, event: str, facts: dict[str, bool]) -> str | None:
        match self.place, event:
            case _, "louder":
                if not facts["has_power"]:
                    return "has_power"
                self.save(("fan",))
            case _, "stop":
                self.go("Idle")
            case "Warming", "reached":
                self.go("Hot", "tick")
            case "Hot", "cooled":
                self.go("Warming")
            case "Hot", "clean":
                if not facts["is_dirty"]:
                    return "is_dirty"
                self.go("Cleaning")
            case _:
                return ""
        return None

    def rest(self, event: str, facts: dict[str, bool]) -> str | None:
        match self.place, event:
            case "Idle", "bake":
                if not facts["is_safe"]:
                    return "is_safe"
                self.go("Warming", "beep")
            case "Ready", "more":
                if not facts["is_safe"]:
                    return "is_safe"
                if facts["is_dirty"]:
                    return "not is_dirty"
                self.go("Warming")
            case _:
                return ""
        return None

    def leave(self, event: str, facts: dict[str, bool]) -> str | None:
        match event:
            case "open":
                if facts["is_locked"]:
                    return "not is_locked"
                self.go("Open")
            case "fail":
                self.go("Broken")
            case _:
                return ""
        return None

    def stand(self, event: str, facts: dict[str, bool]) -> str | None:
        match self.place, event:
            case "[*]", "plug_in":
                self.go("Idle")
            case "Open", "shut":
                self.go(self.memory or "Idle")
            case "Alarm", "shut":
                self.go(self.memory or "Idle", "hush")
            case "Broken", "repair":
                if not facts["is_safe"]:
                    return "is_safe"
                self.go("Idle", "test")
            case "Broken", "scrap":
                self.go("[end]")
            case _:
                return ""
        return None

    def go(self, place: str, *effects: str) -> None:
        before = self.place
        left = (
            ("cool", before in BAKING, BAKING),
            ("click", before in SHUT, SHUT),
            ("dark", before == "Open", ("Open",)),
        )
        ended = [effect for effect, was_active, inside in left if was_active and place not in inside]
        begun = [("heat", BAKING), ("light", ("Open",))]
        entered = [effect for effect, inside in begun if place in inside and before not in inside]
        if before in SHUT and place not in SHUT:
            self.memory = before
        if place in BAKING and before not in BAKING:
            self.baking = self.now
        self.place, self.since = place, self.now
        self.save((*ended, *effects, *entered))

    def save(self, effects: tuple[str, ...]) -> None:
        self.journal.append((self.state, self.place, self.memory, self.since, self.baking))
        self.done.append(effects)

    def revive(self) -> None:
        _, self.place, self.memory, self.since, self.baking = self.journal[-1]

    def due(self) -> list[tuple[float, str, tuple[str, ...]]]:
        """The next deeds of time, and when; those due together come from the outermost state first."""
        found: list[tuple[float, str, tuple[str, ...]]] = []
        if self.place in BAKING:
            found.append((self.baking + 20 * MINUTE, "Ready", ("ring",)))
        if self.place == "Cleaning":
            found.append((self.since + 5 * MINUTE, "Warming", ()))
        if self.place == "Ready":
            found.append((self.since + MINUTE, "Idle", ()))
        if self.place == "Open":
            found.append((self.since + 2 * MINUTE, "Alarm", ("ring",)))
        if self.place == "Alarm":
            found.append((self.since + 60 * MINUTE, "Broken", ()))
        return sorted(found, key=lambda each: each[0])

    def tick(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.due()) and due[0][0] <= end:
            self.now, place, effects = due[0]
            self.go(place, *effects)
        self.now = end
