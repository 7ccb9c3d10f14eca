"""Budgets (quotes): lines that add up, and a status that moves only along its arrows.

A caller's totals are never believed; they are computed here. Tax is exclusive: it comes on top.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import String, and_, bindparam, case, cast, exists, literal, select

from database import db
from domain import audit, clock, customers, events, products, settings
from domain.actor import Actor
from domain.errors import Conflict, Invalid, NotFound, Problem
from domain.inputs import (
    Choice,
    CurrencyCode,
    Input,
    LongText,
    Maybe,
    Metadata,
    Moment,
    Number,
    RowId,
    Text,
    Whole,
)
from domain.listing import Children, Filter, Listing, touch
from domain.resource import Resource
from models.budget import Budget, BudgetItem, BudgetStatus
from models.customer import Customer
from models.merchant import Merchant
from models.money import EXPONENTS, LIMIT, line_minor, percent_minor, to_micro, to_minor
from models.product import PriceRule, Product, ProductStatus

MAX_ITEMS = 200


class ItemInput(Input):
    """One line; a price left out is the product's, a tax left out follows from the product's rate."""

    product_id: Maybe[RowId] = None
    description: Maybe[Annotated[str, Text(500)]] = None
    quantity: Annotated[int, Whole(1, 1_000_000)]
    unit_price: Maybe[Annotated[Decimal, Number(0, products.MAX_PRICE)]] = None
    discount: Maybe[Annotated[Decimal, Number()]] = None
    tax: Maybe[Annotated[Decimal, Number()]] = None


class BudgetInput(Input):
    """A budget as callers may write it; `status` counts in an update only."""

    customer_id: RowId
    items: Annotated[list[ItemInput], Field(min_length=1, max_length=MAX_ITEMS)]
    currency: Maybe[CurrencyCode] = None
    valid_until: Maybe[Moment] = None
    notes: Maybe[LongText] = None
    details: Metadata = {}
    discount: Maybe[Annotated[Decimal, Number()]] = None
    tax: Maybe[Annotated[Decimal, Number()]] = None
    status: Maybe[Annotated[BudgetStatus, Choice(BudgetStatus)]] = None


# A pending budget whose day has passed is expired, whether or not the worker has written it down yet.
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
                "id", "merchant_id", "customer_id", "currency", "subtotal_minor", "discount_minor", "tax_minor",
                "total_minor", "header_discount_minor", "header_tax_minor", "valid_until", "notes", "details",
                "approved_at", "approved_by", "archived_at", "created_at", "updated_at", "version",
            )
        },
        "status": EFFECTIVE,
        "customer_name": Customer.name,
        "customer_email": Customer.email,
    },
    joins=((Customer, Customer.id == Budget.customer_id),),
    children={
        "items": Children(
            BudgetItem.budget_id,
            {
                name: getattr(BudgetItem, name)
                for name in (
                    "id", "product_id", "description", "quantity", "unit_price_micro", "discount_minor", "tax_minor",
                    "total_minor",
                )
            },
            BudgetItem.position,
        )
    },
    sort={
        "created_at": Budget.created_at, "updated_at": Budget.updated_at, "total": Budget.total_minor,
        "status": Budget.status, "valid_until": Budget.valid_until, "id": Budget.id,
    },
    filters={
        "id": Filter(list, lambda bound: Budget.id.in_(bound)),
        "status": Filter(BudgetStatus, lambda bound: cast(bound, String) == EFFECTIVE),
        "customer_id": Filter(int, lambda bound: Budget.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: Budget.customer_id.in_(bound)),
        "currency": Filter(str, lambda bound: Budget.currency == bound),
        "merchant_id": Filter(list, lambda bound: Budget.merchant_id.in_(bound)),
        "archived": Filter(bool, lambda bound: Budget.archived_at.is_not(None) == bound),
        "min_total": Filter("amount", lambda bound: Budget.total_minor >= (bound + _step() - 1) // _step()),
        "max_total": Filter("amount", lambda bound: Budget.total_minor <= bound // _step()),
        "created_after": Filter("moment", lambda bound: Budget.created_at >= bound),
        "created_before": Filter("day_end", lambda bound: Budget.created_at <= bound),
    },
    search=(
        Budget.notes,
        Customer.name,
        lambda pattern: (literal("budget_") + cast(Budget.id, String)).ilike(pattern, escape="\\"),
        lambda pattern: exists().where(
            BudgetItem.budget_id == Budget.id, BudgetItem.description.ilike(pattern, escape="\\")
        ),
    ),
    customer="customer_id",
    own=True,
)


def _step() -> Any:
    """Ten-thousandths of the major unit in one minor unit of the budget's currency.

    Bounds come in ten-thousandths, the finest that any currency has. They are divided rather than
    totals multiplied: the largest totals would leave 64 bits.
    """
    steps = {code: 10 ** (4 - digits) for code, digits in EXPONENTS.items()}
    return case(steps, value=Budget.currency, else_=100)


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a budget in minor units."""

    subtotal: int
    discount: int
    tax: int

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.tax


