"""State diagrams as pictures in documents that other tools build: Sphinx and MkDocs.

Reading order; each imports only those above it:

    options       the ways to draw that a document may ask for
    sphinx        the directive `state-machine`
    mkdocs        the hook that draws fences
"""
