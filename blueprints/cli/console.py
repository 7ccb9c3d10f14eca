"""The program `countinghouse`: imports and connects only what the given command needs."""

import gc

from blueprints.cli._lazy import Lazy, LazyGroup

key = LazyGroup(
    "key",
    help="Integration keys: how programs reach the Public API.",
    lazy={
        "create": Lazy("access.key_changes:key_create", "Create a key; it is shown only once."),
        "list": Lazy("access.key_list:key_list", "List the keys of a merchant; never the keys themselves."),
        "rotate": Lazy(
            "access.key_changes:key_rotate", "Give a key (api_key_1 or 1) another secret; it is shown only once."
        ),
        "pause": Lazy("access.key_changes:key_pause", "Pause a key (api_key_1 or 1): refused until it is resumed."),
        "extend": Lazy(
            "access.key_changes:key_extend",
            "Move the expiry of a key (api_key_1 or 1): by some days, to a time, or never.",
        ),
        "leaked": Lazy(
            "access.key_changes:key_leaked", "Mark a key (api_key_1 or 1) as leaked: it is paused, and its owner told."
        ),
        "resume": Lazy("access.key_changes:key_resume", "Resume a paused key (api_key_1 or 1)."),
        "revoke": Lazy(
            "access.key_changes:key_revoke", "Revoke a key (api_key_1 or 1): refused from its next call on."
        ),
    },
)
console = LazyGroup(
    "countinghouse",
    help="Countinghouse: run the server, manage merchants, users and keys, back up its data.",
    lazy={
        "audit": Lazy("audit:audit", "The audit trail: who changed what, chained by hashes."),
        "backup": Lazy(
            "installation.backups:backup",
            "Save both databases and the spool to one ZIP file, such as countinghouse.zip, while the server runs.",
        ),
        "books": Lazy("books:books", "The books: invoices, credit notes, payments and refunds, chained by hashes."),
        "catalog": Lazy("row_imports:catalog", "The catalogue of a merchant."),
        "check": Lazy(
            "installation.checking:check", "Check configuration, databases, migrations, disk, clock and pending work."
        ),
        "customer": Lazy("access.accounts:customer", "Customers of a merchant."),
        "customer-token": Lazy(
            "access.customer_tokens:customer_token", "Customers' tokens: how their programs reach the Client API."
        ),
        "customers": Lazy("row_imports:customers", "The customers of a merchant."),
        "db": Lazy("installation.schema:db", "Perform database migrations."),
        "demo": Lazy("demo:demo", "Load two merchants with everything, and 90 days of traffic."),
        "gateway": Lazy("payments.gateway:gateway", "Gateways, which collect payments."),
        "invoice": Lazy("invoice:invoice", "Invoices as files."),
        "key": Lazy("console:key", str(key.help)),
        "logs": Lazy("logs:logs", "The request log and its figures."),
        "merchant": Lazy("access.accounts:merchant", "Merchants, the tenants."),
        "metered": Lazy("payments.metered:metered", "Metered orders, which bill counted API calls."),
        "openapi": Lazy("reference:openapi", "Print a contract's OpenAPI 3.1 document."),
        "postman": Lazy("reference:postman", "Print a Postman collection of all contracts."),
        "rates": Lazy("rates:rates", "Exchange rates."),
        "restore": Lazy(
            "installation.backups:restore",
            "Replace the current data by a backup (ZIP); checks it first. Stop the server before.",
        ),
        "serve": Lazy("running.serving:serve", "Run the production server and one background worker until stopped."),
        "settings": Lazy("settings:settings", "Settings that can be changed while the server runs."),
        "statement": Lazy("payments.statements:statement", "Bank statements."),
        "test-clock": Lazy(
            "payments.test_clock:test_clock", "Test clocks, by which orders of the test world are paid."
        ),
        "ticket": Lazy("tickets:ticket", "Tickets of the support desk."),
        "user": Lazy("access.accounts:user", "People who sign in, and programs that act as one."),
        "worker": Lazy("running.serving:background", "Run only the background worker until stopped."),
    },
)


def main() -> None:
    """Run the program."""
    gc.disable()                        # until a command begins: importing leaves little garbage, and collects it often
    console(prog_name="countinghouse")
