"""Compiling a diagram into the table of `decide`, by UML's rules.

Reading order; each imports only those above it:

    actions       entry, exit and internal edges, from the descriptions of states
    routes        edges that are taken as one, with choices, forks and joins seen through
    branches      lines that put the branches of a fork into regions
    conflicts     routes that could never be taken, or not together
    definition    the `transitions.Machine`
    steps         what is left, done and entered
    together      routes that one event takes, in parallel regions
    table         all that may happen, compiled
"""
