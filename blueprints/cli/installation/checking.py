"""The command `check`."""

from rich.text import Text

from analytics.log import drain
from blueprints.cli._command import Result, operator_command
from blueprints.cli.tables import Output, table
from blueprints.services import settings
from operations import check as checks

COLOURS = {checks.OK: "green", checks.WARNING: "yellow", checks.WRONG: "red"}


@operator_command("check")
def check() -> Result:
    """Check configuration, databases, migrations, disk, clock and pending work."""
    chosen = settings()
    findings = checks.check(chosen, lambda: drain.backlog(chosen.spool))
    rows = [[each.name, each.status, each.message, each.mend] for each in findings]
    summary = checks.summary(findings)
    words = table("", ["check", "status", "details", "remedy"], rows)
    for place, each in enumerate(findings):
        words.rows[place].style = COLOURS[each.status] if each.status != checks.OK else None
    verdict = Text(summary.get("error", "No problems found."), style="red" if "error" in summary else "green")
    return Result(summary, Output(words, verdict), ok=summary["ok"])
