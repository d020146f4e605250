"""What is done to a supervisor: `python -m benchmarks.actors.scenarios.NAME …`, one JSON object out."""
