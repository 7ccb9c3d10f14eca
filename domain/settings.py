"""Stores the settings that the operator changes in the program; config.py has those of the environment."""

from typing import Annotated, Any

from sqlalchemy import bindparam, select

from database import db
from database.reader import Reader
from database.statements import Prepared
from domain import audit, clock
from domain.actor import Actor, All
from domain.errors import Forbidden
from domain.inputs import CurrencyCode, Input, TimeZone, Whole, changes
from models.setting import Setting


class SettingsInput(Input):
    """Every setting with its default."""

    client_api_limit_per_minute: Annotated[int, Whole(0, 1_000_000)] = 60
    quote_validity_days: Annotated[int, Whole(1, 3650)] = 30
    base_currency: CurrencyCode = "EUR"
    system_timezone: TimeZone = "UTC"
    core_rate_limit_per_minute: Annotated[int, Whole(0, 1_000_000)] = 0
    merchant_rate_limit_per_minute: Annotated[int, Whole(0, 1_000_000)] = 0
    client_invitations_per_day: Annotated[int, Whole(0, 1_000)] = 20


MEANINGS = {
    "client_api_limit_per_minute": "Client API: calls per minute and address (0 = no limit).",
    "quote_validity_days": "Days that a budget stays open when its date is left out.",
    "base_currency": "The currency against which exchange rates are stored.",
    "system_timezone": "The default time zone, unless the request, the user or the merchant has one.",
    "core_rate_limit_per_minute": "Core API: calls per minute and user (0 = no limit).",
    "merchant_rate_limit_per_minute": "Merchant API: calls per minute and user (0 = no limit).",
    "client_invitations_per_day": "Client area: people whom a customer invites in 24 hours (0 = nobody).",
}


_VALUE = Prepared(select(Setting.value).where(Setting.name == bindparam("name")))


def get(name: str) -> Any:
    """The current value, typed."""
    row = Reader().cached_first(_VALUE, {"name": name})
    if row is None:
        return SettingsInput.model_fields[name].default
    return changes(SettingsInput, {name: row.value}, text=True)[name]


def everything() -> dict[str, Any]:
    """All current settings."""
    return {name: get(name) for name in SettingsInput.model_fields}


def update(actor: Actor, values: dict[str, Any]) -> None:
    """Store settings; only for operators, because they apply to all merchants."""
    actor.require("WRITE_SETTINGS")
    if not isinstance(actor.merchant_ids, All):
        raise Forbidden("Settings of the whole installation need a user with all merchants.")
    before = everything()
    for name, value in values.items():
        row = db.session.get(Setting, name) or Setting(name=name)
        row.value, row.updated_at = str(value), clock.now()
        db.session.add(row)
    db.session.flush()       # settings are read with plain statements
    audit.record(actor, "settings.updated", None, before=before, after=before | values)
