"""The Core API: what it offers, by REST and by JSON-RPC, in its own words."""

from blueprints.api.contract import Parameter
from blueprints.api.core import accounting, iam
from blueprints.api.core.contract import CoreContract
from blueprints.api.core.fields import CurrencyNumber, Number
from blueprints.api.fields import Amount, Derived, Field, Many, Moment, Price, Words, WriteOnly
from blueprints.api.verbs import expose
from domain import api_keys, budgets, customers, merchants, products, users, webhooks
from models.budget import BudgetStatus
from models.credential import Mode
from models.customer import AddressKind, CustomerStatus
from models.outbox import TaskStatus
from models.product import ProductStatus
from models.user import Role
from models.webhook import EndpointStatus

CONTRACT = CoreContract()

VERBS = ("get", "list", "create", "update", "archive", "delete")
ID = Field(name="id", writable=False)
COMPANY = Field(name="merchant_id")
HISTORY = {"c_dt": Moment(name="created_at", writable=False), "u_dt": Moment(name="updated_at", writable=False)}
IDS = {"id": Parameter("id"), "companies_id": Parameter("merchant_id")}
SORTS = {"id": "id", "c_dt": "created_at"}
CLIENT_STATUS = {CustomerStatus.ACTIVE: "active", CustomerStatus.STOPPED: "stop", CustomerStatus.ARCHIVED: "archived"}


def billing(children):
    """The current billing address among a customer's addresses."""
    return next((one for one in children["addresses"] if one.kind is AddressKind.BILLING), None)


def words(kind):
    """Words that are the same outside as inside."""
    return {item.value: item for item in kind}


expose(
    CONTRACT,
    customers.RESOURCE,
    "/clients",
    {
        "id": ID,
        "name": Field(name="name"),
        "currencies_id": CurrencyNumber(name="currency", column="billing_currency"),
        "companies_id": COMPANY,
        "status": Words(name="status", words=CLIENT_STATUS),
        "credit": Number(name="credit_limit", column="credit_limit_minor", currency="billing_currency"),
        "balance_accountant": Amount(
            name="balance", column="balance_minor", currency="billing_currency", writable=False
        ),
        "low_balance_athreshold": Number(
            name="low_balance", column="low_balance_minor", currency="billing_currency", signed=True
        ),
        "c_company": Field(name="organisation"),
        "c_email_billing": Field(name="email"),
        "c_phone": Field(name="phone"),
        "c_address": Derived(name="billing_street", make=lambda children: getattr(billing(children), "street", None)),
        "c_country": Derived(name="billing_country", make=lambda children: getattr(billing(children), "country", None)),
        "tz": Field(name="timezone"),
        **HISTORY,
    },
    verbs=VERBS,
    name="clients",
    required=("name", "currency", "merchant_id"),
    tenant="companies_id",
    scoped=False,
    parameters={
        **IDS, "name": Parameter("name_contains"),
        "status": Parameter("status", {word: inside for inside, word in CLIENT_STATUS.items()}),
    },
    sorts={**SORTS, "name": "name", "status": "status", "u_dt": "updated_at", "c_email_billing": "email"},
)

expose(
    CONTRACT,
    products.RESOURCE,
    "/products",
    {
        "id": ID,
        "companies_id": COMPANY,
        "code": Field(name="code", writable=False),
        "name": Field(name="name"),
        "price": Price(name="price"),
        "currency": Field(name="currency"),
        "description": Field(name="description"),
        "sku": Field(name="sku"),
        "category": Field(name="category"),
        "unit": Field(name="unit"),
        "type": Field(name="kind"),
        "billing": Field(name="billing"),
        "status": Field(name="status"),
        "groups_id": Field(name="group_id"),
        "taxes_id": Field(name="tax_id"),
        "discounts_id": Field(name="discount_id"),
        "fees_id": Field(name="fee_id"),
        "deposit": Amount(name="deposit"),
        "scheduled_interval": Field(name="scheduled_interval"),
        "scheduled_unit": Field(name="scheduled_unit"),
        "lock_price": Field(name="lock_price"),
        "lock_payment_config": Field(name="lock_payment_config"),
        "fee_for_initial_payment_only": Field(name="fee_for_initial_payment_only"),
        "discount_for_initial_payment_only": Field(name="discount_for_initial_payment_only"),
        "metadata": Field(name="details"),
        **HISTORY,
    },
    verbs=VERBS,
    required=("name", "merchant_id"),
    tenant="companies_id",
    parameters={
        **IDS, "status": Parameter("status", words(ProductStatus)), "sku": Parameter("sku"),
        "category": Parameter("category"), "name": Parameter("name_contains"),
    },
    sorts={**SORTS, "name": "name", "price": "price", "sku": "sku", "u_dt": "updated_at"},
)

