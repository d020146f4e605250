"""How much of what matters is still in a context after compactions: planted facts, among chatter."""
