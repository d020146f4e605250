"""The cost of lists and searches: `python -m benchmarks.search`, explained in docs/benchmarks.md.

generate   ten thousand conversations, as a gateway leaves them, stored before anything is measured
building   the index is made: how long, how large, and what those notice meanwhile who send messages
questions  lists and searches of every kind, once it is there
floor      the same questions to plain SQLite, over the same rows

Each is a process of its own, which prints one JSON object; `measure.py` starts them, and makes tables.
"""
