"""The listing of budgets; one shows as expired from the moment it is."""

from typing import Any

from sqlalchemy import String, and_, bindparam, case, cast, func, literal, select

from domain.list_parts import Children, Filter, common_filters
from domain.list_search import Number, Of, Parts
from domain.listing import Listing
from models.budget import Budget, BudgetItem, BudgetStatus
from models.customer import Customer
from models.money import EXPONENTS

# A pending budget whose day has passed is expired, whether or not the worker has stored it yet.
EFFECTIVE = case(
    (
        and_(
            Budget.status == BudgetStatus.PENDING,
            Budget.valid_until < bindparam("now", type_=Budget.valid_until.type),
        ),
        literal(BudgetStatus.EXPIRED.value, String),
    ),
    else_=cast(Budget.status, String),
)

LISTING = Listing(
    model=Budget,
    noun="budget",
    columns={
        **{
            name: getattr(Budget, name)
            for name in (
                "id", "merchant_id", "test", "customer_id", "currency", "subtotal_minor", "discount_minor", "tax_minor",
                "total_minor", "header_discount_minor", "header_tax_minor", "valid_until", "notes", "details",
                "approved_at", "approved_by", "archived_at", "created_at", "updated_at", "version",
            )
        },
        "status": EFFECTIVE,
        # A decided budget stores the customer's name, and with it the address, or none.
        "customer_name": func.coalesce(Budget.customer_name, Customer.name),
        "customer_email": case((Budget.customer_name.is_(None), Customer.email), else_=Budget.customer_email),
    },
    joins=((Customer, Customer.id == Budget.customer_id),),
    children={
        "items": Children(
            BudgetItem.budget_id,
            {
                name: getattr(BudgetItem, name)
                for name in (
                    "id", "product_id", "description", "quantity_ten_thousandths", "unit_price_micro", "discount_minor",
                    "tax_minor", "tax_percent_ten_thousandths", "total_minor",
                )
            },
            BudgetItem.position,
        )
    },
    sort={
        "created_at": Budget.created_at, "updated_at": Budget.updated_at,
        "total": (Budget.currency, Budget.total_minor), "status": Budget.status,
        "valid_until": Budget.valid_until, "id": Budget.id,
    },
    filters={
        **common_filters(Budget),
        "status": Filter(BudgetStatus, lambda bound: cast(bound, String) == EFFECTIVE),
        "customer_id": Filter(int, lambda bound: Budget.customer_id == bound),
        "product_id": Filter(
            int, lambda bound: Budget.id.in_(select(BudgetItem.budget_id).where(BudgetItem.product_id == bound))),
        "customer_ids": Filter(list, lambda bound: Budget.customer_id.in_(bound)),
        "currency": Filter(str, lambda bound: Budget.currency == bound),
        "valid_after": Filter("moment", lambda bound: Budget.valid_until >= bound),
        "valid_before": Filter("day_end", lambda bound: Budget.valid_until <= bound),
        "archived": Filter(bool, lambda bound: Budget.archived_at.is_not(None) == bound),
        "min_total": Filter("amount", lambda bound: Budget.total_minor >= (bound + _step() - 1) // _step()),
        "max_total": Filter("amount", lambda bound: Budget.total_minor <= bound // _step()),
    },
    search=(
        Budget.search_text,
        Of(Customer.search_text, Budget.customer_id),
        Parts(BudgetItem.search_text, BudgetItem.budget_id),
        Number(Budget.id, "budget"),
    ),
    customer="customer_id",
    own=True,
)


def _step() -> Any:
    """Ten-thousandths of the major unit in one minor unit of the budget's currency.

    Bounds come in ten-thousandths, the smallest unit of any currency. They are divided rather than
    totals multiplied: the largest totals would exceed 64 bits.
    """
    steps = {code: 10 ** (4 - digits) for code, digits in EXPONENTS.items()}
    return case(steps, value=Budget.currency, else_=100)
