"""Time, threads, chunks, background tasks, and guards: what machines, stores, models, actors and the gateway share."""
