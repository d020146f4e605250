"""What storing costs: `python -m benchmarks.storage`, explained in docs/benchmarks.md.

accepts    durable accepts per second, against a C program that writes the same bytes, and against peers
bytes      what is written to disk for each byte of a message, and how far history.json lags behind
sessions   starting up on, and listing, 100,000 stored sessions

Every measurement is a process of its own (`contestants/`, `conversation.py`, `startup.py`, the command `argent`), which
prints one JSON object; the modules `accepts.py`, `written.py` and `stored.py` start them, and make tables.
"""
