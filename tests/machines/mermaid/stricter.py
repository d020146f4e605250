"""Why the reader refuses texts that mermaid accepts: each refusal begins like one of these, as `test_mermaid` tests."""

import re
from typing import Final

__all__ = ["STRICTER"]

STRICTER: Final = {
    re.compile(refusal): why
    for refusal, why in (
        (r"the end of the line was expected", "mermaid makes a state of each word"),
        (r"(a|the) .*was expected.*; names are letters, digits and _", "mermaid takes nearly any sign for a name"),
        (r"a name is letters, digits and _", "mermaid takes nearly any sign for a name"),
        (r"'.*' is a word of mermaid's own", "mermaid takes it for a name where nothing follows that it expects"),
        (r"';' cannot stand in a label", "mermaid ends the statement there"),
        (r"'::' cannot stand in a label", "mermaid takes what follows for a statement"),
        (r"a label cannot end with ':'", "mermaid takes what follows for a statement"),
        (r"'direction .*' cannot stand in a label", "mermaid takes the whole line for a direction"),
        (r"'%%' cannot stand in a label", "mermaid makes the comment a part of the label"),
        (r"a comment needs a line of its own", "mermaid makes the comment a part of the name"),
        (r"mermaid takes '#\w+;' for a character", "mermaid makes a state of it"),
        (r"a line of a text cannot begin with '%%'", "mermaid takes the line out as a comment"),
        (r"'%%\{' cannot stand in a", "mermaid takes it for the beginning of a directive"),
        (r"the directive is never closed|a directive is a word", "mermaid makes states of what stands there"),
        (r"mermaid draws nothing for 'state \w+' alone", "mermaid draws nothing of it, or draws it elsewhere"),
        (r"mermaid takes 'as' for a part of the line above", "mermaid does so where that is the name of a state alone"),
        (r"a blank was expected after 'state'", "mermaid makes states of the words"),
        (r"mermaid draws .* as a plain state", "mermaid draws another shape than was meant"),
        (r"nothing stands after the last '--'", "mermaid draws no regions"),
        (r".* is mentioned within", "mermaid draws the state within itself, or not at all"),
        (r".* holds states, and so can have one description only", "mermaid draws the first alone"),
        (r".* is a (choice|fork|join), and so holds no states", "mermaid draws the composite state as a bar"),
        (r".* has parallel regions, and so is written in one part", "mermaid draws the regions of one part"),
        (r"mermaid knows no direction 'TD'", "mermaid makes a state of each word"),
        (r"names of states, with ',' between, were expected", "mermaid takes the style for a part of a name"),
        (r"(a blank and )?what the .* looks? like (was|were) expected", "mermaid gives the states an empty style"),
        (r"the name of a class was expected", "mermaid takes any sign for a class"),
        (r"'-->' was expected", "mermaid makes states of '[*]' and of dashes"),
        (r"'\}' closes no composite state", "mermaid leaves out what follows it"),
        (r"'\}' needs a line of its own", "mermaid makes the brace a part of the name"),
        (r"'--' divides a composite state only|'--' needs a line of its own", "mermaid divides nothing"),
        (r"the text was expected after ':' or on the next line", "mermaid makes a state of it"),
        (r"'left of', 'right of' or a text in quotes", "mermaid makes a state of 'note'"),
        (r"the note is never closed", "mermaid ends it at another note"),
        (r"a (label|text) was expected after ':'", "mermaid takes the next line for it"),
        (r"'as' and a name were expected", "mermaid takes the rest for a name"),
        (r"'as' follows a title in quotes", "mermaid takes it for a name"),
        (r"mermaid takes ':' for a part of the name", "mermaid draws a state with a colon in its name"),
        (r"mermaid takes this brace", "mermaid begins a composite state"),
        (r"'.*' cannot stand after a title", "mermaid takes all before it for a name"),
        (r"'.*' stands outside composite states only", "mermaid makes states of the words"),
        (r"a diagram begins with 'stateDiagram-v2'", "mermaid makes states of what stands behind it"),
        (r"'.*' was expected after 'click'|a number and 'width'", "mermaid makes states of the words"),
        (r"the text is escaped for HTML", "mermaid takes a pseudo-state for a plain state"),
    )
}
"""Beginnings of what the reader says, each with what mermaid makes of such a text."""
