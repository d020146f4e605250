"""Tools that compare diagrams and machines: two versions of one, or a document's picture with the program.

Reading order: `difference` (a picture and its machine), `renames`, `compound`, `comparison` (two versions).
"""
