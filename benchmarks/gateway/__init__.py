"""What a gateway costs beside a supervisor in the same process: see docs/benchmarks.md."""
