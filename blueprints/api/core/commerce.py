"""Declares clients, products and budgets in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.fields import CurrencyNumber, Number
from blueprints.api.core.pricing.metered import Tiers
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, VERBS, YES_NO, words
from blueprints.api.decimals import Decimals
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Derived, Moment, Price, Sum, Words
from blueprints.api.field_parts import Many
from blueprints.api.verbs import expose
from domain.catalog import products
from domain.people import customer_balance
from domain.people.customer_addresses import billing_of
from domain.sales.budgets import budgets
from models.budget import BudgetStatus
from models.customer import CustomerStatus
from models.product import ProductStatus

CLIENT_STATUS = {CustomerStatus.ACTIVE: "active", CustomerStatus.STOPPED: "stop", CustomerStatus.ARCHIVED: "archived"}


CLIENTS = expose(
    CONTRACT,
    customer_balance.RESOURCE,
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
        "c_address": Derived(name="billing_street", make=lambda rows: getattr(billing_of(rows), "street", None)),
        "c_country": Derived(name="billing_country", make=lambda rows: getattr(billing_of(rows), "country", None)),
        "c_tax_number": Field(name="tax_number"),
        "c_registration_number": Field(name="registration_number"),
        "language": Field(name="language"),
        "tz": Field(name="timezone"),
        **HISTORY,
    },
    verbs=(*VERBS, "copy_to_test"),
    name="clients",
    required=("name", "currency", "merchant_id"),
    tenant="companies_id",
    unscoped=VERBS,
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
        "groups_id": Field(name="group_id", refers="product group"),
        "taxes_id": Field(name="tax_id", refers="price rule"),
        "discounts_id": Field(name="discount_id", refers="price rule"),
        "fees_id": Field(name="fee_id", refers="price rule"),
        "deposit": Amount(name="deposit"),
        "scheduled_interval": Field(name="scheduled_interval"),
        "scheduled_unit": Field(name="scheduled_unit"),
        "lock_price": Field(name="lock_price"),
        "lock_payment_config": Field(name="lock_payment_config"),
        "fee_for_initial_payment_only": Field(name="fee_for_initial_payment_only"),
        "discount_for_initial_payment_only": Field(name="discount_for_initial_payment_only"),
        "metered_scheme": Field(name="metered_scheme"),
        "metered_tiers": Tiers(name="metered_tiers"),
        "metered_ceiling": Amount(name="metered_ceiling"),
        "metadata": Field(name="details"),
        **HISTORY,
    },
    verbs=(*VERBS, "copy_to_test", "copy_to_live"),
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
    "products_id": Field(name="product_id", refers="product"),
    "description": Field(name="description"),
    "quantity": Decimals(name="quantity"),
    "unit_price": Price(name="unit_price"),
    "discount": Amount(name="discount"),
    "tax": Amount(name="tax"),
    "tax_percent": Decimals(name="tax_percent", writable=False),
    "total": Amount(name="total", writable=False),
}

BUDGETS = expose(
    CONTRACT,
    budgets.RESOURCE,
    "/budgets",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "status": Field(name="status"),
        "currency": Field(name="currency"),
        "subtotal": Amount(name="subtotal", writable=False),
        "discount": Sum(name="discount", part="header_discount_minor"),
        "tax": Sum(name="tax", part="header_tax_minor"),
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
        "archived": Parameter("archived", YES_NO),
    },
    sorts={**SORTS, "total": "total", "status": "status", "valid_until": "valid_until", "u_dt": "updated_at"},
)
