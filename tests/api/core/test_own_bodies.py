"""Operations with a body of their own: a name that the body does not have is a mistake, and nothing is done."""

from blueprints.api.core import CONTRACT
from tests import cast, paying
from tests.invoicing import make_issued

OWN = [one for one in CONTRACT.operations if one.described is not None and one.described.body is not None]


def test_there_are_such_operations():
    assert {"payments.create", "payments.refund", "orders.pay", "invoices.credit"} <= {one.name for one in OWN}


def test_an_unknown_name_is_named_beside_other_mistakes(core, alder):
    order = paying.make_order(alder, test=False)
    error = core.error("payments.create", {"orders_id": "x", "amount": -1, "bogus": 1})
    assert set(error["data"]) == {"orders_id", "amount", "bogus"}
    sent = {"orders_id": order, "amount": 1, "gateway": "manual"}
    assert set(core.error("payments.create", sent | {"ammount": 2})["data"]) == {"ammount"}
    assert core.result("payments.search") == []
    payment = core.result("payments.create", sent)["id"]
    assert set(core.error("payments.refund", {"id": payment, "currency": "EUR"})["data"]) == {"currency"}
    assert core.result("payments.get", {"id": payment})["refunds"] == []


def test_members_of_lists_are_named_alike(core, alder):
    invoice = make_issued(alder)
    error = core.error("invoices.pay_link", {"id": invoice, "invoices_ids": ["x"]})
    assert set(error["data"]) == {"invoices_ids[0]"}
    sent = {"companies_id": alder, "title": "News", "content": "Now", "clients_ids": [cast.make_customer(alder), "x"]}
    assert set(core.error("announcements.create", sent)["data"]) == {"clients_ids[1]"}
    assert set(core.error("scheduled_payments.merge_several", {"ids": ["x"]})["data"]) == {"ids[0]"}
