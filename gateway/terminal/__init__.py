"""Terminals: the lines typed at them, and the replies shown on them.

Reading order; each imports only those above it:

    modes      how the terminal treats what is typed
    lines      lines from standard input, without an editor
    editor     lines edited with prompt_toolkit
    markdown   Markdown cut into blocks, and drawn
    growing    the last block of a text that streams
    pieces     the pieces of a reply as lines of text
    screens    where replies are shown: plain, for pipes and simple terminals
    live       likewise, on terminals that can move the cursor
"""
