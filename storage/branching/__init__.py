"""Going back to an earlier place, and off from one.

Reading order:

    records      messages leave the end of the context, come back into it, or begin a fork
    checkpoints  places to which one can go back
"""
