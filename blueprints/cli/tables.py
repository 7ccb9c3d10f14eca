"""Draws tables for the terminal."""

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table

WIDE = 100_000                                       # columns


class Output:
    """Output in colours on a terminal, and at full width in a file or a pipe."""

    def __init__(self, *parts: RenderableType):
        self.parts = parts

    def print(self) -> None:
        console = Console(highlight=False, soft_wrap=True)
        if not console.is_terminal:                  # a file or a pipe has no limited width
            console.width = WIDE
        console.print(Group(*self.parts))


def table(title: str, columns: list[str], rows: list[list[Any]]) -> Table:
    """A table with a title above it; empty cells for None."""
    built = Table(title=title, title_justify="left")
    for column in columns:
        built.add_column(column)
    for row in rows:
        built.add_row(*("" if cell is None else str(cell) for cell in row))
    return built
