"""The journal: what makes an append durable."""
