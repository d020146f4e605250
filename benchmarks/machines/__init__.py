"""What deciding costs: `python -m benchmarks.machines`, explained in docs/benchmarks.md.

events     decide and apply, against peers that run the same machine on the same events
sessions   the bytes that a machine keeps for each session, against the same peers
own        reading a diagram, building its machine, and each kind of decision

Every measurement is a process of its own (`contestants/`, `own.py`, `xstate.mjs` under node), which prints one JSON
object; `events.py`, `sessions.py` and `parts.py` start them, and make tables.
"""
