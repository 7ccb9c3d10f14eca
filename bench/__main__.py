"""Runs the benchmarks and prints one table: `python -m bench [P1 P2 ...]`, `--quick` for a short run."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bench import billing_year, collecting_engine, kill_collecting, picking, webhooks
from bench.figures import Figure, show
from bench.invoicing import kill_issuing
from bench.performance import (
    articles,
    core,
    lighthouse,
    mix,
    p1_full_path,
    p2_others,
    p3_kill,
    p3_log_cost,
    p6_pages,
    p8_writes,
    p9_searches,
    p11_starting,
)

Part = Callable[[bool], list[Figure]]

PARTS: dict[str, Part] = {
    "P1": lambda quick: p1_full_path.run(*((3, 1.0) if quick else ())),
    "P2": lambda quick: p2_others.run(*((2, 1.0) if quick else ())),
    "P3": lambda quick: [
        *p3_log_cost.run(*((3, 1.0) if quick else ())), *p3_kill.run(*((3,) if quick else ())),
    ],
    "core": lambda quick: core.run(*((2, 1.0) if quick else ())),
    "articles": lambda quick: articles.run(*((500, 3) if quick else ())),
    "webhooks": lambda quick: webhooks.run(*((10, 100, 2) if quick else ())),
    "collecting": lambda quick: [
        *picking.run(), *collecting_engine.run(), *kill_collecting.run(*((110, 5) if quick else ())),
    ],
    "issuing": lambda quick: kill_issuing.run(*((100, 5) if quick else ())),
    "billing": lambda quick: billing_year.run(*((30, 10, 5) if quick else ())),
    "P6": lambda quick: p6_pages.run(*((2_000,) if quick else ())),
    "load": lambda quick: mix.run(*((100.0, 3.0) if quick else ())),
    "P8": lambda quick: p8_writes.run(*((2, 1.0) if quick else ())),
    "P11": lambda quick: p11_starting.run(*((2, 1.0) if quick else ())),
    "lighthouse": lambda quick: lighthouse.run(*((1,) if quick else ())),
    "P9": lambda quick: p9_searches.run(*((500, 1) if quick else ())),
}


def main() -> int:
    """The exit status: 0 when every goal that could be measured is reached."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them when none is named")
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that it works, proves nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    console, began, figures = Console(), time.monotonic(), []
    for name in given.parts or PARTS:
        console.print(f"{name} ...", style="dim")
        figures += PARTS[name](given.quick)
    show(figures, console)
    console.print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
        f"{time.monotonic() - began:.0f} s"
    )
    if given.json:
        given.json.write_text(json.dumps([[one.part, one.what, one.figure, one.ratio, one.goal, one.reached]
                                          for one in figures], indent=1))
    return 0 if all(one.reached is not False for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
