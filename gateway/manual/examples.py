"""Examples of each command: the line, and what it is for. They stand in the help, the man page and docs/cli.md."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

__all__ = ["EXAMPLES", "Example", "epilog"]

Example: TypeAlias = tuple[str, str]
"""A command line, and what it does."""

EXAMPLES: Final[Mapping[str, Sequence[Example]]] = {
    "argent backup": [("argent backup ~/argentos-2026-12-01.tar.gz", "also while a gateway runs")],
    "argent channels drop": [("argent channels drop telegram:123 8", "it is not delivered any more")],
    "argent channels retry": [("argent channels retry telegram:123 8", "the user has unblocked the bot")],
    "argent channels status": [("argent channels status", "1 where an account is not connected")],
    "argent channels test": [("argent channels test telegram@sales", "its token and its connection")],
    "argent chat": [
        ("argent chat", "in the session 'chat'"),
        ("argent chat ropes --model local", "in another one, with a model on this machine"),
        ("echo 'Any news?' | argent chat ropes --json", "each line is a message, each answer an object on a line"),
    ],
    "argent completion": [
        ("argent completion bash > ~/.local/share/bash-completion/completions/argent", "for each new bash"),
        ("source <(argent completion zsh)", "for this zsh; in ~/.zshrc for each, behind compinit"),
        ("argent completion fish > ~/.config/fish/completions/argent.fish", "for each new fish"),
    ],
    "argent diagram": [
        ("argent diagram --format text", "in the terminal"),
        ("argent diagram --session ropes --output ropes.svg", "with the edges that a session took"),
        ("argent diagram door.mmd --theme dark --output door.png --watch", "drawn again whenever door.mmd is saved"),
    ],
    "argent diagram check": [("argent diagram check README.md docs/*.md", "1 if one is not the program's")],
    "argent diagram convert": [
        ("argent diagram convert door.mmd door.scxml", "what cannot be said there is listed"),
        ("argent diagram convert machine.json - --to mermaid", "XState's JSON, printed as mermaid"),
    ],
    "argent diagram compare": [("argent diagram compare old.mmd new.mmd", "1 if what is stored would not survive")],
    "argent diagram migrate": [
        ("argent diagram migrate old.mmd new.mmd doors/*.json --state Locked=Bolted", "what would be done"),
        ("argent diagram migrate old.mmd new.mmd doors/*.json --state Locked=Bolted --yes", "with backups"),
    ],
    "argent doctor": [
        ("argent doctor", "look, and change nothing"),
        ("argent doctor --repair", "mend what can be mended"),
        ("argent doctor --restore ropes", "bring a session back that was set aside as damaged"),
    ],
    "argent gateway": [
        ("argent gateway --open", "with the dashboard in a browser"),
        ("argent gateway --port 8000 --log-format json", "for a service"),
    ],
    "argent gateway link": [("argent gateway link", "a link that signs in once")],
    "argent gateway status": [("argent gateway status", "0 while it takes messages")],
    "argent gateway token list": [("argent gateway token list --json", "for programs")],
    "argent gateway token new": [("argent gateway token new site --scope read --scope write", "printed once")],
    "argent gateway token revoke": [("argent gateway token revoke site", "it is refused from now on")],
    "argent gateway token rotate": [("argent gateway token rotate site", "the old one is refused from now on")],
    "argent man": [
        ("argent man | man -l -", "to read it"),
        ("argent man > ~/.local/share/man/man1/argent.1", "for `man argent`"),
    ],
    "argent pairing approve": [("argent pairing approve 4KX7QM", "by the code that the sender shows")],
    "argent pairing deny": [("argent pairing deny telegram:123", "from now on")],
    "argent pairing link": [("argent pairing link telegram:123 discord:456", "one person, with one session")],
    "argent pairing list": [("argent pairing list", "with the codes that are valid")],
    "argent pairing unlink": [("argent pairing unlink discord:456", "a session of its own again")],
    "argent replay": [
        ("argent replay examples/harbour.jsonl", "days take seconds"),
        ("argent replay talk.jsonl --max-context-tokens 4000 --trace", "with each step of the lifecycle"),
    ],
    "argent restore": [("argent --state-dir ~/restored restore backup.tar.gz", "into a new directory")],
    "argent route": [("argent route telegram:123 --guild 9", "for a message that comes from there")],
    "argent send": [
        ('argent send ropes "How long is it?"', "and wait for the reply"),
        ("argent send ropes --message-id cron-2026-12-01 < question.txt", "a text by a pipe, answered once"),
    ],
    "argent sessions approvals": [("argent sessions approvals", "in all sessions")],
    "argent sessions approve": [("argent sessions approve ropes toolu_01", "the id stands in `approvals`")],
    "argent sessions checkpoints": [("argent sessions checkpoints ropes", "places for `undo` and `fork`")],
    "argent sessions clear": [("argent sessions clear ropes", "`undo` takes it back")],
    "argent sessions compact": [
        ("argent sessions compact ropes --preview", "what would be replaced, and by what"),
        ('argent sessions compact ropes --focus "the lengths" --keep 10', "now"),
    ],
    "argent sessions compactions": [("argent sessions compactions ropes", "what came of each")],
    "argent sessions delete": [
        ("argent sessions delete ropes --dry-run", "what would go"),
        ("argent sessions delete ropes sails --yes", "for good, without a question"),
    ],
    "argent sessions deny": [('argent sessions deny ropes toolu_01 --reason "ask Ada first"', "the model is told why")],
    "argent sessions export": [
        ("argent sessions export --output all.jsonl", "all sessions of the agent"),
        ("argent sessions export ropes --format openai", "one, as messages of an API"),
    ],
    "argent sessions fork": [("argent sessions fork ropes ropes-2 --at c3", "from a checkpoint")],
    "argent sessions history": [
        ("argent sessions history ropes --full", "with what summaries replaced"),
        ("argent sessions history ropes --limit 5 --follow", "the latest, and what comes"),
    ],
    "argent sessions import": [
        ("argent sessions import '~/.claude/projects/*/*.jsonl' --dry-run", "what would be taken"),
        ("argent sessions import conversations.json", "an export of ChatGPT"),
    ],
    "argent sessions info": [("argent sessions info ropes", "all that is known of it")],
    "argent sessions list": [
        ("argent sessions list --active 2h --channel telegram", "the latest of a channel"),
        ("argent sessions list --state failed --state approval --all-agents", "what wants somebody"),
        ("argent sessions list --watch", "kept open"),
    ],
    "argent sessions new": [("argent sessions new ropes", "it stays Created until its first message")],
    "argent sessions owed": [("argent sessions owed --channel telegram", "the oldest first")],
    "argent sessions prune": [
        ("argent sessions prune --older-than 90d --dry-run", "what would go"),
        ("argent sessions prune --larger-than 10G --yes", "the oldest, until the rest is smaller"),
    ],
    "argent sessions regenerate": [("argent sessions regenerate ropes", "another reply in the place of the last")],
    "argent sessions rename": [('argent sessions rename ropes "The long rope"', "the id stays")],
    "argent sessions retry": [("argent sessions retry ropes", "the turn that failed last")],
    "argent sessions rewind": [("argent sessions rewind ropes 7", "back in front of message 7")],
    "argent sessions search": [
        ("argent sessions search rope", "in all sessions of the agent"),
        ('argent sessions search "blue rope" --session ropes --limit 10', "in one"),
    ],
    "argent sessions stop": [("argent sessions stop ropes", "the turn that runs, and what waits")],
    "argent sessions tail": [
        ("argent sessions tail", "all sessions"),
        ("argent sessions tail ropes --json", "one, an object on a line"),
    ],
    "argent sessions transitions": [("argent sessions transitions ropes --limit 5", "the latest edges")],
    "argent sessions undo": [("argent sessions undo ropes", "the last compaction, clear or rewind")],
    "argent sessions unpark": [("argent sessions unpark ropes", "once the cause is mended")],
    "argent sessions update": [
        ("argent sessions update ropes --tag harbour --tag 2026 --pin", "in front of the others"),
        ('argent sessions update ropes --system "You know knots."', "a prompt of its own"),
    ],
}


def epilog(path: str) -> str | None:
    """The end of the help of a command."""
    examples = EXAMPLES.get(path)
    if not examples:
        return None
    lines = [f"  {line}\n      {what}" for line, what in examples]
    return "\n".join(["\b", "Examples:", *lines])
