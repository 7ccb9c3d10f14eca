"""Many orders at once never use a discount code too often."""

import threading

import pytest

from database import db
from domain.errors import Invalid
from tests import cast
from tests.domain.sales.discounts.test_discount_codes import make_code, order, product, uses
from tests.paying import actor_of

pytestmark = pytest.mark.files
THREADS, TURNS, ALLOWED = 6, 2, 5


def test_parallel_orders_never_use_a_code_too_often(workshop):
    with workshop.app_context():
        merchant = cast.make_merchant()
        ada = cast.make_customer(merchant, actor=actor_of(merchant))
        lamp, key = product(merchant), make_code(merchant, max_uses=ALLOWED)
        db.session.remove()
    made, refused, begin = [], [], threading.Barrier(THREADS)

    def run():
        with workshop.app_context():
            begin.wait()
            for _ in range(TURNS):
                try:
                    made.append(order(merchant, ada, lamp, "SUMMER"))
                except Invalid as error:
                    refused.append(str(error.fields["discount_code"]))
                finally:
                    db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with workshop.app_context():
        assert (len(made), uses(merchant, key)) == (ALLOWED, ALLOWED)
    assert refused == ["has been used up"] * (THREADS * TURNS - ALLOWED)
