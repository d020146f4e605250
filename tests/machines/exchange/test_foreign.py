"""Machines as others write them; what a diagram cannot say is listed."""

import pytest

from argentos.errors import DiagramError, InputError
from argentos.machines import Diagram, Machine
from argentos.machines.exchange import convert, from_scxml, from_xstate, to_scxml, to_xstate

LOST = '<state id="a"><transition event="e" target="b"/></state>'
MICROWAVE = """\
<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" initial="off" datamodel="ecmascript">
  <datamodel><data id="cook_time" expr="5"/><data id="door_closed" expr="true"/></datamodel>
  <state id="off"><transition event="turn.on" target="on"/></state>
  <state id="on">
    <initial><transition target="idle"><log label="effect" expr="'hum'"/></transition></initial>
    <transition event="turn.off" target="off"/>
    <state id="idle">
      <transition cond="door_closed &amp;&amp; timer &lt; cook_time" target="cooking"/>
      <transition target="waiting"/>
    </state>
    <state id="waiting"><transition event="door.close" target="cooking"/></state>
    <state id="cooking">
      <onentry><script>light();</script><send event="done" delay="90s" id="t"/></onentry>
      <onexit><cancel sendid="t"/><assign location="timer" expr="0"/></onexit>
      <transition event="done" target="finished"/>
      <transition event="*" target="off"/>
      <transition event="shake" cond="Math.random() &gt; 0.5" target="off"/>
      <invoke type="http" src="x"/>
    </state>
    <final id="finished"/>
  </state>
</scxml>
"""
LIGHT = {
    "id": "light",
    "initial": "green",
    "context": {"count": 0},
    "states": {
        "green": {"after": {1500: {"target": "yellow", "actions": [{"type": "count", "params": {"by": 2}}]}}},
        "yellow": {"on": {"TIMER": [{"target": "red", "cond": "isSafe"}, {"target": "#light.green"}], "*": "red"}},
        "red": {
            "invoke": {"src": "camera"},
            "initial": "walk",
            "states": {"walk": {"on": {"NEXT": "wait"}}, "wait": {"on": {"NEXT": "stop"}}, "stop": {"type": "final"}},
            "onDone": "green",
            "on": {"BEEP": {"actions": "beep"}},
        },
    },
}


def test_scxml_of_others_is_read_and_what_it_has_besides_is_listed() -> None:
    found = from_scxml(MICROWAVE, file="oven.scxml")
    with pytest.raises(DiagramError, match="on begins with a state that is not directly in it"):
        Machine(found.result)
    machine = Machine(Diagram.parse(found.result.to_mermaid().replace("[*] --> idle", "[*] --> waiting")), stored=True)
    assert machine.active("cooking") == ("on", "cooking")
    assert [(timer.duration, timer.state) for timer in machine.timers("cooking")] == [("90s", "cooking")]
    assert machine.entry["cooking"] == ("light",)
    assert "condition_1" in machine.guards
    assert found.warnings == (
        "in cooking <assign> is left out: effects are names",
        "in cooking <invoke> is left out: a machine has no place for it",
        "the event '*' is left out: every event has a name",
        "a transition of cooking that leads nowhere, without an event that a machine has, is left out",
        "the condition 'Math.random() > 0.5' is the fact 'condition_1' now, for no guard says it",
        "the datum 'cook_time' has a value; facts are the program's, and begin as it says",
        "the datum 'door_closed' has a value; facts are the program's, and begin as it says",
        "on begins in idle, which leaves at once; diagrams begin in states: lead to one, or it does not run",
    )


def test_the_json_of_xstate_is_read_and_what_it_has_besides_is_listed() -> None:
    found = from_xstate(LIGHT, file="light.json")
    machine = Machine(found.result)
    assert set(machine.states) == {"[*]", "green", "yellow", "walk", "wait", "red/[end]"}
    assert [timer.duration for timer in machine.timers("green")] == ["1500ms"]
    assert [str(guard) for guards, _ in machine.ways("yellow", "TIMER") for guard in guards] == ["isSafe"]
    assert machine.effects == {"count", "beep"}
    assert found.warnings == (
        "in the machine 'context' is left out: a machine has no place for it",
        "in green the parameters of the action 'count' are left out",
        "in yellow the event '*' is left out: every event has a name",
        "in red 'invoke' is left out: a machine has no place for it",
    )


def test_what_a_notation_cannot_say_is_listed_when_it_is_written() -> None:
    diagram = Diagram.parse(
        "stateDiagram-v2\n[*] --> A: made\nnote right of A : hello\n%% why\nA --> B: after a_while [x]"
    )
    assert to_scxml(diagram).warnings == (
        "1 notes are left out: there is no place for them",
        "1 comments are left out: there is no place for them",
        "how long 'a_while' is, the diagram does not say: it is the datum of that name",
    )
    assert to_xstate(diagram).warnings[2:] == (
        "guards are names that the program has to know: x",
        "delays are names that the program has to know: a_while",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<scxml>", r"a.scxml:1:8: this is no XML"),
        ("<html/>", "SCXML begins with <scxml>, not <html>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><scxml/>', "a document type is never read"),
        (f'<scxml xmlns="http://www.w3.org/2005/07/scxml">{LOST}</scxml>', "no state 'b'"),
    ],
)
def test_what_is_no_scxml_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(DiagramError, match=sentence):
        from_scxml(text, file="a.scxml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", r"a.json:1:2: this is no JSON"),
        ("[]", "is an object with 'states'"),
        ('{"states": {"a": {"on": {"E": "b"}}}}', "no state 'b', to which a transition of a leads"),
    ],
)
def test_what_is_no_xstate_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(DiagramError, match=sentence):
        from_xstate(text, file="a.json")


def test_an_unknown_notation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="no notation 'uml'; choose one of mermaid, scxml, xstate"):
        convert("", "uml", "mermaid")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
