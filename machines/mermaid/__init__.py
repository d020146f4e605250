"""Reading and writing mermaid's `stateDiagram` text.

Theory of operation
===================
The text is read once, from left to right, by a `Cursor` that knows line and column. What it says becomes a
`Document`: a tree of frozen statements in the order of the text, comments included, so that writing it loses
nothing but blanks and blank lines. States and edges are collected on the way.

The reader is stricter than mermaid where mermaid takes a text in a way that its author hardly meant:
`A b --> C` makes two states of `A b`, a comment after a label becomes a part of it, a `;` within it starts
another statement, names may hold almost any character. It takes each state to stand where mermaid draws it, in the
last composite state that mentions it, and refuses what mermaid draws as something else: a state within itself, a
choice that is declared below its first use, a last region without statements. It reads nothing that mermaid
refuses, but for front matter that is no YAML, which is kept as it stands. Whether a diagram can run is not asked here.

Reading order: `labels`, `elements` (states and edges), `statements`, `cursor`, `tokens`, `collector`, `states` and
`keywords` (one statement each), `reader`, `writer`; `markdown` finds diagrams among the fences of a document.
"""

from argentos.machines.mermaid.reader import Contents, read
from argentos.machines.mermaid.statements import Document, Statement
from argentos.machines.mermaid.writer import write

__all__ = ["Contents", "Document", "Statement", "read", "write"]
