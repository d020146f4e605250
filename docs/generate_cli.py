"""Write docs/cli.md from the commands of the program: `make cli`."""

from pathlib import Path

from argentos.gateway.cli import root
from argentos.gateway.manual.markdown import page

PAGE = Path(__file__).parent / "cli.md"

if __name__ == "__main__":
    PAGE.write_text(page(root), encoding="utf-8")
