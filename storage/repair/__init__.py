"""The doctor: checking a state directory, mending it, and saving what can be read."""
