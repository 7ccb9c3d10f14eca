"""Manages budgets (quotes): their lines, totals and status.

Totals are computed here, never taken from the caller. Tax is exclusive: it is added to the price.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from database import db
from domain import audit, clock, settings, tenants, zones
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Mistakes
from domain.inputs import Choice, CurrencyCode, Input, LongText, Maybe, Metadata, Number, OrAbsent, RowId, Until
from domain.integrations import events
from domain.lifecycle import Lifecycle
from domain.listing import touch
from domain.people import customers
from domain.resource import Action, Resource, deletion
from domain.sales import customer_snapshot
from domain.sales.budgets import budget_amounts, samples, uses
from domain.sales.budgets.budget_lines import ItemInput
from domain.sales.budgets.budget_listing import LISTING
from models.budget import Budget, BudgetStatus
from models.customer import CustomerStatus
from models.money import Money

MAX_ITEMS = 200


class BudgetInput(Input):
    """A budget as callers may write it; a new one is pending."""

    only_in_changes = frozenset({"status"})

    customer_id: RowId
    items: Annotated[list[ItemInput], Field(
        min_length=1, max_length=MAX_ITEMS, description="In a change all lines; one with the id that was read stays",
    )]
    currency: OrAbsent[CurrencyCode] = None
    valid_until: Maybe[Until] = None
    notes: Maybe[LongText] = None
    details: Metadata = {}
    discount: Maybe[Annotated[Decimal, Number()]] = None
    tax: Maybe[Annotated[Decimal, Number()]] = None
    status: OrAbsent[Annotated[BudgetStatus, Choice(BudgetStatus)]] = None


def create(actor: Actor, new: BudgetInput) -> Budget:
    """A pending budget for one of the actor's customers; Invalid names every wrong line."""
    now = clock.now()
    days = settings.get("quote_validity_days")
    mistakes = Mistakes()
    budget = Budget(
        **actor.ownership(), status=BudgetStatus.PENDING, created_at=now,
        currency=new.currency or tenants.currency_of(actor.merchant_id), notes=new.notes, details=new.details,
    )
    with mistakes.collected():
        budget.valid_until = _future(new.valid_until, budget.merchant_id) or zones.end_in_days(
            now, days, budget.merchant_id)
    with mistakes.collected():
        budget.customer_id = _customer(actor, new.customer_id)
    with mistakes.collected():
        budget_amounts.change(actor, budget, {"items": new.items, "discount": new.discount, "tax": new.tax})
    mistakes.refuse()
    LIFE.add(actor, budget)
    return budget


def update(actor: Actor, budget: Budget, changes: dict[str, Any]) -> Budget:
    """Change what was sent. Amounts, lines, customer and date change only while it is pending."""
    settle(budget)
    if changes.get("valid_until") is not None:
        changes = changes | {"valid_until": zones.until("valid_until", changes["valid_until"], budget.merchant_id)}
    with LIFE.changing(actor, budget) as change:
        if changes.get("status") is not None:
            _move(actor, budget, changes["status"], changes.get("valid_until"))
        frozen = changes.keys() & {"customer_id", "items", "currency", "discount", "tax", "valid_until"}
        # Approving with the same call that changes lines would change what was agreed to.
        if frozen and budget.status is not BudgetStatus.PENDING:
            raise Conflict(
                f"Budget is {budget.status} and can no longer be changed", details={"status": str(budget.status)}
            )
        _apply(actor, budget, changes)
        customer_snapshot.update(budget)
        change.verb = _verb(change.before["status"], budget)
    return budget


def _apply(actor: Actor, budget: Budget, changes: dict[str, Any]) -> None:
    """Set the fields that were sent; Invalid names all that are wrong."""
    mistakes = Mistakes()
    with mistakes.collected():
        if "valid_until" in changes:
            budget.valid_until = _future(changes["valid_until"], budget.merchant_id)
    for name in ("notes", "details"):
        if name in changes:
            setattr(budget, name, changes[name])
    with mistakes.collected():
        if "customer_id" in changes and changes["customer_id"] != budget.customer_id:
            budget.customer_id = _customer(actor, changes["customer_id"])
    with mistakes.collected():
        if changes.keys() & budget_amounts.FIELDS:
            budget_amounts.change(actor, budget, changes)
    mistakes.refuse()


def preview(actor: Actor, budget: Budget | None, changes: dict[str, Any]) -> budget_amounts.Amounts:
    """The amounts of a budget, or a new one, with these changes; nothing is written."""
    if budget is None:
        currency = changes.get("currency") or tenants.currency_of(actor.merchant_id)
        budget = Budget(**actor.ownership(), currency=currency)
    return budget_amounts.computed(actor, budget, changes)


def delete(actor: Actor, budget: Budget) -> None:
    """Mark the budget as deleted. An approved one records an agreement and stays."""
    if budget.status is BudgetStatus.APPROVED:
        raise Conflict("Budget is APPROVED and can no longer be deleted", details={"status": "APPROVED"})
    LIFE.remove(actor, budget)


def restore(actor: Actor, budget: Budget, was: Mapping[str, Any] | None = None) -> Budget:
    """Undo of `delete`; Conflict when a pending one has lost its customer meanwhile."""
    if budget.status is BudgetStatus.PENDING:
        _must_have_customer(budget)
    with LIFE.restoring(actor, budget):
        return budget


