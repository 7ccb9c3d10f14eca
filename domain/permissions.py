"""Defines scopes, and the scopes of each role. Keys have scopes, users have a role."""

from collections.abc import Collection
from dataclasses import dataclass

from models.user import Role


@dataclass(frozen=True, slots=True)
class Permission:
    """What a key may be granted for one noun: none, read, or read and write; or a single scope."""

    name: str                               # the end of its scopes: BUDGETS
    title: str
    about: str
    single: bool = False

    def scopes(self, level: str) -> tuple[str, ...]:
        """The scopes of a level: none, read or write."""
        if self.single:
            return () if level == "none" else (self.name,)
        return {"read": (f"READ_{self.name}",), "write": (f"READ_{self.name}", f"WRITE_{self.name}")}.get(level, ())

    def level(self, granted: Collection[str]) -> str:
        """The level that these scopes give."""
        if f"WRITE_{self.name}" in granted or (self.single and self.name in granted):
            return "write"
        return "read" if f"READ_{self.name}" in granted else "none"


KEY_PERMISSIONS = (
    Permission("BUDGETS", "Budgets", "quotes with their lines"),
    Permission("CUSTOMERS", "Customers", "profiles and addresses"),
    Permission("PRODUCTS", "Products", "the catalogue and its prices"),
    Permission("INVOICES", "Invoices", "invoices and credit notes"),
    Permission("WEBHOOKS", "Webhooks", "endpoints, secrets and test deliveries", single=True),
)
KEY_SCOPES = tuple(scope for one in KEY_PERMISSIONS for scope in one.scopes("write"))


def scope_title(scope: str) -> str:
    """A scope as people read it, everywhere: READ_BUDGETS is Budgets: read."""
    for one in KEY_PERMISSIONS:
        if scope in one.scopes("write"):
            return one.title if one.single else f"{one.title}: {scope.partition('_')[0].lower()}"
    verb, _, noun = scope.partition("_")
    return f"{noun.capitalize()}: {verb.lower()}" if noun else scope.capitalize()


ADMIN_SCOPES = (
    "READ_KEYS",
    "WRITE_KEYS",
    "READ_USERS",
    "WRITE_USERS",
    "READ_MERCHANTS",
    "WRITE_MERCHANTS",
    "READ_ANALYTICS",
    "READ_AUDIT",
    "READ_SETTINGS",
    "WRITE_SETTINGS",
    "IMPORT",
    "READ_ORDERS",                       # with their scheduled payments
    "WRITE_ORDERS",
    "READ_PAYMENTS",                     # with refunds and disputes
    "WRITE_PAYMENTS",
    "READ_TICKETS",
    "WRITE_TICKETS",
    "WRITE_SUPPORT",                     # how the desk is set up: its departments
    "READ_SERVICES",                     # with domain names
    "WRITE_SERVICES",
)

EVERYTHING = frozenset(KEY_SCOPES + ADMIN_SCOPES)

_SELLING = frozenset({
    "READ_BUDGETS", "WRITE_BUDGETS", "READ_CUSTOMERS", "WRITE_CUSTOMERS", "READ_PRODUCTS", "READ_ORDERS",
    "WRITE_ORDERS", "READ_PAYMENTS", "READ_TICKETS", "WRITE_TICKETS", "READ_INVOICES", "READ_SERVICES",
    "WRITE_SERVICES",
})

# What roles may do in the dashboard, noun by noun; the scope of keys for webhooks is not among a role's own.
ROLE_PERMISSIONS = (
    Permission("CUSTOMERS", "Customers", "with their users and API tokens"),
    Permission("PRODUCTS", "Products", "with discount codes"),
    Permission("BUDGETS", "Budgets", "quotes with their lines"),
    Permission("ORDERS", "Orders", "with their scheduled payments"),
    Permission("PAYMENTS", "Payments", "with refunds, disputes and bank statements"),
    Permission("INVOICES", "Invoices", "with credit notes"),
    Permission("SERVICES", "Services", "with domain names"),
    Permission("TICKETS", "Support", "tickets, articles, announcements and canned answers"),
    Permission("SUPPORT", "Support desk", "how it is set up: its departments"),
    Permission("KEYS", "API keys", "with webhook endpoints"),
    Permission("USERS", "Users", "roles, API tokens and invitations"),
    Permission("MERCHANTS", "Merchant profiles", "with payment gateways and mails"),
    Permission("ANALYTICS", "Analytics", "with the request log"),
    Permission("AUDIT", "Audit log", "who changed what"),
    Permission("SETTINGS", "Settings", "with currencies and the outbox"),
    Permission("IMPORT", "Import", "rows by the Core API", single=True),
)

# What a customer's own token opens; a stopped customer's only reads.
CUSTOMER_READS = frozenset({"READ_CUSTOMERS", "READ_ORDERS", "READ_SERVICES", "READ_INVOICES", "READ_TICKETS"})
CUSTOMER_SCOPES = CUSTOMER_READS | {"WRITE_CUSTOMERS", "WRITE_TICKETS"}

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.ADMIN: EVERYTHING,
    Role.ACCOUNTANT: _SELLING | {"READ_ANALYTICS", "WRITE_PAYMENTS", "WRITE_INVOICES"},
    Role.NORMAL: _SELLING | {"WRITE_PAYMENTS", "WRITE_INVOICES"},
    Role.RESTRICTED: _SELLING,      # and only own customers, budgets, orders, invoices and tickets: Actor.own_only
}
