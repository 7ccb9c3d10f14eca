"""The migrations by which invoices follow the schedules of their orders say what the program says of new ones."""

from typing import Any

import pytest
from flask_migrate import downgrade, upgrade

from database import db, transaction
from domain import clock
from domain.invoicing.paying import paid_orders
from models.invoice import Invoice
from tests import cast, paying
from tests.domain.invoicing.paying.test_credited_orders import credit_some, owed
from tests.domain.invoicing.paying.test_lateness import by_transfer
from tests.domain.invoicing.paying.test_paid_orders import bill, instalments, started
from tests.invoicing import make_draft, make_issued

pytestmark = pytest.mark.files


def late() -> dict[int, Any]:
    db.session.rollback()
    return {one.id: one.late_at for one in db.session.query(Invoice).order_by(Invoice.id)}


def test_open_invoices_are_late_by_their_orders_schedules(installation: Any) -> None:
    with installation.app.app_context():
        merchant = cast.make_merchant(timezone="Pacific/Auckland")
        bill(started(merchant))
        declined, _ = by_transfer(merchant, email="bea@example.org")
        with transaction():
            paying.rows_of(declined)[1].declined_at = clock.now()
        bill(instalments(merchant, email="cy@example.org"))
        make_issued(merchant)
        make_draft(merchant)
        before = late()
        assert [at is None for at in before.values()] == [True, False, False, False, True]
        db.session.remove()
        downgrade(revision="0063")
        upgrade()
        assert late() == before


def test_what_was_credited_before_is_taken_off_by_the_worker(installation: Any, monkeypatch: Any) -> None:
    with installation.app.app_context():
        merchant = cast.make_merchant()
        order, other = started(merchant), started(merchant, email="bea@example.org")
        key = bill(order)
        bill(other)
        with monkeypatch.context() as patch:
            patch.setattr(paid_orders, "credited", lambda *_: None)
            credit_some(key, 50)
        db.session.remove()
        downgrade(revision="0064")
        upgrade()
        for counted in (1, 0):
            with transaction():
                assert paid_orders.count_next() == counted
        assert (owed(order), owed(other)) == ([0, 4000, 3000, 0], [0, 4000, 4000, 4000])
