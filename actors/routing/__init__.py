"""Routing: from the address of a message to the agent that answers it, and to the session that it belongs to.

Everything here is pure but for `settings`, which reads `argent.json`. Reading order; each imports only those above it:

    session_ids  ids that no two places share
    senders      a user of one account
    rules        which agent answers where
    settings     the rules, and the accounts
    route        the agent, the session and the reason
    platforms    addresses of messages as Telegram and Discord give them
    delivering   messages that are routed, in this process or in another
"""
