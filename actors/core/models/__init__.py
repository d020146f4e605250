"""Requests for what takes long: the reply to a turn, or a summary. The session is not touched; its actor is told.

Reading order; each imports only those above it:

    asking        a request to a model, behind the bulkhead
    model_calls   the reply to the turn that is open
    summaries     the summary that a session waits for
    previews      a summary with which nothing is done
"""
