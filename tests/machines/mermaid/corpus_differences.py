"""Where the reader and mermaid differ on mermaid's own texts, and why; `test_corpus` holds both to it.

The texts are numbered as in `mermaid-state.json`, from 0.
"""

from typing import Final

SPLIT: Final = "the label goes on in the next line; mermaid ends it there and makes a state of every word that follows"
ESCAPED: Final = "the text is escaped for HTML; mermaid takes a pseudo-state for a plain state and drops the rest"

REFUSED: Final = {10: SPLIT, 51: SPLIT, 55: ESCAPED, 83: ESCAPED}
"""What mermaid accepts and the reader refuses."""

ACCEPTED: Final[dict[int, str]] = {}
"""What mermaid refuses and the reader accepts."""

ENTITY: Final = "mermaid lists its private encoding of the entity '#colon;'; the reader keeps what the author wrote"
HTML: Final = "mermaid lists the label as escaped for HTML; the reader keeps what the author wrote"
BREAK: Final = "mermaid lists '<br />' as '<br>'; the reader keeps what the author wrote"

LABELS: Final = {
    63: {"test({ fooﬂ°colon¶ß 'far' })": ("test({ foo#colon; 'far' })", ENTITY)},
    64: {"test({ fooﬂ°colon¶ß 'far' })": ("test({ foo#colon; 'far' })", ENTITY)},
    **{number: {"if n &lt; 0": ("if n < 0", HTML)} for number in (122, 123, 124, 125)},
    143: {
        "This long line uses a br tag<br>to create multiple<br>lines.": (
            "This long line uses a br tag<br />to create multiple<br />lines.",
            BREAK,
        )
    },
}
"""Labels that mermaid lists otherwise: what it lists, what the reader reads, and why."""