ITEM = {
    "id": ID,
    "products_id": Field(name="product_id"),
    "description": Field(name="description"),
    "quantity": Field(name="quantity"),
    "unit_price": Price(name="unit_price"),
    "discount": Amount(name="discount"),
    "tax": Amount(name="tax"),
    "total": Amount(name="total", writable=False),
}

expose(
    CONTRACT,
    budgets.RESOURCE,
    "/budgets",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id"),
        "status": Field(name="status"),
        "currency": Field(name="currency"),
        "subtotal": Amount(name="subtotal", writable=False),
        "discount": Amount(name="discount"),
        "tax": Amount(name="tax"),
        "total": Amount(name="total", writable=False),
        "valid_until": Moment(name="valid_until"),
        "notes": Field(name="notes"),
        "items": Many(name="items", fields=ITEM, inherit="currency"),
        "metadata": Field(name="details"),
        "approved_dt": Moment(name="approved_at", writable=False),
        "approved_by": Field(name="approved_by", writable=False),
        "archived_dt": Moment(name="archived_at", writable=False),
        **HISTORY,
    },
    verbs=VERBS,
    required=("merchant_id",),
    tenant="companies_id",
    parameters={
        **IDS, "status": Parameter("status", words(BudgetStatus)), "clients_id": Parameter("customer_ids"),
        "archived": Parameter("archived", {"true": True, "false": False, True: True, False: False}),
    },
    sorts={**SORTS, "total": "total", "status": "status", "valid_until": "valid_until", "u_dt": "updated_at"},
)

expose(
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
                "state", "postal_code", "country", "document_footer",
            )
        },
        **HISTORY,
    },
    verbs=VERBS,
    required=("name",),
    parameters={"id": Parameter("id"), "active": Parameter("active", {"true": True, "false": False, True: True,
                                                                       False: False})},
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
            name="merchant_ids", make=lambda children: [one.merchant_id for one in children["memberships"]]
        ),
        "api_access": Field(name="api_access"),
        "allowed_ips": Field(name="allowed_ips"),
        "tz": Field(name="timezone"),
        **HISTORY,
    },
    verbs=VERBS,
    required=("email", "password"),
    parameters={
        "id": Parameter("id"), "role": Parameter("role", words(Role)), "email": Parameter("email"),
        "active": Parameter("active", {"true": True, "false": False, True: True, False: False}),
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

expose(
    CONTRACT,
    webhooks.RESOURCE,
    "/webhooks",
    {
        "id": ID,
        "companies_id": COMPANY,
        "url": Field(name="url"),
        "description": Field(name="description"),
        "events": Field(name="events"),
        "status": Field(name="status", writable=False),
        "disabled_reason": Field(name="disabled_reason", writable=False),
        "failures_in_row": Field(name="failures_in_row", writable=False),
        "api_keys_id": Field(name="credential_id", writable=False),
        **HISTORY,
    },
    verbs=(*VERBS, "activate"),
    required=("url", "merchant_id"),
    tenant="companies_id",
    parameters={**IDS, "status": Parameter("status", words(EndpointStatus))},
    sorts={**SORTS, "url": "url", "u_dt": "updated_at"},
)

ATTEMPT = {
    "number": Field(name="number"),
    "started_dt": Moment(name="started_at"),
    "duration_ms": Field(name="duration_ms"),
    "status_code": Field(name="status_code"),
    "error": Field(name="error"),
    "response_body": Field(name="response_body"),
}

expose(
    CONTRACT,
    webhooks.DELIVERY_RESOURCE,
    "/webhooks/deliveries",
    {
        "id": ID,
        "companies_id": COMPANY,
        "webhooks_id": Field(name="endpoint_id"),
        "message_id": Field(name="message_id"),
        "event": Field(name="event"),
        "resource": Field(name="resource"),
        "status": Field(name="status"),
        "last_error": Field(name="last_error"),
        "due_dt": Moment(name="due_at"),
        "finished_dt": Moment(name="finished_at"),
        "c_dt": Moment(name="created_at"),
        "body": Field(name="body"),
        "attempts": Many(name="attempts", fields=ATTEMPT),
    },
    verbs=("get", "list", "redeliver"),
    name="webhooks.deliveries",
    parameters={
        **IDS, "event": Parameter("event"), "resource": Parameter("resource"),
        "status": Parameter("status", words(TaskStatus)),
    },
    sorts=SORTS,
)

CONTRACT.operations += [*accounting.operations(CONTRACT), *iam.OPERATIONS]
CONTRACT.roots = tuple(dict.fromkeys(operation.path.split("/")[1] for operation in CONTRACT.operations))
CONTRACT.objects = {
    operation.exposure.resource.noun: operation.exposure.name
    for operation in CONTRACT.operations if operation.exposure is not None
}
