"""A merchant's own settings of a gateway: its pace, its retries, its keys, and for bank transfers the account."""

from typing import Annotated, Any

import orjson

from domain import clock
from domain.actor import Actor
from domain.errors import Invalid, Mistakes
from domain.inputs import Input, OrAbsent, Text, Truth, Whole
from domain.payments import gateway_accounts, gateway_keys
from domain.payments.bank import ibans
from domain.payments.bank.epc_qr import LONGEST_NAME
from domain.vault import vault
from models.payment import GatewayAccount

MOST_RETRIES, LAST_DAY = 15, 30
SECRETS = ("name", "iban", "bic")                # kept encrypted


class GatewaySettingsInput(Input):
    """What may be set of a gateway. Name, IBAN and BIC are those of the account that transfers go to.

    A key that is left empty stays as it is.
    """

    enabled: OrAbsent[Truth] = None
    per_minute: OrAbsent[Annotated[int, Whole(1, 100_000)]] = None
    retry_days: OrAbsent[Annotated[str, Text(100)]] = None
    name: OrAbsent[Annotated[str, Text(LONGEST_NAME)]] = None
    iban: OrAbsent[Annotated[str, Text(50)]] = None
    bic: OrAbsent[Annotated[str, Text(20)]] = None
    secret_key: OrAbsent[Annotated[str, Text(300)]] = None
    webhook_secret: OrAbsent[Annotated[str, Text(300)]] = None
    remove_keys: OrAbsent[Truth] = None


def update(actor: Actor, gateway: str, changes: dict[str, Any]) -> GatewayAccount:
    """Store what was sent, for the actor's merchant and world; Invalid names everything that is wrong."""
    row = gateway_accounts.ensure(actor.merchant_id, gateway, test=actor.test, now=clock.now())
    kept, mistakes = gateway_accounts.secrets_of(row), Mistakes()
    with mistakes.collected():
        if "retry_days" in changes:
            changes = changes | {"retry_days": days_of(changes["retry_days"] or "")}
    with mistakes.collected():
        kept = _secrets(actor, kept, changes)
    mistakes.refuse()
    with gateway_accounts.LIFE.changing(actor, row):
        for name in ("enabled", "per_minute", "retry_days"):
            if changes.get(name) is not None:
                setattr(row, name, changes[name])
        if kept != gateway_accounts.secrets_of(row):
            row.settings = vault.encrypt(orjson.dumps(kept).decode()) if kept else None
            gateway_accounts.answered(row)               # what failed before says nothing about the new ones
    return row


def _secrets(actor: Actor, kept: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What is kept encrypted after the changes; raises Invalid."""
    sent = {name: (changes[name] or "").strip() for name in SECRETS if name in changes}
    keys = {name: changes[name] for name in gateway_keys.NAMES if changes.get(name)}
    if changes.get("remove_keys"):
        return {name: value for name, value in kept.items() if name not in gateway_keys.NAMES}
    if sent:
        kept = kept | bank_account(kept | sent)
    return kept | gateway_keys.checked(kept, keys, test=actor.test) if keys else kept


def answers(actor: Actor, gateway: str) -> None:
    """The gateway works: a pause after failures ends."""
    row = gateway_accounts.find(actor.merchant_id, gateway, test=actor.test, lock=True)
    if row is not None:
        gateway_accounts.answered(row)


def days_of(text: str) -> str:
    """The days after a decline on which a payment is retried: from 1 to 30, rising; there may be none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        raise Invalid.field("retry_days", "must be whole days with commas, such as 1,3,5,7")
    days = [int(part) for part in parts]
    if len(days) > MOST_RETRIES or any(not 1 <= day <= LAST_DAY for day in days):
        raise Invalid.field("retry_days", f"must be at most {MOST_RETRIES} days from 1 to {LAST_DAY}", "range")
    if days != sorted(set(days)):
        raise Invalid.field("retry_days", "must each be later than the day before", "contradiction")
    return ",".join(map(str, days))


def bank_account(given: dict[str, Any]) -> dict[str, str]:
    """The account that transfers go to, as programs write it: all empty for none; Invalid names what is wrong."""
    name, iban, bic = given.get("name", ""), ibans.joined(given.get("iban", "")), ibans.joined(given.get("bic", ""))
    mistakes = Mistakes()
    with mistakes.collected():
        if not name and (iban or bic):
            raise Invalid.field("name", "is required beside the IBAN", "incomplete")
        if any(not letter.isprintable() for letter in name):
            raise Invalid.field("name", "must be one line of visible characters", "characters")
    with mistakes.collected():
        if (name or bic) and not iban:
            raise Invalid.field("iban", "is required beside the name", "incomplete")
        if iban and (wrong := ibans.mistake(iban)):
            raise Invalid.field("iban", wrong)
    with mistakes.collected():
        if bic and (wrong := ibans.bic_mistake(bic)):
            raise Invalid.field("bic", wrong)
        if not bic and iban[:2] in ibans.OUTSIDE_EEA:
            raise Invalid.field("bic", f"is required for accounts in {iban[:2]}", "incomplete")
    mistakes.refuse()
    return {"name": name, "iban": iban, "bic": bic}
