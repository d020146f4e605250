"""Who runs the machine of `lifecycle.py`: ours, and the peers, each as its own documentation has it.

A class here defines the machine once, and keeps to `Contestant`. XState's is in `xstate.mjs`.
"""
