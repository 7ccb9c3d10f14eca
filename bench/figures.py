"""Defines the result of a measurement, and prints the table of results."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `reached` is None for what has no goal, or could not be measured here."""

    part: str
    what: str
    figure: str
    ratio: str
    goal: str
    reached: bool | None


def show(figures: Iterable[Figure], console: Console) -> None:
    """Print the table, one line for each figure."""
    table = Table(title="Measured on this machine, side by side", title_justify="left")
    for column in ("part", "what", "figure", "ratio", "goal", "reached"):
        table.add_column(column, overflow="fold")
    for one in figures:
        verdict = {True: "yes", False: "NO", None: "-"}[one.reached]
        table.add_row(one.part, one.what, one.figure, one.ratio, one.goal, verdict)
    console.print(table)
