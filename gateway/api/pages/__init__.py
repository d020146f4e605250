"""Pages: what is shown of sessions, put together of several looks at them.

Reading order:

    history      messages, and where the context has changed between them
    contexts     what a context is made of, and what turns have cost
    attachments  pictures and documents
"""
