"""Defines names that all declarations of the Core API share."""

from enum import StrEnum
from typing import Any

from blueprints.api.contract import Parameter
from blueprints.api.field_map import Key, Moment

VERBS = ("get", "list", "create", "update", "archive", "delete")
ID = Key(name="id", writable=False)
COMPANY = Key(name="merchant_id", refers="merchant")
HISTORY = {"c_dt": Moment(name="created_at", writable=False), "u_dt": Moment(name="updated_at", writable=False)}
IDS = {"id": Parameter("id"), "companies_id": Parameter("merchant_id")}
SORTS = {"id": "id", "c_dt": "created_at"}
YES_NO = {"true": True, "false": False, True: True, False: False}       # as text and as JSON


def words(kind: type[StrEnum]) -> dict[str, Any]:
    """A mapping for values with the same name in domain and contract."""
    return {item.value: item for item in kind}
