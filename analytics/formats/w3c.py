"""Parses W3C extended logs (IIS, CloudFront): a line of #Fields names the columns of the following lines."""

import re
from urllib.parse import unquote

from analytics.formats.hits import Hit, hit
from analytics.formats.times import duration, moment

_CELL = re.compile(r'"((?:[^"\\]|\\.|"")*)"|(\S+)')


class W3c:
    """Reads the lines of one file."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.day = ""                       # of a #Date line, for lines that have the time only

    def directive(self, line: str) -> bool:
        """Whether this is a directive; a #Fields line sets the columns, a #Date line the day."""
        if not line.startswith("#"):
            return False
        word, _, rest = line.partition(":")
        if word.lower() == "#fields":
            self.names = [name.lower() for name in rest.split()]
        elif word.lower() == "#date":
            self.day = rest.strip().partition(" ")[0]
        return True

    def read(self, line: str) -> Hit:
        """One line; raises ValueError with the reason."""
        bare = line.split("\t") if "\t" in line else None             # then spaces are part of the cells
        cells = bare or [quoted or word for quoted, word in _CELL.findall(line)]
        if len(cells) != len(self.names):
            raise ValueError(f"{len(cells)} values for {len(self.names)} fields")
        row = {name: value for name, value in zip(self.names, cells, strict=True) if value != "-"}
        day = row.get("date") or row.get("date-local") or self.day
        clock = row.get("time") or row.get("time-local")
        if not day or not clock:
            raise ValueError("no time")
        if "sc-status" not in row:
            raise ValueError("no status")
        target = row.get("cs-uri-stem", "")
        if row.get("cs-uri-query"):
            target = f"{target}?{row['cs-uri-query']}"
        agent = row.get("cs(user-agent)", "")
        return hit(
            at=moment(f"{day}T{clock}"), ip=row.get("x-forwarded-for") or row.get("c-ip"), method=row.get("cs-method"),
            target=target, status=row["sc-status"], size=row.get("sc-bytes"), sent=row.get("cs-bytes"),
            agent=agent if " " in agent else unquote(agent.replace("+", " ")), duration_us=_took(row))


def _took(row: dict[str, str]) -> float | None:
    """IIS writes whole milliseconds, CloudFront seconds with decimals; both call it time-taken."""
    if "timetakenms" in row:
        return duration(row["timetakenms"], 1e3)
    taken = row.get("time-taken")
    return duration(taken, 1e6 if taken is not None and "." in taken else 1e3)
