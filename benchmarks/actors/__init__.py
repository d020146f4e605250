"""What a session in memory costs: `python -m benchmarks.actors`, explained in docs/benchmarks.md.

asks       round trips, the first one included, and bytes for each quiet session, beside peers and the floor
rounds     rounds of a turn that calls an instant tool, beside asks
turns      whole durable turns a second, beside the session stores of other frameworks
load       floods, crash loops, hung turns, and many sessions: what they cost those who have nothing to do with them
soak       memory, descriptors, tasks and files over minutes of load; only where it is asked for

Every measurement is a process of its own (`contestants/`, `turn_contestants/`, `scenarios/`), which prints one JSON
object; the modules `asks.py`, `rounds.py`, `durable_turns.py`, `load.py` and `soak.py` start them, and make tables.
"""
