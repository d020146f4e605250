"""The lifecycles themselves: `*.mmd` files, read once when `argentos.machines` is imported."""
