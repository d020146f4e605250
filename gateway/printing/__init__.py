"""Sessions, messages, warnings and the progress of work, printed for people.

Reading order; each imports only those above it:

    complaints   warnings of the library
    progress     bars for long work
    tables       aligned columns that fit the terminal
    messages     messages of a conversation
    describing   all that is known of a session
    happenings   events and records, each in a line
    listing      many sessions, in columns
"""
