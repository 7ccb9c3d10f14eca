"""The command `audit verify`: follows the chains of the audit trail and names the first entry that does not fit."""

import click

from blueprints.cli._command import Result, operator_command
from blueprints.cli._verified import misfit, progress
from database import db
from domain import audit_chain


@click.group()
def audit() -> None:
    """The audit trail: who changed what, chained by hashes."""


@operator_command("verify")
def verify() -> Result:
    """Verify the audit trail of all merchants; fails at the first entry that does not fit."""
    db.session.rollback()
    done = audit_chain.verify(progress("entries"))
    if done.misfit is not None:
        wrong = done.misfit
        whose = "without a merchant" if wrong.merchant_id is None else f"of merchant {wrong.merchant_id}"
        place = "" if wrong.id is None else f" at entry {wrong.id}"
        raise misfit(
            f"The audit trail {whose} does not fit{place}: {wrong.reason}.", merchant=wrong.merchant_id,
            kind="audit_entry" if wrong.id is not None else "chain", row_id=wrong.id, number=None, reason=wrong.reason,
        )
    return Result({"ok": True, "rows": done.rows}, f"The audit trail is in order: {done.rows:,} entries.")


audit.add_command(verify)
