"""Conversations as they are exported, and imported."""
