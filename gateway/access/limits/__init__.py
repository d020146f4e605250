"""Limits of what clients may ask of a gateway.

Reading order; each imports only those above it:

    settings   the limits, as they are set
    rates      buckets that fill again with time
    bodies     bodies of requests, read whole and bounded before anybody looks at them
    sessions   sessions that clients make
"""
