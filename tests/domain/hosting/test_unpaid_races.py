"""Customers who pay while the worker suspends: no service of theirs stays suspended, and nobody waits in a circle."""

import threading
from datetime import timedelta

from database import DatabaseBusy, db, transaction
from domain import clock
from domain.hosting import unpaid_services
from domain.people import merchants
from models.merchant import Merchant
from models.order import Order, OrderStatus
from tests import cast
from tests.client.reached import make_service
from tests.domain.invoicing.paying.money import check_sums, pay
from tests.invoicing import make_issued

CUSTOMERS = 12


def test_who_pays_while_the_worker_suspends_has_active_services(workshop):
    with workshop.app_context():
        alder = cast.make_merchant("Alder & Sons")
        product = cast.make_product(
            alder, "Hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
            scheduled_interval=1)
        late = clock.now().date() - timedelta(days=3)
        people = [cast.make_customer(alder, f"Customer {place}") for place in range(CUSTOMERS)]
        services = [make_service(cast.actor_for(alder), one, product) for one in people for _ in range(2)]
        invoices = [make_issued(alder, one, due_on=late) for one in people]
        with transaction():
            merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"unpaid_suspend_days": 0})
    errors, paid = [], threading.Event()

    def work(step):
        with workshop.app_context():
            while not paid.is_set():
                once(step)
                db.session.remove()

    def once(step):
        try:
            with transaction():
                step()
        except DatabaseBusy:
            pass
        except Exception as problem:
            errors.append(problem)

    def settle():
        with workshop.app_context():
            for key in invoices:
                pay(alder, 120, key)
                db.session.remove()
            paid.set()

    threads = [threading.Thread(target=work, args=(one,)) for one in (
        unpaid_services.suspend_next, unpaid_services.suspend_next, unpaid_services.restore_next)]
    threads.append(threading.Thread(target=settle))
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert errors == []
    with workshop.app_context():
        while True:
            with transaction():
                if not unpaid_services.restore_next():
                    break
        found = {row.status for row in db.session.query(Order).filter(Order.id.in_(services))}
        assert found == {OrderStatus.ACTIVE}
        check_sums()
        db.session.remove()
