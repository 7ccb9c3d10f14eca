"""Declares the Merchant API: what a merchant's own programs read and write, in its words."""

from blueprints.api.merchant import catalog, ordering, payments, people, scheduling
from blueprints.api.merchant.contract import CONTRACT

__all__ = ["CONTRACT", "catalog", "ordering", "payments", "people", "scheduling"]