def create(actor: Actor, new: BudgetInput) -> Budget:
    """A pending budget for one of the actor's customers; Invalid names every wrong line."""
    merchant = db.session.get(Merchant, actor.merchant_id)
    assert merchant is not None      # a key or a session named it
    now = clock.now()
    days = settings.get("quote_validity_days")
    budget = Budget(
        merchant_id=merchant.id, status=BudgetStatus.PENDING, created_at=now, updated_at=now, version=1,
        created_by_user_id=actor.user_id, currency=new.currency or merchant.currency,
        valid_until=_future(new.valid_until) or now + timedelta(days=days), notes=new.notes, details=new.details,
    )
    budget.customer_id = _customer(actor, budget, new.customer_id).id
    _compute(actor, budget, {"items": new.items, "discount": new.discount, "tax": new.tax})
    db.session.add(budget)
    db.session.flush()       # gives it and its items their ids
    audit.record(actor, "budget.created", budget, after=_snapshot(budget))
    events.emit(actor, "budget.created", budget)
    return budget


def update(actor: Actor, budget: Budget, changes: dict[str, Any]) -> Budget:
    """Change what was sent. Amounts, lines, customer and date move only while it is pending."""
    settle(budget)
    before = _snapshot(budget)
    if changes.get("status") is not None:
        _move(actor, budget, changes["status"], changes.get("valid_until"))
    frozen = changes.keys() & {"customer_id", "items", "currency", "discount", "tax", "valid_until"}
    # Approving with the same call that changes lines would change what was agreed to.
    if frozen and budget.status is not BudgetStatus.PENDING:
        raise Conflict(
            f"Budget is {budget.status} and can no longer be changed", details={"status": str(budget.status)}
        )
    if "valid_until" in changes:
        budget.valid_until = _future(changes["valid_until"])
    for name in ("notes", "details"):
        if name in changes:
            setattr(budget, name, changes[name])
    _change_currency(budget, changes)
    if "customer_id" in changes:
        budget.customer_id = _customer(actor, budget, changes["customer_id"]).id
    if changes.keys() & {"items", "discount", "tax"}:
        _compute(actor, budget, changes)
    touch(budget)
    db.session.flush()       # new items get their ids
    event = _event(before["status"], budget)
    audit.record(actor, event, budget, before=before, after=_snapshot(budget))
    events.emit(actor, event, budget)
    return budget


def delete(actor: Actor, budget: Budget) -> None:
    """Kept, but found no more. An approved budget is the record of an agreement and stays."""
    if budget.status is BudgetStatus.APPROVED:
        raise Conflict("Budget is APPROVED and can no longer be deleted", details={"status": "APPROVED"})
    events.emit(actor, "budget.deleted", budget)       # while it can still be read
    before = _snapshot(budget)
    budget.deleted_at = clock.now()
    touch(budget)
    audit.record(actor, "budget.deleted", budget, before=before, after=_snapshot(budget))


def restore(actor: Actor, budget: Budget) -> Budget:
    """Undo of `delete`."""
    before = _snapshot(budget)
    budget.deleted_at = None
    touch(budget)
    audit.record(actor, "budget.restored", budget, before=before, after=_snapshot(budget))
    events.emit(actor, "budget.updated", budget)
    return budget


def approve(actor: Actor, budget: Budget) -> Budget:
    return update(actor, budget, {"status": BudgetStatus.APPROVED})


def reject(actor: Actor, budget: Budget) -> Budget:
    return update(actor, budget, {"status": BudgetStatus.REJECTED})


def archive(actor: Actor, budget: Budget) -> Budget:
    """Out of the lists of what is going on; status and amounts stay as they are."""
    before = _snapshot(budget)
    budget.archived_at = budget.archived_at or clock.now()
    touch(budget)
    audit.record(actor, "budget.archived", budget, before=before, after=_snapshot(budget))
    return budget


