"""The cost of a gateway beside a supervisor in the same process: see docs/benchmarks.md."""
