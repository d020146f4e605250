"""Parts of the fold, each of one subject.

branching.py      going back, and beginning at a place of another session
calibration.py    tokens of the model for each local one
channels.py       those through which it has had messages
checkpoints.py    places in front of what leaves the context
debts.py          what it owes to channels
edges.py          the edges that it has taken
failures.py       turns that can be tried again
implied.py        records that others imply
messages.py       messages that records make
moves.py          messages that records move, mark, or have requests show less of
spending.py       what the model has cost it
turns.py          the open turn, with its calls
"""