def activate(actor: Actor, budget: Budget) -> Budget:
    """Undo of `archive`."""
    before = _snapshot(budget)
    budget.archived_at = None
    touch(budget)
    audit.record(actor, "budget.activated", budget, before=before, after=_snapshot(budget))
    return budget


def settle(budget: Budget) -> None:
    """Write down an expiry that time has already decided, as the hourly job would."""
    if budget.status is BudgetStatus.PENDING and budget.valid_until and budget.valid_until < clock.now():
        _expire(budget)


def _expire(budget: Budget) -> None:
    budget.status = BudgetStatus.EXPIRED
    touch(budget)
    audit.record(Actor.system(), "budget.expired", budget, before={"status": "PENDING"}, after={"status": "EXPIRED"})
    events.emit(Actor.system(), "budget.expired", budget)


def expire_due(limit: int = 500) -> int:
    """The hourly job: store EXPIRED where the day has passed, each with its audit entry; how many."""
    due = select(Budget).where(
        Budget.status == BudgetStatus.PENDING, Budget.valid_until < clock.now(), Budget.deleted_at.is_(None)
    )
    rows = db.session.scalars(due.order_by(Budget.id).limit(limit).with_for_update(skip_locked=True)).all()
    for budget in rows:
        _expire(budget)
    return len(rows)


ARROWS = {
    (BudgetStatus.PENDING, BudgetStatus.APPROVED),
    (BudgetStatus.PENDING, BudgetStatus.REJECTED),
    (BudgetStatus.REJECTED, BudgetStatus.PENDING),
    (BudgetStatus.EXPIRED, BudgetStatus.PENDING),
}


def _move(actor: Actor, budget: Budget, wanted: BudgetStatus, valid_until: Any) -> None:
    """Along an arrow, or Conflict; reopening needs a date in the future."""
    if wanted is budget.status:
        return
    if (budget.status, wanted) not in ARROWS:
        words = f"{budget.status} -> {wanted} is not allowed"
        raise Conflict(f"Budget is {budget.status}: {words}", details={"status": words})
    if wanted is BudgetStatus.PENDING and (valid_until or budget.valid_until or clock.now()) <= clock.now():
        raise Invalid.field("valid_until", "must be in the future to reopen the budget", "past")
    approved = wanted is BudgetStatus.APPROVED
    budget.approved_at = clock.now() if approved else None
    budget.approved_by = actor.label if approved else None
    budget.status = wanted


def _event(old: str, budget: Budget) -> str:
    if old == budget.status or budget.status is BudgetStatus.PENDING:
        return "budget.updated"
    return f"budget.{budget.status.lower()}"


def _future(moment: Any) -> Any:
    if moment is not None and moment <= clock.now():
        raise Invalid.field("valid_until", "must be in the future", "past")
    return moment


def _change_currency(budget: Budget, changes: dict[str, Any]) -> None:
    """Another currency needs every amount again: the old ones mean nothing in it."""
    wanted = changes.get("currency")
    if not wanted or wanted == budget.currency:
        return
    kept = {"items": budget.items, "discount": budget.header_discount_minor, "tax": budget.header_tax_minor}
    problem = Problem("missing", "must be sent again when the currency changes")
    left = {name: problem for name, amounts in kept.items() if amounts and name not in changes}
    if left:
        raise Invalid("Some fields need attention.", fields=left)
    budget.currency = wanted


def _customer(actor: Actor, budget: Budget, key: int) -> Customer:
    try:
        customer: Customer = customers.LISTING.get(actor, key)
    except NotFound:
        raise Invalid.field("customer_id", "must exist", "unknown") from None
    if customer.merchant_id != budget.merchant_id:
        raise Invalid.field("customer_id", "must exist", "unknown")
    return customer


def _compute(actor: Actor, budget: Budget, given: dict[str, Any]) -> None:
    """Lines and sums anew; with no new lines the old ones keep theirs and only the header changes."""
    if given.get("items") is not None:
        known = _products(actor, budget, given["items"])
        budget.items = [_line(budget, place, one, known) for place, one in enumerate(given["items"])]
    if "discount" in given:
        budget.header_discount_minor = _minor(given["discount"], budget.currency, "discount")
    if "tax" in given:
        budget.header_tax_minor = _minor(given["tax"], budget.currency, "tax")
    totals = _totals(budget)
    budget.subtotal_minor, budget.discount_minor = totals.subtotal, totals.discount
    budget.tax_minor, budget.total_minor = totals.tax, totals.total


