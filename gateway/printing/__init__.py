"""Sessions and messages, printed for people.

Reading order; each imports only those above it:

    tables       aligned columns that fit the terminal
    messages     messages of a conversation
    describing   all that is known of a session
    listing      many sessions, in columns
"""
