"""The program `countinghouse`: imports and connects only what the given command needs."""

from blueprints.cli._command import Applications
from blueprints.cli._lazy import LazyGroup

key = LazyGroup(
    "key",
    help="Integration keys: how programs reach the Public API.",
    lazy={
        "create": "access.key_changes:key_create", "list": "access.key_list:key_list",
        "revoke": "access.key_changes:key_revoke",
    },
)
console = LazyGroup(
    "countinghouse",
    help="Countinghouse: run the server, manage merchants, users and keys, back up its data.",
    lazy={
        "backup": "installation:backup", "books": "books:books", "catalog": "row_imports:catalog",
        "check": "installation:check",
        "customer": "access.accounts:customer", "customer-token": "access.customer_tokens:customer_token",
        "customers": "row_imports:customers",
        "db": "schema:db", "demo": "demo:demo", "gateway": "payments.gateway:gateway", "invoice": "invoice:invoice",
        "key": "console:key",
        "logs": "logs:logs", "merchant": "access.accounts:merchant", "metered": "payments.metered:metered",
        "openapi": "reference:openapi", "postman": "reference:postman", "rates": "rates:rates",
        "restore": "installation:restore", "serve": "serving:serve", "settings": "settings:settings",
        "statement": "payments.statements:statement",
        "ticket": "tickets:ticket",
        "test-clock": "payments.test_clock:test_clock", "user": "access.accounts:user", "worker": "serving:background",
    },
)


def main() -> None:
    """Run the program."""
    console(prog_name="countinghouse", obj=Applications())
