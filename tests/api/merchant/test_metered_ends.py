"""Cancelling a metered order answers that it is complete, though the calls until then are still billed."""

from datetime import timedelta

from tests import cast
from tests.domain.payments.metered.test_metered import DAY, amounts, log_calls, metered
from tests.outbound.payments.test_advancing import advance, make_clock
from tests.paying import START, of


def test_a_metered_order_is_complete_when_it_is_cancelled_and_bills_what_was_used(shop_of):
    merchant = cast.make_merchant()
    shop, clock_id = shop_of(merchant, test=True), make_clock(merchant)
    key_id = cast.make_key(merchant, mode="test")[0]
    key = metered(merchant, [key_id], clock_id)
    log_calls(merchant, (START + DAY, 4), key_id=key_id)
    advance(clock_id, START + 10 * DAY + timedelta(minutes=7))
    assert [one["id"] for one in shop.get("/orders?status=active").json] == [key]

    ended = shop.put(f"/orders/{key}/cancel_order")
    assert (ended.status_code, ended.json["status"]) == (200, "complete")
    assert shop.get(f"/orders/{key}").json["status"] == "complete"
    assert shop.get("/orders?status=active").json == []
    assert [one["id"] for one in shop.get("/orders?status=complete").json] == [key]
    again = shop.put(f"/orders/{key}/cancel_order")
    assert (again.status_code, list(again.json)) == (422, ["status"])

    advance(clock_id, START + 90 * DAY)
    assert (of(key).status, amounts(key)[1:]) == ("complete", [(1, 200, "complete")])
    assert shop.get(f"/orders/{key}").json["status"] == "complete"
