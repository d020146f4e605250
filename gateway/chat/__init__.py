"""A conversation at a terminal, or through a pipe.

Reading order; each imports only those above it:

    prompt         where lines and answers are read
    approving      questions about calls that need approval
    talk           a session, and where what it says is shown
    commands       what a line that begins with a slash does
    conversation   line after line, from the greeting to the end
"""
