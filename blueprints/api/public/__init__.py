"""Declares the Public API (server to server): its operations and its names."""

from blueprints.api.contract import Parameter
from blueprints.api.decimals import Decimals
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Day, Ident, Moment, Price, Sum, Words
from blueprints.api.field_parts import Many, One
from blueprints.api.public import leaked_keys, rate_limit, webhooks
from blueprints.api.public.contract import PublicContract
from blueprints.api.verbs import expose
from domain.catalog import products
from domain.invoicing import invoice_resource
from domain.people import customers
from domain.people.customer_addresses import billing_of
from domain.sales.budgets import budgets
from models.budget import BudgetStatus
from models.invoice import InvoiceStatus
from models.product import ProductKind, ProductStatus

CONTRACT = PublicContract()

VERBS = ("list", "create", "get", "update", "delete")
HISTORY = {
    "metadata": Field(name="details"),
    "createdAt": Moment(name="created_at", writable=False),
    "updatedAt": Moment(name="updated_at", writable=False),
}
SINCE = {"createdAt": "created_at", "updatedAt": "updated_at"}


CUSTOMERS = expose(
    CONTRACT,
    customers.RESOURCE,
    "/customers",
    {
        "id": Ident(name="id", prefix="customer_", writable=False),
        "name": Field(name="name"),
        "email": Field(name="email"),
        "phone": Field(name="phone"),
        "company": Field(name="organisation"),
        "address": One(
            name="billing_address",
            of=billing_of,
            fields={
                "line1": Field(name="street"),
                "city": Field(name="city"),
                "state": Field(name="state"),
                "postalCode": Field(name="postal_code"),
                "country": Field(name="country"),
            },
        ),
        "status": Words(
            name="archived", column="status",
            words={False: "ACTIVE", True: "ARCHIVED"},
            shown_words={"active": "ACTIVE", "stopped": "ACTIVE", "archived": "ARCHIVED"},
        ),
        **HISTORY,
    },
    verbs=VERBS,
    event_shape=True,
    prefix="customer_",
    required=("name",),
    parameters={"status": Parameter("archived", {"ACTIVE": False, "ARCHIVED": True})},
    sorts={"name": "name", "email": "email", **SINCE},
)

PRODUCTS = expose(
    CONTRACT,
    products.RESOURCE,
    "/products",
    {
        "id": Ident(name="id", prefix="product_", writable=False),
        "name": Field(name="name"),
        "description": Field(name="description"),
        "price": Price(name="price"),
        "currency": Field(name="currency"),
        "sku": Field(name="sku"),
        "category": Field(name="category"),
        "unit": Field(name="unit"),
        "type": Field(name="kind"),
        "isActive": Words(
            name="active", column="status", words={True: True, False: False},
            shown_words={"active": True, "inactive": False},
        ),
        "status": Words(name="status", words={ProductStatus.ACTIVE: "ACTIVE", ProductStatus.INACTIVE: "INACTIVE"}),
        **HISTORY,
    },
    verbs=VERBS,
    event_shape=True,
    prefix="product_",
    parameters={
        "status": Parameter("status", {"ACTIVE": ProductStatus.ACTIVE, "INACTIVE": ProductStatus.INACTIVE}),
        "category": Parameter("category"),
        "type": Parameter("kind", {kind.value: kind for kind in ProductKind}),
        "isActive": Parameter("active", {"true": True, "false": False}),
    },
    sorts={"name": "name", "price": "price", "sku": "sku", **SINCE},
)

CUSTOMER = One(
    name="customer",
    writable=False,
    fields={
        "id": Ident(name="customer_id", prefix="customer_"),
        "name": Field(name="customer_name"),
        "email": Field(name="customer_email"),
    },
)
ITEM = {
    "id": Ident(name="id", prefix="item_", writable=False),
    "productId": Ident(name="product_id", prefix="product_", refers="product"),
    "description": Field(name="description"),
    "quantity": Decimals(name="quantity"),
    "unitPrice": Price(name="unit_price"),
    "total": Amount(name="total", writable=False),
    "tax": Amount(name="tax"),
    "discount": Amount(name="discount"),
}

INVOICE_ITEM = {
    **{name: one for name, one in ITEM.items() if name not in ("total", "tax")},
    "taxRate": Decimals(name="tax_rate", column="tax_percent_ten_thousandths"),
    "taxCategory": Field(name="tax_category"),
    "taxReason": Field(name="tax_reason"),
    "tax": Amount(name="tax", writable=False),
    "total": Amount(name="total", writable=False),
}

BUDGETS = expose(
    CONTRACT,
    budgets.RESOURCE,
    "/budgets",
    {
        "id": Ident(name="id", prefix="budget_", writable=False),
        "customerId": Ident(name="customer_id", prefix="customer_", refers="customer"),
        "status": Field(name="status"),
        "total": Amount(name="total", writable=False),
        "subtotal": Amount(name="subtotal", writable=False),
        "tax": Sum(name="tax", part="header_tax_minor"),
        "discount": Sum(name="discount", part="header_discount_minor"),
        "currency": Field(name="currency"),
        "validUntil": Moment(name="valid_until"),
        "notes": Field(name="notes"),
        "items": Many(name="items", fields=ITEM, inherit="currency"),
        "customer": CUSTOMER,
        **HISTORY,
        "approvedAt": Moment(name="approved_at", writable=False),
        "approvedBy": Field(name="approved_by", writable=False),
    },
    verbs=VERBS,
    event_shape=True,
    prefix="budget_",
    parameters={
        "status": Parameter("status", {status.value: status for status in BudgetStatus}),
        "customerId": Parameter("customer_id", prefix="customer_"),
        "minTotal": Parameter("min_total"),
        "maxTotal": Parameter("max_total"),
    },
    sorts={"total": "total", "status": "status", "validUntil": "valid_until", **SINCE},
)

INVOICES = expose(
    CONTRACT,
    invoice_resource.RESOURCE,
    "/invoices",
    {
        "id": Ident(name="id", prefix="invoice_", writable=False),
        "customerId": Ident(name="customer_id", prefix="customer_", refers="customer"),
        "number": Field(name="number", writable=False),
        "status": Field(name="status", writable=False),
        "total": Amount(name="total", writable=False),
        "subtotal": Amount(name="subtotal", writable=False),
        "tax": Amount(name="tax", writable=False),
        "discount": Sum(name="discount", part="header_discount_minor"),
        "amountPaid": Amount(name="paid", writable=False),
        "amountCredited": Amount(name="credited", writable=False),
        "balance": Amount(name="balance", writable=False),
        "currency": Field(name="currency"),
        "issueDate": Day(name="issue_on", writable=False),
        "dueDate": Day(name="due_on"),
        "paidAt": Moment(name="paid_at", writable=False),
        "notes": Field(name="notes"),
        "items": Many(name="items", fields=INVOICE_ITEM, inherit="currency"),
        "customer": CUSTOMER,
        "createdAt": Moment(name="created_at", writable=False),
        "updatedAt": Moment(name="updated_at", writable=False),
    },
    verbs=(*VERBS, "issue", "cancel"),
    event_shape=True,
    prefix="invoice_",
    parameters={
        "status": Parameter("status", {status.value: status for status in InvoiceStatus}),
        "customerId": Parameter("customer_id", prefix="customer_"),
        "number": Parameter("number"),
    },
    sorts={"total": "total", "issueDate": "issue_on", "dueDate": "due_on", **SINCE},
)

CONTRACT.operations += [make(CONTRACT) for make in (webhooks.operation, rate_limit.operation, leaked_keys.operation)]
