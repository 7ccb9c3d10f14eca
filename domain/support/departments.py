"""Manages departments: what tickets are sorted into. Each merchant has its own, numbered from 1."""

from typing import Annotated, Any

from sqlalchemy import func, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Problem
from domain.inputs import Input, Maybe, NameText, TaggedEmail, Truth
from domain.lifecycle import Lifecycle, put_back
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.people import merchants
from domain.resource import Resource, Sample, switch
from models.merchant import Merchant
from models.ticket import Department

NAMES = ("Support", "Technical", "Billing")          # of every new merchant, numbered in this order
FIRST = 1                                            # of a ticket that names none
MOST = 100


class DepartmentInput(Input):
    """A department as callers may write it; its number is given once."""

    name: Annotated[str, NameText(100, 1)]
    active: Truth = True
    email: Maybe[TaggedEmail] = None


LISTING = Listing(
    model=Department,
    noun="department",
    columns={
        name: getattr(Department, name)
        for name in ("id", "merchant_id", "number", "name", "active", "email", "created_at", "updated_at", "version")
    },
    sort={
        "number": Department.number, "name": Department.name_sort, "created_at": Department.created_at,
        "id": Department.id,
    },
    filters={
        **common_filters(Department),
        "active": Filter(bool, lambda bound: Department.active == bound),
        "numbers": Filter(list, lambda bound: Department.number.in_(bound)),
    },
    search=(Department.search_text,),
    customer=None,
)

LIFE = Lifecycle(noun="department")


def create(actor: Actor, new: DepartmentInput) -> Department:
    """A new department with the merchant's next number."""
    highest = _highest(actor.merchant_id)
    if highest >= MOST:
        raise Conflict(f"A merchant may have at most {MOST} departments.")
    department = Department(
        merchant_id=actor.merchant_id, number=highest + 1, name=new.name, active=new.active, email=new.email)
    LIFE.add(actor, department)
    return department


def update(actor: Actor, department: Department, changes: dict[str, Any]) -> Department:
    """Change what was sent; one department stays active."""
    if changes.get("active") is False and department.active and not _others(department):
        problem = Problem("own", "is the last one that takes tickets")
        raise Conflict("The last active department cannot be switched off.", fields={"active": problem})
    with LIFE.changing(actor, department):
        for name, value in changes.items():
            setattr(department, name, value)
    return department


def archive(actor: Actor, department: Department) -> Department:
    """Switch a department off: no ticket is put into it any more."""
    return update(actor, department, {"active": False})


def activate(actor: Actor, department: Department) -> Department:
    return update(actor, department, {"active": True})


def numbered(merchant_id: int, number: int | None, field: str) -> Department:
    """The active department with this number, without one the first; raises Invalid for one that takes no tickets."""
    of_merchant = select(Department).where(Department.merchant_id == merchant_id, Department.active.is_(True))
    wanted = of_merchant.order_by(Department.number).limit(1) if number is None else of_merchant.where(
        Department.number == number)
    with db.session.no_autoflush:                  # the ticket is not complete yet
        found = db.session.scalar(wanted)
    if found is None:
        raise Invalid.field(field, "must exist", "unknown")
    return found


def taking(merchant_id: int) -> list[tuple[int, str]]:
    """The departments of a merchant that take tickets, by number and name."""
    rows = db.session.execute(
        select(Department.number, Department.name)
        .where(Department.merchant_id == merchant_id, Department.active.is_(True)).order_by(Department.number))
    return [(number, name) for number, name in rows]


def seed(merchant: Merchant) -> None:
    """Give a new merchant its departments."""
    now = clock.now()
    db.session.add_all(
        Department(merchant_id=merchant.id, number=number, name=name, created_at=now, updated_at=now)
        for number, name in enumerate(NAMES, FIRST)
    )


def _highest(merchant_id: int) -> int:
    statement = select(func.max(Department.number)).where(Department.merchant_id == merchant_id)
    return db.session.scalar(statement) or 0


def _others(department: Department) -> int:
    """How many other departments take tickets."""
    return db.session.scalar(select(func.count()).select_from(Department).where(
        Department.merchant_id == department.merchant_id, Department.active.is_(True), Department.id != department.id,
    )) or 0


merchants.at_creation(seed)

RESOURCE = Resource(
    name="departments",
    noun="department",
    listing=LISTING,
    read_scope="READ_TICKETS",
    write_scope="WRITE_SUPPORT",
    input=DepartmentInput,
    sample=Sample(sent={"merchant_id": 1, "name": "Returns", "active": True}, read_only={"number": 4},
                  changed=("name",)),
    create=create,
    update=update,
    actions=switch(
        archive, activate, is_on=lambda row: bool(row.active), undo=put_back(update, DepartmentInput), keeps="active",
        titles=("Switch off", "Switch on"), past=("{} was switched off.", "{} was switched on."),
    ),
)
