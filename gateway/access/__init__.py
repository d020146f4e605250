"""Access to a gateway: who asks, and what is refused before anything is done.

Reading order; each imports only those above it:

    caller       a caller and the scopes
    files        private files in the state directory, changed by several processes
    tokens       access tokens, hashed
"""
