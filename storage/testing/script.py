"""Scripts of generated sessions, on Hypothesis."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from hypothesis import strategies as st

from argentos.storage.messages import Usage
from argentos.storage.testing.story import Story

__all__ = ["Action", "Scene", "play", "scenes", "stories"]

Action: TypeAlias = Literal[
    "user",
    "agent",
    "ask",
    "start",
    "delay",
    "reply",
    "end",
    "stop",
    "summarise",
    "clear",
    "resume",
    "keep",
    "move",
    "update",
    "owe",
    "deliver",
    "give up",
    "owe again",
    "call",
    "result",
    "approve",
    "shorten",
    "charge",
    "command",
    "ask for a summary",
    "rewind",
    "again",
    "undo",
]
Scene: TypeAlias = tuple[Action, str]

_texts: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just("x" * 300)
_TURNS: Final[list[Action]] = ["user", "user", "agent", "ask", "start", "start", "delay", "reply", "end", "stop"]
_CALLS: Final[list[Action]] = ["call", "result", "approve"]
_OTHERS: Final[list[Action]] = [
    "summarise",
    "shorten",
    "clear",
    "resume",
    "keep",
    "ask for a summary",
    "move",
    "update",
    "owe",
    "deliver",
    "give up",
    "owe again",
    "charge",
    "command",
]
_BACK: Final[list[Action]] = ["rewind", "again", "undo", "undo"]
_actions: Final[st.SearchStrategy[Action]] = st.sampled_from([*_TURNS, *_CALLS, *_OTHERS, *_BACK])
scenes: Final[st.SearchStrategy[list[Scene]]] = st.lists(st.tuples(_actions, _texts), max_size=8)
"""Some of what may happen in a session."""


def play(story: Story, script: Sequence[Scene]) -> Story:
    """Go on as the script says, passing over what cannot happen now."""
    story.mark()
    for action, text in script:
        _play(story, action, text)
    return story


def _play(story: Story, action: Action, text: str) -> None:
    runs = story.metadata.turn is not None
    match action:
        case "user" | "agent":
            story.say(text, "user" if action == "user" else "assistant")
        case "ask" if story.metadata.is_settled:
            story.ask(text)
        case "start" if runs or story.context.waiting:
            story.start(1 + len(text) % 3)
        case "call" | "result" | "approve" if runs:
            _call(story, action, text)
        case "delay" if runs:
            story.delay(len(text) / 8)
        case "reply" if runs:
            story.reply(text, Usage("model", len(text), 3, cost=0.25))
        case "end" if runs:
            story.end("failed")
        case "stop" if not story.metadata.is_settled:
            story.end("stopped")
        case "summarise" if story.context.messages:
            story.summarise(1 + len(text) % len(story.context.messages), text)
        case _:
            _change(story, action, text)


def _call(story: Story, action: Action, text: str) -> None:
    calls = story.metadata.turn.calls if story.metadata.turn else ()
    if action == "call" and not calls:
        story.call(*text[:3], text=text)
    elif action == "result" and calls:
        story.result(text, at=len(text), is_error=text == "")
    elif action == "approve" and calls:
        story.approve(is_asked=calls[0].state != "asked")


def _change(story: Story, action: Action, text: str) -> None:
    match action:
        case "shorten":
            story.shorten(len(text) % 8, *(each.number for each in story.context.messages[::2]))
        case "clear":
            story.clear()
        case "resume":
            story.resume(2 + len(text))
        case "keep":
            story.keep()
        case "ask for a summary":
            (story.decline if story.metadata.asked else story.ask_compaction)()
        case "move":
            story.move("Active", ("Created", "Active", "Idle", "Compacted")[len(text) % 4])
        case "update":
            story.update(text, *text.split(), owner=text[:3], system=text)
        case "charge":
            story.charge(len(text) / 8)
        case "rewind" | "again" | "undo":
            _go_back(story, action, text)
        case _:
            _post(story, action, text)


def _go_back(story: Story, action: Action, text: str) -> None:
    messages, is_settled = story.context.messages, story.metadata.is_settled
    if action == "undo" and story.may_undo and is_settled:
        story.undo()
    elif action == "rewind" and messages and is_settled:
        story.rewind(1 + len(text) % len(messages))
    elif action == "again" and len(messages) > 1 and is_settled:
        story.rewind(1, again=1)


def _post(story: Story, action: Action, text: str) -> None:
    last = story.metadata.messages
    if action == "owe" and last and story.may_owe:
        story.owe("telegram" if len(text) % 2 else "discord")
    elif action == "deliver":
        story.deliver(len(text))
    elif action == "command":
        story.command()
    elif action == "give up":
        story.deliver(len(text), "blocked")
    elif action == "owe again":
        story.owe_again(len(text))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a session in which something has happened."""
    return play(Story(), draw(st.lists(st.tuples(_actions, _texts), max_size=30)))
