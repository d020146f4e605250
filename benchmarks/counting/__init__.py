"""How far the estimate of a context is from what a model counts."""
