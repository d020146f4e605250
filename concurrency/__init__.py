"""Threads, chunks, background tasks, and guards: what stores, models, actors and the gateway share."""
