"""Decisions about one session: a state and a command give records and effects, and nothing is done yet.

Reading order; each imports only those above it:

    message_ids   the numbers of messages by their ids
    draft         the next state, as far as it is decided
    ids           the ids of what the agent says
    compactions   the rules by which a compaction begins and ends
    turn_facts    facts of which a turn's machine asks
    responses     replies as a turn takes them
    calls         the rules by which a turn calls tools
    approvals     the rules by which a person's word on a call is taken
    turn_ends     the rules by which a turn ends
    turns         the rules by which a turn begins, and is tried again
    branching     the rules by which a conversation goes back
    messages      the rules by which a message is taken, and other notes are
    settling      the edges whose time has come, and the turn that may begin
    decider       from a command to records and effects
"""
