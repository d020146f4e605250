"""Parts of the fold, each of one subject.

calls.py          the calls of a turn
calibration.py    tokens of the model for each local one
debts.py          what it owes to channels
implied.py        records that others imply
spending.py       what the model has cost it
"""
