"""Departments: three for every merchant, numbered from 1 with each."""

import pytest

from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.people import merchants
from domain.support import departments
from domain.support.departments import DepartmentInput
from models.merchant import Merchant
from models.ticket import Department
from tests import cast
from tests.ticketed import make_ticket, stored


def of(merchant_id):
    rows = db.session.query(Department).filter_by(merchant_id=merchant_id).order_by(Department.number)
    return [(one.number, one.name) for one in rows]


def make(merchant_id, name):
    with transaction():
        return departments.create(cast.actor_for(merchant_id), inputs.parse(DepartmentInput, {"name": name})).number


def change(merchant_id, number, **changes):
    with transaction():
        key = db.session.query(Department.id).filter_by(merchant_id=merchant_id, number=number).scalar()
        return departments.update(*departments.LISTING.lock(cast.actor_for(merchant_id), key), changes)


def test_a_new_merchant_has_three_departments(alder, birch):
    for merchant in (alder, birch):
        assert of(merchant) == [(1, "Support"), (2, "Technical"), (3, "Billing")]


def test_a_new_department_has_the_next_number_of_its_merchant(alder, birch):
    assert make(alder, "Returns") == 4
    assert make(birch, "Sales") == 4
    assert make(alder, "Legal") == 5


def test_the_same_number_is_another_department_with_another_merchant(alder, birch):
    change(birch, 2, name="Repairs")
    assert [stored(make_ticket(one, department=2)).department.name for one in (alder, birch)] == [
        "Technical", "Repairs"]


def test_a_department_that_is_off_takes_no_tickets_and_the_next_one_is_the_usual(alder):
    change(alder, 1, active=False)
    with pytest.raises(Invalid):
        make_ticket(alder, department=1)
    assert stored(make_ticket(alder)).department.number == 2


def test_one_department_stays_on(alder):
    change(alder, 1, active=False)
    change(alder, 2, active=False)
    with pytest.raises(Conflict, match="last"):
        change(alder, 3, active=False)


def test_a_merchant_with_departments_alone_may_be_deleted(alder):
    with transaction():
        merchants.delete(*merchants.LISTING.lock(Actor.operator(), alder))
    assert db.session.get(Merchant, alder).deleted_at is not None
