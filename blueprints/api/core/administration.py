"""Declares merchants (resellers), users and API keys in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, VERBS, YES_NO, words
from blueprints.api.field import Field
from blueprints.api.field_map import Derived, Moment, Words, WriteOnly
from blueprints.api.verbs import expose
from domain.integrations import api_keys
from domain.people import merchants, users
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

expose(
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
        "allowed_ips": Field(name="allowed_ips"),
        "expires_dt": Moment(name="expires_at"),
        "webhook_url": Field(name="webhook_url"),
        **HISTORY,
    },
    verbs=VERBS,
    required=("name", "merchant_id"),
    tenant="companies_id",
    parameters={
        **IDS, "mode": Parameter("mode", words(Mode)),
        "status": Parameter("status", {word: word for word in ("ACTIVE", "EXPIRED", "REVOKED")}),
    },
    sorts={**SORTS, "name": "name", "expires_dt": "expires_at", "u_dt": "updated_at"},
)