def approve(actor: Actor, budget: Budget) -> Budget:
    return update(actor, budget, {"status": BudgetStatus.APPROVED})


def reject(actor: Actor, budget: Budget) -> Budget:
    return update(actor, budget, {"status": BudgetStatus.REJECTED})


def archive(actor: Actor, budget: Budget) -> Budget:
    """Archive the budget; status and amounts stay."""
    with LIFE.changing(actor, budget, "archived", event=None):
        budget.archived_at = budget.archived_at or clock.now()
    return budget


def activate(actor: Actor, budget: Budget) -> Budget:
    """Undo of `archive`."""
    with LIFE.changing(actor, budget, "activated", event=None):
        budget.archived_at = None
    return budget


def settle(budget: Budget) -> None:
    """Store an expiry that is already due, as the hourly job would."""
    if budget.status is BudgetStatus.PENDING and budget.valid_until and budget.valid_until < clock.now():
        _expire(budget)


def _expire(budget: Budget) -> None:
    budget.status = BudgetStatus.EXPIRED
    customer_snapshot.update(budget)
    touch(budget)
    LIFE.note(Actor.system(), "expired", budget, before={"status": "PENDING"}, after={"status": "EXPIRED"})
    LIFE.emit(Actor.system(), "expired", budget)


def expire_due(limit: int = 500) -> int:
    """Store EXPIRED where the day has passed, each with its audit entry; the hourly job. Returns how many."""
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
    """Change the status where allowed, else raise Conflict; reopening needs a date in the future."""
    if wanted is budget.status:
        return
    if (budget.status, wanted) not in ARROWS:
        words = f"{budget.status} -> {wanted} is not allowed"
        raise Conflict(f"Budget is {budget.status}: {words}", details={"status": words})
    if wanted is BudgetStatus.PENDING and (valid_until or budget.valid_until or clock.now()) <= clock.now():
        raise Invalid.field("valid_until", "must be in the future to reopen the budget", "past")
    if wanted is BudgetStatus.PENDING:
        _must_have_customer(budget)
    approved = wanted is BudgetStatus.APPROVED
    budget.approved_at = clock.now() if approved else None
    budget.approved_by = actor.label if approved else None
    budget.status = wanted


def _must_have_customer(budget: Budget) -> None:
    if budget.customer.deleted_at is not None:
        raise Conflict("The customer of this budget was deleted.")


def _verb(old: str, budget: Budget) -> str:
    if old == budget.status or budget.status is BudgetStatus.PENDING:
        return "updated"
    return budget.status.lower()


def _future(given: datetime | date | None, merchant_id: int) -> datetime | None:
    moment = None if given is None else zones.until("valid_until", given, merchant_id)
    if moment is not None and moment <= clock.now():
        raise Invalid.field("valid_until", "must be in the future", "past")
    return moment


def _customer(actor: Actor, key: int) -> int:
    """The id of a customer whom the actor reaches; one who is archived gets no budget."""
    customer = customers.LISTING.referred(actor, "customer_id", key, ("id", "status"))
    if customer.status is CustomerStatus.ARCHIVED:
        raise Invalid.field("customer_id", "is archived", "archived")
    return key


def _snapshot(budget: Budget) -> dict[str, Any]:
    """The budget with its lines, for the audit trail."""
    names = ("description", "quantity_ten_thousandths", "unit_price_micro", "discount_minor", "tax_minor",
             "tax_percent_ten_thousandths", "total_minor")
    lines = [{name: getattr(one, name) for name in names} for one in budget.items]
    return audit.snapshot(budget) | {"items": lines}


LIFE = Lifecycle(noun="budget", emit_event=events.emit, snapshot=_snapshot)


def _is_pending(actor: Actor, row: Any) -> bool:
    return bool(row.status == BudgetStatus.PENDING)


def _decided(row: Any, what_follows: str) -> tuple[str, ...]:
    """The texts of the dialog that approves or rejects a budget."""
    total = f"{Money(row.total_minor, row.currency).decimal:,} {row.currency}"
    return (f"It is for {row.customer_name}, {total}. {what_follows}",)


uses.register()

RESOURCE = Resource(
    name="budgets",
    noun="budget",
    listing=LISTING,
    read_scope="READ_BUDGETS",
    write_scope="WRITE_BUDGETS",
    input=BudgetInput,
    sample=samples.BUDGET,
    create=create,
    update=update,
    delete=deletion(
        delete, undo=restore, bulk=True, offered=lambda actor, row: bool(row.status != BudgetStatus.APPROVED)
    ),
    actions={
        "reject": Action(
            run=reject, title="Reject", past="{} was rejected.", icon="ban", danger=True, primary=True,
            offered=_is_pending,
            confirm=lambda row: _decided(row, "It can be reopened with a new date."),
        ),
        "approve": Action(
            run=approve, title="Approve", past="{} was approved.", icon="check", primary=True, offered=_is_pending,
            confirm=lambda row: _decided(row, "Its lines and amounts are fixed from then on."),
        ),
        "archive": Action(run=archive),
        "activate": Action(run=activate),
    },
)
