"""The commands of `argent`, a module for each."""
