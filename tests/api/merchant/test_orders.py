"""Orders on the Merchant API: four creations, the documented object, messages, list, and what ends and stops them."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from database import Model, db, transaction
from domain import clock
from domain.payments.schedule import schedules
from models.order import Order
from tests import cast
from tests.api.merchant.test_products import rule

KEYS = {
    "id", "profile_id", "order_type", "status", "invoice_id", "customer_id", "monthly_amount",
    "scheduled_duration_unit", "scheduled_duration_number", "total_to_pay", "count_to_pay", "description",
    "profile_payment_method", "order_source", "collect_initial_payment", "total_installment_amount",
    "total_discount_amount", "total_tax_amount", "total_fee_amount", "products", "currency", "payment_link",
    "checkout_id", "test", "test_clock_id", "created_at", "updated_at",
}
TYPES = {"single": "single_payment", "instalment": "instalment", "subscription": "subscription", "metered": "metered"}


@pytest.fixture
def customer(alder):
    return cast.make_customer(alder, "Dana Scott", email="dana@example.com")


@pytest.fixture
def lamp(alder):
    return cast.make_product(alder, "Lamp", price=20, currency="EUR", billing="single_payment")


@pytest.fixture
def gym(alder):
    return cast.make_product(
        alder, "Gym", price=Decimal("44.99"), currency="EUR", billing="subscription", scheduled_interval=1,
        scheduled_unit="MONTH", discount_id=rule(alder, "discount", 5), tax_id=rule(alder, "tax", 21))


def order(shop, kind, customer, product, **more):
    line = {"product_id": product} | more.pop("line", {})
    body = {"currency": "EUR", "customer_id": customer, "order_products": [line], **more}
    return shop.post(f"/orders/create_{kind}_order", {"order": body})


def test_a_single_order_is_the_documented_object(shop, alder, customer, lamp):
    reply = order(shop, "single", customer, lamp, invoice_id="W58XGHF", description="Two lamps", create_checkout=False,
                  line={"qty": 2, "amount": "20.00", "discount_amount": "10", "fee_amount": "20"})
    assert reply.status_code == 200, reply.json
    one = reply.json
    assert set(one) == KEYS
    assert (one["order_type"], one["status"], one["order_source"]) == ("single_payment", "pending", 2)
    assert (one["profile_id"], one["customer_id"], one["invoice_id"]) == (alder, customer, "W58XGHF")
    assert (one["total_to_pay"], one["total_discount_amount"], one["total_fee_amount"]) == ("50.00", "10.00", "20.00")
    assert (one["count_to_pay"], one["monthly_amount"], one["profile_payment_method"]) == (1, None, "ECOM")
    assert one["payment_link"].partition("/pay/")[2]
    assert one["checkout_id"] is None
    assert one["products"] == [{
        "product_id": lamp, "name": "Lamp", "qty": 2, "amount": "20.00", "discount_amount": "10.00",
        "fee_amount": "20.00", "tax_amount": "0.00", "total": "50.00"}]
    assert shop.get(f"/orders/{one['id']}").json == one


def test_tax_is_contained_and_the_product_gives_price_discount_and_interval(shop, customer, gym):
    one = order(shop, "subscription", customer, gym, start_date="31/01/2999").json
    assert one == {"start_date": ["must be at most 10 years from now"]}
    day = (clock.now() + timedelta(days=40)).strftime("%d/%m/%Y")
    one = order(shop, "subscription", customer, gym, start_date=day).json
    assert (one["total_to_pay"], one["total_tax_amount"], one["monthly_amount"]) == ("42.74", "7.42", "42.74")
    assert (one["scheduled_duration_unit"], one["scheduled_duration_number"]) == ("MONTH", "1")
    assert one["count_to_pay"] is None


def test_an_instalment_order_splits_what_is_left(shop, alder, customer):
    sofa = cast.make_product(alder, "Sofa", price=100, currency="EUR", billing="instalment")
    one = order(shop, "instalment", customer, sofa, initial_amount="10", split_number="7", scheduled_unit="WEEK",
                scheduled_interval="2").json
    assert (one["total_to_pay"], one["total_installment_amount"], one["count_to_pay"]) == ("100.00", "90.00", 8)
    rows = shop.get(f"/orders/{one['id']}/scheduled_payments").json
    assert [row["amount"] for row in rows] == ["10.00", *["12.85"] * 6, "12.90"]
    assert {row["scheduled_interval"] for row in rows} == {"2"}


def test_a_metered_order_is_made(shop, alder, customer):
    calls = cast.make_product(alder, "Calls", price=Decimal("0.01"), currency="EUR", billing="metered")
    one = order(shop, "metered", customer, calls).json
    assert (one["order_type"], one["total_to_pay"]) == ("metered", "0.00")


@pytest.mark.parametrize(("sent", "unit", "number"), [
    ({"recurring_collection_interval": "3"}, "MONTH", "3"), ({"recurring_collection_interval": "YEAR"}, "YEAR", "1"),
    ({"scheduled_unit": "WEEK", "scheduled_interval": 2}, "WEEK", "2"), ({}, "MONTH", "1"),
])
def test_a_subscriptions_interval_may_be_sent(shop, customer, gym, sent, unit, number):
    one = order(shop, "subscription", customer, gym, **sent).json
    assert (one["scheduled_duration_unit"], one["scheduled_duration_number"]) == (unit, number)


@pytest.mark.parametrize("spelling", ["[]", "[{}]"])
def test_form_data_makes_the_same_order(shop, customer, lamp, spelling):
    pairs = [("order[currency]", "EUR"), ("order[customer_id]", str(customer)), ("order[create_checkout]", "true")]
    for place, qty in enumerate((1, 2)):
        mark = spelling.format(place)
        pairs += [(f"order[order_products]{mark}[product_id]", str(lamp)),
                  (f"order[order_products]{mark}[qty]", str(qty)), (f"order[order_products]{mark}[amount]", "9.99")]
    reply = shop("POST", "/orders/create_single_order", data=urlencode(pairs),
                 content_type="application/x-www-form-urlencoded")
    assert reply.status_code == 200, reply.json
    assert [one["qty"] for one in reply.json["products"]] == [1, 2]
    assert reply.json["total_to_pay"] == "29.97"
    assert isinstance(reply.json["checkout_id"], int)


def test_fields_left_empty_are_fields_left_out(shop, customer, lamp):
    amounts, others = ("qty", "amount", "discount_amount", "fee_amount"), ("create_checkout", "note", "currency")
    pairs = [("order[customer_id]", str(customer)), ("order[order_products][][product_id]", str(lamp))]
    pairs += [(f"order[order_products][][{name}]", "") for name in amounts]
    pairs += [(f"order[{name}]", "") for name in others]
    made = [
        order(shop, "single", customer, lamp, line=dict.fromkeys(amounts), **dict.fromkeys(others)),
        shop("POST", "/orders/create_single_order", data=urlencode(pairs),
             content_type="application/x-www-form-urlencoded"),
    ]
    for reply in made:
        assert reply.status_code == 200, reply.json
        assert (reply.json["products"][0]["qty"], reply.json["total_to_pay"]) == (1, "20.00")
        assert reply.json["checkout_id"] is None


# What is refused ------------------------------------------------------------------------------------


def test_the_messages_of_mistakes(shop, alder, customer, lamp, gym):
    idle = cast.make_product(alder, "Idle", price=1, currency="EUR", billing="single_payment", status="inactive")
    locked = cast.make_product(alder, "Locked", price=5, currency="EUR", billing="single_payment", lock_price=True)
    wrong = {
        "single": [
            ({"customer_id": 999}, {"customer_id": ["must exist"]}),
            ({"customer_id": None}, {"customer_id": ["must exist"]}),
            ({"order_products": []}, {"order_products": ["can't be blank"]}),
            ({"order_products": None}, {"order_products": ["can't be blank"]}),
            ({"order_products": [{"product_id": 999}]}, {"order_products.0.product_id": ["must exist"]}),
            ({"order_products": [{"product_id": lamp}, {"product_id": idle}]},
             {"order_products.1.product_id": ["is inactive"]}),
            ({"order_products": [{"product_id": gym}]},
             {"order_products.0.product_id": ["does not match the order type"]}),
            ({"order_products": [{"product_id": locked, "amount": "4"}]},
             {"order_products.0.amount": ["pricing is locked"]}),
            ({"order_products": [{"product_id": lamp, "qty": "0"}]},
             {"order_products.0.qty": ["must be greater than 0"]}),
            ({"order_products": [{"product_id": lamp, "qty": "x"}]}, {"order_products.0.qty": ["is invalid"]}),
            ({"order_products": [{"product_id": lamp}] * 201}, {"order_products": ["is too long"]}),
            ({"currency": "XXY"}, {"currency": ["is not included in the list"]}),
            ({"currency": "XXX"}, {"currency": ["is not included in the list"]}),          # ISO's code for none
            ({"currency": "USD"}, {
                "currency": ["is not included in the list"],
                "order_products.0.product_id": ["is priced in EUR, the order is in USD"]}),
            ({"order_products": ""}, {"order_products": ["can't be blank"]}),
            ({"order_products": [""]}, {"order_products": ["can't be blank"]}),
            ({"customer_id": 0}, {"customer_id": ["must exist"]}),
            ({"customer_id": "9" * 18 + "0"}, {"customer_id": ["is invalid"]}),
            ({"customer_id": 2**63}, {"customer_id": ["must exist"]}),
            ({"order_products": [{"product_id": -1}]}, {"order_products.0.product_id": ["must exist"]}),
            ({"order_products": [{"product_id": lamp, "amount": "9" * 20}]},
             {"order_products.0.amount": ["is too large"]}),
            ({"redirect_url": "http://shop.example"},
             {"redirect_url": ["is invalid"]}),
            ({"test_clock_id": 1}, {"test_clock_id": ["must exist"]}),
        ],
        "subscription": [
            ({"order_products": [{"product_id": gym}, {"product_id": gym}]},
             {"order_products": ["must have exactly one product"]}),
            ({"order_products": [{"product_id": gym}], "scheduled_unit": "HOUR"},
             {"scheduled_unit": ["is not included in the list"]}),
            ({"order_products": [{"product_id": gym}], "start_date": "01/01/2020"},
             {"start_date": ["must not be in the past"]}),
            ({"order_products": [{"product_id": gym}], "start_date": "31/31/2020"}, {"start_date": ["is invalid"]}),
            ({"order_products": [{"product_id": gym}], "recurring_collection_interval": 0},
             {"recurring_collection_interval": ["must be greater than 0"]}),
            ({"order_products": [{"product_id": gym}], "recurring_collection_interval": 1000},
             {"recurring_collection_interval": ["must be at most 10 years"]}),
            ({"order_products": [{"product_id": gym}], "recurring_collection_interval": "often"},
             {"recurring_collection_interval": ["is invalid"]}),
            ({"order_products": [{"product_id": gym}], "recurring_collection_interval": 2, "scheduled_interval": 3},
             {"recurring_collection_interval": ["is not the same as scheduled_interval"]}),
            ({"order_products": [{"product_id": gym}], "scheduled_interval": 0},
             {"scheduled_interval": ["must be greater than 0"]}),
            ({"order_products": [{"product_id": gym, "discount_amount": "50"}], "start_date": "01/01/2020",
              "scheduled_interval": 1000, "initial_amount": "1"},
             {"order_products.0.discount_amount": ["must not be more than the line's amount"],
              "start_date": ["must not be in the past"], "scheduled_interval": ["must be at most 10 years"],
              "initial_amount": ["does not apply to a subscription order"]}),
        ],
    }
    for kind, cases in wrong.items():
        for more, told in cases:
            reply = order(shop, kind, customer, lamp, **more)
            assert (reply.status_code, reply.json) == (422, told), more
    assert db.session.query(Order).count() == 0


def test_the_number_of_instalments_is_1_to_60(shop, alder, customer):
    sofa = cast.make_product(alder, "Sofa", price=100, currency="EUR", billing="instalment", scheduled_unit="MONTH")
    for number, told in ((0, "must be greater than 0"), (61, "must be at most 60"), ("x", "is invalid"),
                         (None, "can't be blank")):
        assert order(shop, "instalment", customer, sofa, split_number=number).json == {"split_number": [told]}


def test_rows_of_another_merchant_and_world_do_not_exist(shop, shop_of, alder, birch, customer, lamp):
    foreign = cast.make_customer(birch)
    assert order(shop, "single", foreign, lamp).json == {"customer_id": ["must exist"]}
    theirs = cast.make_product(birch, "Theirs", price=1, currency="EUR", billing="single_payment")
    assert order(shop, "single", customer, theirs).json == {"order_products.0.product_id": ["must exist"]}
    test = shop_of(alder, test=True, email="test@example.org")
    assert order(test, "single", customer, lamp).json["customer_id"] == ["must exist"]


# Lists and verbs --------------------------------------------------------------------------------------


def test_orders_are_listed_latest_first_and_filtered(shop, alder, customer, lamp):
    other = cast.make_customer(alder, "Ada", email="ada@example.com")
    first = order(shop, "single", customer, lamp, invoice_id="A").json
    second = order(shop, "single", other, lamp, invoice_id="B").json
    assert [one["id"] for one in shop.get("/orders").json] == [second["id"], first["id"]]
    assert [one["id"] for one in shop.get(f"/orders?customer_id={customer}").json] == [first["id"]]
    assert [one["id"] for one in shop.get("/orders?invoice_id=B").json] == [second["id"]]
    assert len(shop.get("/orders?status=pending").json) == 2
    assert shop.get("/orders?status=active").json == []
    assert (shop.get("/orders?status=x").status_code, shop.get("/orders?status=x").json) == (
        400, {"status": ["is not included in the list"]})
    assert shop.get("/orders?customer_id=x").json == {"customer_id": ["is invalid"]}


def approve(key):
    with transaction():
        row = db.session.get(Order, key)
        schedules.activate(cast.Actor.system(), row, clock.now())


def test_a_pending_order_is_cancelled_once(shop, customer, gym):
    key = order(shop, "subscription", customer, gym).json["id"]
    ended = shop.put(f"/orders/{key}/cancel_order")
    assert (ended.status_code, ended.json["status"]) == (200, "cancelled")
    again = shop.put(f"/orders/{key}/cancel_order")
    assert (again.status_code, again.json) == (422, {"status": ["is already cancelled"]})
    assert shop.get(f"/orders/{key}/scheduled_payments").json[0]["status"] == "cancelled"


def test_an_active_subscription_is_paused_resumed_and_completed(shop, customer, gym, lamp):
    key = order(shop, "subscription", customer, gym).json["id"]
    refused = (422, {"status": ["must be an active subscription"]})
    paused = shop.put(f"/orders/{key}/pause_order")
    assert (paused.status_code, paused.json) == refused
    single = order(shop, "single", customer, lamp).json["id"]
    assert shop.put(f"/orders/{single}/pause_order").json == refused[1]
    approve(key)
    assert shop.put(f"/orders/{key}/pause_order").json["status"] == "paused"
    assert shop.get(f"/orders/{key}/scheduled_payments").json[-1]["status"] == "paused"
    resumed = shop.put(f"/orders/{key}/resume_order")
    assert resumed.json["status"] == "active"
    assert shop.put(f"/orders/{key}/resume_order").json == {"status": ["must be paused"]}
    assert shop.put(f"/orders/{key}/cancel_order", headers={"If-Match": '"999"'}).status_code == 412
    assert shop.put(f"/orders/{key}/cancel_order").json["status"] == "complete"


def test_a_checkout_is_renewed_on_the_same_link(shop, customer, lamp):
    one = order(shop, "single", customer, lamp).json
    reply = shop.post(f"/order_checkouts/{one['id']}")
    assert reply.status_code == 200, reply.json
    assert set(reply.json) == {"id", "order_id", "url", "expires_at"}
    assert (reply.json["order_id"], reply.json["url"]) == (one["id"], one["payment_link"])
    assert shop.get(f"/orders/{one['id']}").json["checkout_id"] == reply.json["id"]
    assert shop.post("/order_checkouts/999").json == {"base": ["not found"]}
    shop.put(f"/orders/{one['id']}/cancel_order")
    assert shop.post(f"/order_checkouts/{one['id']}").json == {"status": ["is already cancelled"]}


def test_an_order_is_made_once_for_a_key(shop, customer, lamp):
    body = {"order": {"currency": "EUR", "customer_id": customer, "order_products": [{"product_id": lamp}]}}
    headers = {"Idempotency-Key": "one"}
    made = [shop.post("/orders/create_single_order", body, headers=headers) for _ in range(2)]
    assert made[0].json == made[1].json
    assert db.session.query(Order).count() == 1
    other = shop.post("/orders/create_metered_order", body, headers=headers)
    assert other.status_code == 409


def test_a_change_of_state_is_answered_alike_under_the_same_key(shop, customer, gym, lamp):
    key = order(shop, "subscription", customer, gym).json["id"]
    approve(key)
    for verb in ("pause", "resume", "cancel"):
        replies = [shop.put(f"/orders/{key}/{verb}_order", headers={"Idempotency-Key": verb}) for _ in range(2)]
        assert [reply.status_code for reply in replies] == [200, 200]
        assert replies[0].data == replies[1].data
        assert replies[1].headers["Idempotent-Replayed"] == "true"
    other = order(shop, "single", customer, lamp).json["id"]
    assert shop.put(f"/orders/{other}/cancel_order", headers={"Idempotency-Key": "cancel"}).status_code == 409


def test_a_preview_uses_no_key_up(shop, customer, lamp):
    keyed = {"headers": {"Idempotency-Key": "one"}}
    body = {"order": {"currency": "EUR", "customer_id": customer, "order_products": [{"product_id": lamp}]}}
    before = everything()
    assert shop.post("/orders/create_single_order?preview=true", body, **keyed).json["due_now"] == "20.00"
    assert everything() == before
    assert shop.post("/orders/create_single_order", body, **keyed).status_code == 200


def test_a_restricted_user_sees_the_orders_that_he_made(shop, shop_of, alder, customer, lamp):
    key = order(shop, "single", customer, lamp).json["id"]
    own = shop_of(alder, role="restricted_user")
    assert own.get("/orders").json == []
    assert own.get(f"/orders/{key}").status_code == 404
    assert own.get(f"/orders/{key}/scheduled_payments").status_code == 404


# Scheduled payments -----------------------------------------------------------------------------------


@pytest.fixture
def active(shop, customer, gym):
    key = order(shop, "subscription", customer, gym).json["id"]
    approve(key)
    return key


def test_a_scheduled_payment_is_read_and_changed_by_both_paths(shop, active):
    rows = shop.get(f"/orders/{active}/scheduled_payments").json
    assert [row["status"] for row in rows] == ["scheduled", "scheduled"]
    row = rows[-1]
    assert set(row) == {
        "id", "order_id", "amount", "tax_amount", "currency", "status", "scheduled_at", "scheduled_interval",
        "scheduled_duration_unit", "executed_at", "retry_count", "merged_into_id", "created_at", "updated_at"}
    assert (row["amount"], row["scheduled_interval"], row["scheduled_duration_unit"]) == ("42.74", "1", "MONTH")
    below, alone = f"/orders/{active}/scheduled_payments/{row['id']}", f"/scheduled_payments/{row['id']}"
    assert shop.get(below).json == shop.get(alone).json == row
    changed = shop.put(below, {"scheduled_payment": {"amount": "40.00"}})
    assert (changed.status_code, changed.json["amount"]) == (200, "40.00")
    later = (clock.now() + timedelta(days=90)).strftime("%Y-%m-%dT00:00:00.000Z")
    assert shop.put(alone, {"scheduled_payment": {"scheduled_at": later}}).json["scheduled_at"] == later
    assert shop.put(alone, {"scheduled_payment": {"status": "skipped"}}).json["status"] == "skipped"
    assert shop.put(alone, {"scheduled_payment": {"amount": 5}}).json == {"status": ["is already skipped"]}


@pytest.mark.parametrize(("sent", "told"), [
    ({"amount": "0"}, {"amount": ["must be greater than 0"]}), ({"amount": "x"}, {"amount": ["is invalid"]}),
    ({"scheduled_at": "2020-01-01T00:00:00Z"}, {"scheduled_at": ["must be in the future"]}),
    ({"status": "complete"}, {"status": ["is not included in the list"]}),
    ({"scheduled_duration_unit": "HOUR"}, {"scheduled_duration_unit": ["is not included in the list"]}),
])
def test_a_wrong_change_of_a_scheduled_payment_is_422(shop, active, sent, told):
    row = shop.get(f"/orders/{active}/scheduled_payments").json[-1]
    reply = shop.put(f"/scheduled_payments/{row['id']}", {"scheduled_payment": sent})
    assert (reply.status_code, reply.json) == (422, told)
    assert shop.get(f"/scheduled_payments/{row['id']}").json == row


def test_a_scheduled_payment_of_another_order_is_not_there(shop, customer, lamp, active):
    other = order(shop, "single", customer, lamp).json["id"]
    row = shop.get(f"/orders/{active}/scheduled_payments").json[-1]
    assert shop.get(f"/orders/{other}/scheduled_payments/{row['id']}").status_code == 404
    assert shop.put(f"/orders/{other}/scheduled_payments/{row['id']}",
                    {"scheduled_payment": {"amount": 1}}).status_code == 404
    assert shop.get("/orders/999/scheduled_payments").json == {"base": ["not found"]}
    assert shop.put(f"/scheduled_payments/{row['id']}", {}).json == {"scheduled_payment": ["is missing"]}


# Previews -----------------------------------------------------------------------------------------------


def everything():
    db.session.rollback()
    return {table.name: sorted(map(str, db.session.execute(table.select()))) for table in Model.metadata.sorted_tables}


def preview(shop, kind, customer, product, **more):
    body = {"currency": "EUR", "customer_id": customer, "order_products": [{"product_id": product}], **more}
    return shop.post(f"/orders/create_{kind}_order?preview=true", {"order": body})


def test_a_preview_shows_what_is_paid_now_and_later_and_stores_nothing(shop, customer, gym):
    day = (clock.now() + timedelta(days=40)).date()
    before = everything()
    reply = preview(shop, "subscription", customer, gym, start_date=day.strftime("%d/%m/%Y"))
    assert reply.status_code == 200, reply.json
    assert {name: reply.json[name] for name in ("due_now", "credit", "charge")} == {
        "due_now": "42.74", "credit": "0.00", "charge": "0.00"}
    assert len(reply.json["schedule"]) == 12
    assert reply.json["schedule"][0] == {
        "scheduled_at": f"{day}T00:00:00.000Z", "amount": "42.74", "tax_amount": "7.42", "depends_on_use": False}
    assert everything() == before


def test_a_preview_of_instalments_is_what_the_order_then_has(shop, alder, customer):
    sofa = cast.make_product(alder, "Sofa", price=100, currency="EUR", billing="instalment", scheduled_unit="WEEK")
    terms = {"split_number": 7, "initial_amount": "10"}
    told = preview(shop, "instalment", customer, sofa, **terms).json
    made = order(shop, "instalment", customer, sofa, **terms).json
    rows = shop.get(f"/orders/{made['id']}/scheduled_payments").json
    assert [told["due_now"], *[one["amount"] for one in told["schedule"]]] == [row["amount"] for row in rows]
    assert [one["tax_amount"] for one in told["schedule"]] == [row["tax_amount"] for row in rows[1:]]


def test_a_preview_is_refused_as_the_order_is(shop, customer, lamp):
    assert preview(shop, "single", 999, lamp).json == {"customer_id": ["must exist"]}
    reply = shop.post("/orders/create_single_order?preview=perhaps", {"order": {}})
    assert (reply.status_code, reply.json) == (400, {"preview": ["is not included in the list"]})
    kept = shop.post("/orders/create_single_order?preview=false", {"order": {
        "customer_id": customer, "order_products": [{"product_id": lamp}]}})
    assert kept.json["status"] == "pending"
