"""One session as an actor: commands come in, records become durable, and what follows is done.

Reading order; each imports only those above it:

    deadlines     times at which something is to be done though nothing comes in
    supervision   restarts, parking, and what a process may have died of
    runtime       what the actors of a supervisor share
    turn_progress a turn as it is written, and as far as it has come
    turn          that as its sender sees it
    pending_turns turns that somebody may be waiting for
    reports       what tasks tell
    commands      what may come in, and how each is answered
    decisions     from a state and a command to records and effects
    models        replies and summaries of models: what takes long
    tool_calls    the calls of tools of a turn
    tasks         the turn, its calls or the compaction that run beside a session
    bookkeeping   what is kept beside the snapshot
    live_session  a session in memory: decide, append, apply, do what follows
    actor         the mailbox, and steps that fail
    registry      the actors in memory

A message goes from `Session.send` to the registry, the actor, the live session and the decider, from there to the
store, and back as the answer to its command. The turn runs beside, and its end is the next command.
"""
