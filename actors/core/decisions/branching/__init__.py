"""Decisions about going back.

Reading order:

    loops       loops of tool calls, which are not cut
    going_back  a checkpoint is taken back, messages go, a reply is made once more
"""
