"""The files of sessions: written behind the journal, listed, and taken over where somebody edits them."""
