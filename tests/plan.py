"""Decides which test runs on which database, in which order, and on which worker.

`make test` runs the suite on SQLite and then on PostgreSQL. What can be different there runs twice;
the rest runs once: files named here and tests marked `once`, with the reason. tests/README.md tells it to people.
"""

import os

from xdist.scheduler import LoadFileScheduling

# More examples than usual, and other ones; `make fuzz` runs its one file on both databases.
FUZZING = any(f"COUNTINGHOUSE_TEST_{name}" in os.environ for name in ("CALLS", "EXAMPLES", "FUZZ"))

ONCE = {
    "tests/architecture/": "reads source and declarations",
    "tests/browser/": "has a server of its own, on SQLite",
    "tests/portal/": "shows documents, and no rows",
    "tests/domain/invoicing/documents/test_letters.py": "has no database",
    "tests/domain/invoicing/e_invoice/test_checking.py": "has no database",
    "tests/domain/invoicing/e_invoice/test_cii.py": "has no database",
    "tests/domain/invoicing/documents/test_rendering.py": "has no database",
    "tests/domain/invoicing/documents/test_words.py": "has no database",
    "tests/analytics/charts/test_axis.py": "has no database",
    "tests/analytics/charts/test_charts.py": "has no database",
    "tests/analytics/rollups/test_histogram.py": "has no database",
    "tests/analytics/rollups/test_periods.py": "has no database",
    "tests/analytics/log/test_spool.py": "has files, and no database",
    "tests/admin/test_assets.py": "has no database",
    "tests/api/test_generated.py": "is about documents; `make fuzz` runs it on both",
    "tests/admin/forms/test_enter.py": "is about the buttons of forms",
    "tests/admin/forms/test_form_sections.py": "is about the markup of forms",
    "tests/admin/forms/test_form_token.py": "is about the cookie and the token of forms",
    "tests/admin/forms/test_forms.py": "is about the markup of forms and their errors",
    "tests/admin/test_guards.py": "walks the addresses for roles, tokens and headers",
    "tests/admin/test_hashing.py": "counts what is hashed",
    "tests/admin/test_navigation.py": "is about the markup of the navigation",
    "tests/api/core/test_guards.py": "reads source and declarations",
    "tests/api/core/test_hashing.py": "counts what is hashed",
    "tests/api/core/test_jwts.py": "reads signed tokens",
    "tests/api/core/test_specification.py": "reads documents",
    "tests/api/public/test_envelope.py": "is about the form of answers and refusals",
    "tests/api/public/test_hostile_json.py": "reads bodies, and stores nothing",
    "tests/api/public/test_replay_small.py": "has a server of its own, on SQLite",
    "tests/api/test_packed_bodies.py": "is about the coding of bodies",
    "tests/api/test_refused_requests.py": "reads requests, and stores nothing",
    "tests/api/public/test_versions.py": "is about headers; test_races.py and core/test_versions.py meet the rows",
    "tests/api/test_addresses.py": "is about addresses and headers",
    "tests/api/test_limits.py": "counts in memory and in Redis",
    "tests/api/test_redis_away.py": "counts in memory and in Redis",
    "tests/api/test_refusals.py": "is about the form of refusals",
    "tests/api/test_unknown_names.py": "is about the names in bodies and addresses",
    "tests/database/test_answer_cache.py": "is about SQLite's files",
    "tests/database/test_ip_addresses.py": "has no database",
    "tests/domain/test_inputs.py": "has no database",
    "tests/domain/support/test_mail_quotes.py": "has no database",
    "tests/domain/support/test_mail_reading.py": "has no database",
    "tests/domain/test_iso_codes.py": "has no database",
    "tests/domain/test_metadata_text.py": "has no database",
    "tests/domain/test_money.py": "has no database",
    "tests/domain/test_permissions.py": "has no database",
    "tests/analytics/test_formats.py": "has no database",
    "tests/domain/integrations/test_signatures.py": "has no database",
    "tests/domain/payments/bank/formats/test_bank_csv.py": "has no database",
    "tests/domain/payments/bank/formats/test_camt.py": "has no database",
    "tests/domain/payments/bank/test_creditor_references.py": "has no database",
    "tests/domain/payments/bank/test_epc_qr.py": "has no database",
    "tests/domain/payments/schedule/test_recurrence.py": "has no database",
    "tests/domain/people/test_brand.py": "has no database",
    "tests/domain/sales/orders/test_order_amounts.py": "has no database",
    "tests/domain/sales/test_totals.py": "has no database",
    "tests/outbound/gateways/test_test_bank.py": "has a file of its own, on SQLite",
    "tests/operations/test_console.py": "is about what programs load and print",
    "tests/operations/test_kill.py": "has a server of its own, on SQLite",
    "tests/operations/test_listening.py": "has sockets, and no database",
    "tests/operations/test_server.py": "has a server without a database",
    "tests/operations/test_settings.py": "has no database",
    "tests/outbound/test_addresses.py": "has no database",
    "tests/outbound/test_client.py": "has no database",
    "tests/outbound/gateways/test_localstripe.py": "has no database",
    "tests/outbound/gateways/test_stripe.py": "has no database",
}
# What takes longest begins first, so that no worker is left alone with it at the end.
FIRST = (
    "tests/browser/test_every_page.py", "tests/outbound/test_kill.py",
    "tests/outbound/payments/test_kill_collecting.py", "tests/outbound/test_kill_issuing.py",
    "tests/operations/test_migrations.py",
    "tests/operations/test_serve.py", "tests/operations/test_demo.py", "tests/browser/", "tests/operations/",
    "tests/analytics/", "tests/outbound/", "tests/api/test_generated.py", "tests/api/test_every_operation.py",
    "tests/api/test_numbers_and_nulls.py", "tests/api/public/test_hostile_json.py", "tests/api/public/test_fuzz.py",
    "tests/api/core/test_fuzz.py", "tests/portal/",
)
# Files whose tests share nothing and take long: each test is handed out by itself.
APART = (
    "tests/browser/test_every_page.py", "tests/api/test_generated.py",
    "tests/operations/test_serve.py", "tests/outbound/test_kill.py",
    "tests/analytics/queries/test_queries.py", "tests/operations/test_migrations.py",
)


class ScheduleByFile(LoadFileScheduling):
    """Hands out tests file by file, and those of APART one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(APART) else nodeid.split("::", 1)[0]


def runs(item, on_postgresql: bool) -> bool:
    """Is this run the one for the test? The request log's tests name their database themselves."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    own = parameters.get("log_url")
    if own is not None:
        return (own == "postgresql") == on_postgresql
    once = is_left_out(item.nodeid, on_postgresql) or (on_postgresql and item.get_closest_marker("once"))
    return FUZZING or not once


def is_left_out(path: str, on_postgresql: bool) -> bool:
    """Does the run on SQLite do it, as a whole file?"""
    return on_postgresql and not FUZZING and path.startswith(tuple(ONCE))


def order_of(nodeid: str) -> int:
    """Where a test stands in the order."""
    return next((number for number, begin in enumerate(FIRST) if nodeid.startswith(begin)), len(FIRST))
