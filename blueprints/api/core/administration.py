"""Declares merchants (resellers), users and API keys in the Core API."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from blueprints.api.contract import Arguments, Outcome, Parameter
from blueprints.api.core.contract import CONTRACT, MOMENT, moment
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, VERBS, YES_NO, words
from blueprints.api.credentials import spend_of_key
from blueprints.api.description import SECRET, Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Derived, Moment, Words, WriteOnly
from blueprints.api.rate_limits import Spent
from blueprints.api.verbs import action, beside_id, changed, expose, key_of, locked, operation
from domain import inputs
from domain.actor import Actor
from domain.integrations import api_keys, key_expiry, key_secrets
from domain.people import merchants, users
from domain.people.keys import key_leaks
from models.credential import Mode
from models.user import Role

MERCHANTS = expose(
    CONTRACT,
    merchants.RESOURCE,
    "/merchants",
    {
        "id": ID,
        "name": Field(name="name"),
        "currency": Field(name="currency"),
        "tz": Field(name="timezone"),
        "active": Field(name="active"),
        **{
            name: Field(name=name)
            for name in (
                "legal_name", "registration_number", "tax_number", "email", "phone", "website", "street", "city",
                "state", "postal_code", "country", "language", "document_footer", "brand_colour", "customer_cancels",
                "customer_skips", "customer_changes", "mails_off", "support_email", "invoice_pattern",
                "credit_note_pattern", "payment_terms_days", "invoice_reminders", "invoices_made", "invoices_charged",
                "unpaid_throttle_days",
                "unpaid_calls_per_hour", "unpaid_stop_days", "unpaid_suspend_days",
            )
        },
        "logo_digest": Field(name="logo_digest", writable=False),
        **HISTORY,
    },
    verbs=VERBS,
    required=("name",),
    parameters={"id": Parameter("id"), "active": Parameter("active", YES_NO)},
    sorts={**SORTS, "name": "name"},
)

expose(
    CONTRACT,
    users.RESOURCE,
    "/iam/users",
    {
        "id": ID,
        "email": Field(name="email"),
        "password": WriteOnly(name="password"),
        "name": Field(name="name"),
        "role": Words(name="role", words={role: role.value for role in Role}),
        "active": Field(name="active"),
        "all_companies": Field(name="all_merchants"),
        "companies_ids": Derived(
            name="merchant_ids", refers="merchant",
            make=lambda children: [one.merchant_id for one in children["memberships"]],
        ),
        "api_access": Field(name="api_access"),
        "allowed_ips": Field(name="allowed_ips"),
        "tz": Field(name="timezone"),
        **HISTORY,
    },
    verbs=(*VERBS, "invite"),
    required=("email",),
    parameters={
        "id": Parameter("id"), "role": Parameter("role", words(Role)), "email": Parameter("email"),
        "active": Parameter("active", YES_NO),
    },
    sorts={**SORTS, "email": "email", "name": "name", "role": "role"},
)

KEYS = expose(
    CONTRACT,
    api_keys.RESOURCE,
    "/iam/api-keys",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "name": Field(name="name"),
        "description": Field(name="description"),
        "prefix": Field(name="prefix", writable=False),
        "last_four": Field(name="last_four", writable=False),
        "status": Field(name="status", writable=False),
        "mode": Words(name="mode", words={mode: mode.value for mode in Mode}),
        "scopes": Field(name="scopes"),
        "rate_limit_per_hour": Field(name="rate_limit_per_hour"),
        "rate_limit_per_minute": Field(name="rate_limit_per_minute"),
        "rate_limit_per_day": Field(name="rate_limit_per_day"),
        "allowed_ips": Field(name="allowed_ips"),
        "expires_dt": Moment(name="expires_at"),
        "former_until_dt": Moment(name="former_until", writable=False),
        "leaked_dt": Moment(name="leaked_at", writable=False),
        "leak_url": Field(name="leak_url", writable=False),
        "webhook_url": Field(name="webhook_url"),
        **HISTORY,
    },
    verbs=(*VERBS, "pause", "resume"),
    required=("name", "merchant_id"),
    tenant="companies_id",
    parameters={
        **IDS, "mode": Parameter("mode", words(Mode)),
        "status": Parameter("status", {word: word for word in ("ACTIVE", "PAUSED", "EXPIRED", "REVOKED")}),
    },
    sorts={**SORTS, "name": "name", "expires_dt": "expires_at", "u_dt": "updated_at"},
    event_shape=True,
)


def before_rotation(actor: Actor, arguments: Arguments) -> key_secrets.KeySecret:
    """A new secret, made and hashed before anything is locked."""
    return key_secrets.fresh(api_keys.LISTING.get(actor, key_of(KEYS, arguments.key)).mode)


def rotate(actor: Actor, arguments: Arguments) -> Outcome:
    """Give a key another secret, which is shown once; the former one keeps working for some hours."""
    own, row = locked(KEYS, actor, arguments)
    sent = beside_id(arguments)
    wanted = inputs.parse(key_secrets.RotationInput, sent)
    new = arguments.ready or key_secrets.fresh(row.mode)
    until = key_secrets.rotate(own, row, new, wanted)
    payload = {"id": row.id, "former_until_dt": moment(until)}
    return Outcome({**payload, "key": new.text}, kept=payload)


CONTRACT.operations.append(operation(
    KEYS, "rotate", "POST", "/{key}/rotate", rotate, takes_body=True, optional_body=True,
    positional=("id", "grace_hours"), before=before_rotation,
    summary="Another secret for an API key; the former one keeps working for some hours",
    described=Description(
        body=ExampleBody(
            {
                "title": "KeyRotation", "type": "object", "additionalProperties": False,
                "properties": {"grace_hours": {
                    "type": "integer", "minimum": 0, "maximum": key_secrets.LONGEST, "default": key_secrets.USUAL,
                    "description": "How long the former secret keeps working; 0 ends it at once",
                }},
            },
            {"grace_hours": 24},
        ),
        answer=ExampleBody(
            {
                "title": "RotatedKey", "type": "object",
                "properties": {"id": {"type": "integer"}, "key": SECRET, "former_until_dt": MOMENT},
                "required": ["id", "former_until_dt"],
            },
            {"id": 1, "key": "bk_live_…, shown once", "former_until_dt": "2026-02-01 12:00:00+0000"},
        ),
    ),
))


def extend(actor: Actor, arguments: Arguments) -> Outcome:
    """Move the expiry of a key by some days."""
    own, row = locked(KEYS, actor, arguments)
    sent = beside_id(arguments)
    key_expiry.extend(own, row, inputs.parse(key_expiry.ExtensionInput, sent))
    return changed(KEYS, actor, row.id)


CONTRACT.operations.append(operation(
    KEYS, "extend", "POST", "/{key}/extend", extend, takes_body=True, positional=("id", "days"),
    summary="Extend an API key by some days, from its expiry or, if that is over or never, from today",
    described=Description(body=ExampleBody(
        {
            "title": "KeyExtension", "type": "object", "additionalProperties": False, "required": ["days"],
            "properties": {"days": {"type": "integer", "minimum": 1, "maximum": key_expiry.LONGEST_EXTENSION}},
        },
        {"days": 90},
    )),
))


def mark_leaked(actor: Actor, arguments: Arguments) -> Outcome:
    """Mark a key as leaked, which pauses it."""
    own, row = locked(KEYS, actor, arguments)
    sent = {name: value for name, value in (arguments.body or {}).items() if name != "id"}
    key_leaks.mark(own, row, inputs.parse(key_leaks.FoundInput, sent))
    return changed(KEYS, actor, row.id)


CONTRACT.operations.append(operation(
    KEYS, "mark_leaked", "POST", "/{key}/leaked", mark_leaked, takes_body=True, optional_body=True,
    positional=("id", "url"), summary="Mark an API key as leaked: it is paused, and its owner told",
    described=Description(body=ExampleBody(
        {
            "title": "KeyLeak", "type": "object", "additionalProperties": False,
            "properties": {"url": {"type": ["string", "null"], "maxLength": key_leaks.LONGEST_URL,
                                   "description": "Where it was found"}},
        },
        {"url": "https://git.example.org/shop/settings.py#L3"},
    )),
))


def rate_limit(actor: Actor, arguments: Arguments) -> Outcome:
    """What is left of the rate limit of a key."""
    record = api_keys.LISTING.read(actor, key_of(KEYS, arguments.key))
    left = spend_of_key(record, 0)
    windows = [shown_limit(one) for one in left.windows or (left,)]
    return Outcome({"id": record.id, **shown_limit(left), "windows": windows})


def shown_limit(left: Spent) -> dict[str, Any]:
    """The state of one window."""
    reset = moment(datetime.fromtimestamp(left.reset, UTC))
    return {"limit": left.limit, "remaining": left.remaining, "reset_dt": reset, "window": left.window}


LIMIT_STATE = {
    "limit": {"type": "integer"}, "remaining": {"type": "integer"}, "reset_dt": MOMENT,
    "window": {"type": "integer", "description": "Length of the window in seconds"},
}
OF_HOUR = {"limit": 1000, "remaining": 852, "reset_dt": "2026-01-31 12:00:00+0000", "window": 3600}


CONTRACT.operations.append(operation(
    KEYS, "rate_limit", "GET", "/{key}/rate-limit", rate_limit, positional=("id",),
    summary="What is left of the rate limit of an API key; spends none of its calls",
    described=Description(answer=ExampleBody(
        {
            "title": "KeyRateLimit", "type": "object",
            "properties": {"id": {"type": "integer"}, **LIMIT_STATE, "windows": {
                "type": "array", "description": "Each limit of the key, of the shortest window first",
                "items": {"title": "KeyRateLimitWindow", "type": "object", "properties": LIMIT_STATE,
                          "required": list(LIMIT_STATE)},
            }},
            "required": ["id", *LIMIT_STATE, "windows"],
        },
        {"id": 1, **OF_HOUR, "windows": [OF_HOUR]},
    )),
))
CONTRACT.operations.append(replace(
    action(KEYS, "end_former"), summary="End the former secrets of an API key before their time"))
