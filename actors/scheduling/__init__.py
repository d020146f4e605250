"""Workers and slots: nothing here knows what a session does.

Reading order; each imports only those above it:

    worker_pool   a run queue and its workers
    throttle      a way through, one at a time
    wait_graph    who waits for whom
    slots         background tasks, so many at a time
    bulkhead      foreign code in tasks of its own
"""