def _totals(budget: Budget) -> Totals:
    subtotal = sum(line_minor(one.quantity, one.unit_price_micro, budget.currency) for one in budget.items)
    of_items = sum(one.discount_minor for one in budget.items)
    if budget.header_discount_minor > subtotal - of_items:
        raise Invalid.field("discount", "must not be more than the budget's amount", "range")
    tax = sum(one.tax_minor for one in budget.items) + budget.header_tax_minor
    totals = Totals(subtotal, of_items + budget.header_discount_minor, tax)
    if max(subtotal, totals.total) >= LIMIT:
        raise Invalid.field("items", "add up to more than can be billed", "range")
    return totals


def _products(actor: Actor, budget: Budget, items: list[ItemInput]) -> dict[int, tuple[Product, int | None]]:
    """The products that the lines name, each with its tax rate in hundredths of a percent."""
    keys = {one.product_id for one in items if one.product_id is not None}
    if not keys:
        return {}
    statement = (
        select(Product, PriceRule.percent_hundredths)
        .outerjoin(PriceRule, PriceRule.id == Product.tax_id)
        .where(Product.id.in_(keys), Product.merchant_id == budget.merchant_id, Product.deleted_at.is_(None))
    )
    with db.session.no_autoflush:          # the budget itself is half written
        return {product.id: (product, rate) for product, rate in db.session.execute(statement)}


def _line(budget: Budget, place: int, item: ItemInput, known: dict[int, tuple[Product, int | None]]) -> BudgetItem:
    """One line with its amounts; Invalid names the field of this line."""
    path = f"items.{place}"
    product, rate = known.get(item.product_id or 0, (None, None))
    if item.product_id is not None:
        _sellable(path, product, budget.currency)
    description = item.description or (product.name if product else None)
    if not description:
        raise Invalid.field(f"{path}.description", "is required when there is no product", "missing")
    price = _price(path, item, product)
    amount = line_minor(item.quantity, price, budget.currency)
    if amount >= LIMIT:
        raise Invalid.field(f"{path}.quantity", "makes the line more than can be billed", "range")
    discount = _minor(item.discount, budget.currency, f"{path}.discount")
    if discount > amount:
        raise Invalid.field(f"{path}.discount", "must not be more than the line's amount", "range")
    if item.tax is None:
        tax = percent_minor(amount - discount, rate or 0)
    else:
        tax = _minor(item.tax, budget.currency, f"{path}.tax")
    return BudgetItem(
        position=place, product_id=product.id if product else None, description=description, quantity=item.quantity,
        unit_price_micro=price, discount_minor=discount, tax_minor=tax, total_minor=amount - discount + tax,
    )


def _sellable(path: str, product: Product | None, currency: str) -> None:
    if product is None:
        raise Invalid.field(f"{path}.product_id", "must exist", "unknown")
    if product.status is not ProductStatus.ACTIVE:
        raise Invalid.field(f"{path}.product_id", "is inactive", "inactive")
    if product.currency != currency:
        raise Invalid.field(
            f"{path}.product_id", f"is priced in {product.currency}, the budget is in {currency}", "currency"
        )


def _price(path: str, item: ItemInput, product: Product | None) -> int:
    if item.unit_price is None:
        if product is None:
            raise Invalid.field(f"{path}.unit_price", "is required when there is no product", "missing")
        return product.price_micro
    try:
        return to_micro(item.unit_price)
    except ValueError as problem:
        raise Invalid.field(f"{path}.unit_price", str(problem)) from None


def _minor(amount: Decimal | None, currency: str, field: str) -> int:
    try:
        return to_minor(amount, currency) if amount else 0
    except ValueError as problem:
        raise Invalid.field(field, str(problem)) from None


def _snapshot(budget: Budget) -> dict[str, Any]:
    """The budget with its lines, for the audit trail."""
    lines = [
        {"description": one.description, "quantity": one.quantity, "unit_price_micro": one.unit_price_micro,
         "discount_minor": one.discount_minor, "tax_minor": one.tax_minor, "total_minor": one.total_minor}
        for one in budget.items
    ]
    return audit.snapshot(budget) | {"items": lines}


RESOURCE = Resource(
    name="budgets",
    noun="budget",
    listing=LISTING,
    read_scope="READ_BUDGETS",
    write_scope="WRITE_BUDGETS",
    input=BudgetInput,
    create=create,
    update=update,
    delete=delete,
    actions={"approve": approve, "reject": reject, "restore": restore, "archive": archive, "activate": activate},
)
