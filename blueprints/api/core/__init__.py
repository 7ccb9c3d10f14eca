"""Declares the Core API: its operations by REST and JSON-RPC, and its names."""

from blueprints.api.core import (
    accounting,
    administration,
    budget_links,
    collecting,
    commerce,
    iam,
    notifications,
    ordering,
    payments,
    test_charges,
    test_clocks,
)
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.pricing import discount_codes, rules

__all__ = [
    "CONTRACT", "administration", "collecting", "commerce", "discount_codes", "notifications", "ordering", "payments",
    "rules", "test_charges", "test_clocks",
]

CONTRACT.operations += [*accounting.operations(CONTRACT), *iam.OPERATIONS, *budget_links.OPERATIONS]
CONTRACT.roots = tuple(dict.fromkeys(operation.path.split("/")[1] for operation in CONTRACT.operations))
CONTRACT.objects = {
    operation.exposure.resource.noun: operation.exposure.name
    for operation in CONTRACT.operations if operation.exposure is not None
}
