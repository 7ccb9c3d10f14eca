"""Scopes, and what each role is worth in them. Keys carry scopes, users carry a role."""

from models.user import Role

KEY_SCOPES = (
    "READ_BUDGETS",
    "WRITE_BUDGETS",
    "READ_CUSTOMERS",
    "WRITE_CUSTOMERS",
    "READ_PRODUCTS",
    "WRITE_PRODUCTS",
    "WEBHOOKS",
)

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
)

EVERYTHING = frozenset(KEY_SCOPES + ADMIN_SCOPES)

_SELLING = frozenset({"READ_BUDGETS", "WRITE_BUDGETS", "READ_CUSTOMERS", "WRITE_CUSTOMERS", "READ_PRODUCTS"})

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.ADMIN: EVERYTHING,
    Role.ACCOUNTANT: _SELLING | {"READ_ANALYTICS"},
    Role.NORMAL: _SELLING,
    Role.RESTRICTED: _SELLING,          # and only own customers and budgets: Actor.own_only
}
