"""`python -m argentos` is `argent`."""

from argentos.gateway.cli import run

run()
