"""Commands about the context of a session: its messages, and the summaries that replace them."""
