"""Testing machines by what their diagrams say. Its modules need Hypothesis, this one needs nothing."""
