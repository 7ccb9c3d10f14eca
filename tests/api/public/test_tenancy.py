"""Tenancy: no caller of one merchant sees, changes or learns of a row of another."""

import json
import re
from urllib.parse import quote

import pytest
from sqlalchemy import text

from app import CONTRACTS
from blueprints.api import public
from database import db
from domain.actor import Actor
from domain.errors import Foreign, Invalid, NotFound
from domain.pages import Query
from tests import cast
from tests.api.public.test_envelope import assert_error
from tests.rows import make

EXPOSED = {one.exposure.resource.name: one.exposure for one in public.CONTRACT.operations if one.exposure is not None}
NOUNS = tuple(sorted(EXPOSED))
CANARY = "canary-of-birch"


def make_foreign():
    """Alder, Birch, and a row of each noun of Birch, with texts that are recognised; ids differ from all of Alder's."""
    alder, birch = cast.make_merchant("Alder"), cast.make_merchant("Birch", "USD")
    for _ in range(4):
        customer = cast.make_customer(
            birch, CANARY, email=f"{CANARY}-{_}@example.org", phone=CANARY, organisation=CANARY,
            details={CANARY: CANARY}, billing_address={"street": CANARY, "city": CANARY})
        product = cast.make_product(
            birch, CANARY, sku=f"{CANARY}-{_}", description=CANARY, category=CANARY, details={CANARY: CANARY})
        budget = cast.make_budget(
            birch, customer, [{"product_id": product, "quantity": 1, "description": CANARY}], notes=CANARY,
            details={CANARY: CANARY})
    known = {"customers": customer, "products": product, "budgets": budget}
    rows = known | {noun: make(EXPOSED[noun].resource, birch, CANARY) for noun in NOUNS if noun not in known}
    return alder, birch, rows


@pytest.fixture
def made(made_once, request):
    if "foreign" in request.fixturenames:
        return made_once(make_foreign)
    return cast.make_merchant("Alder"), cast.make_merchant("Birch", "USD"), {}


@pytest.fixture
def alder(made):
    return made[0]


@pytest.fixture
def birch(made):
    return made[1]


@pytest.fixture
def foreign(made):
    """The rows of Birch, by noun."""
    return made[2]


def everything():
    """Every row of every business table, as text."""
    db.session.rollback()
    tables = [name for name in db.metadatas[None].tables if name not in ("idempotent_replies", "currencies")]
    return {name: str(sorted(map(str, db.session.execute(text(f"SELECT * FROM {name}"))))) for name in tables}


def same(reply):
    """An answer without what differs by call and by id."""
    body = reply.json
    blind = re.sub(r"\d+", "N", json.dumps({**body, "timestamp": "", "requestId": ""}))
    headers = {name: value for name, value in reply.headers.items()
               if name not in ("X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Content-Length")}
    return reply.status_code, blind, headers


def routes():
    """Every operation of every contract that names a row, with the rule it is mounted under."""
    return [(operation, prefix + operation.path)
            for operation in public.CONTRACT.operations if "{key}" in operation.path
            for prefix in public.CONTRACT.prefixes]


def test_the_walk_covers_every_route_that_names_a_row(app):
    mounted = [rule for rule in app.url_map.iter_rules()
               if getattr(app.view_functions[rule.endpoint], "contract", None) is public.CONTRACT and rule.arguments]
    from_map = {(rule.rule, method) for rule in mounted for method in rule.methods - {"HEAD", "OPTIONS"}}
    walked = {(path.replace("{", "<").replace("}", ">"), method) for operation, path in routes()
              for method in (operation.method, *operation.also)}
    assert from_map == walked
    assert len(walked) >= 18


def bodies(operation):
    """Bodies that a row of one's own would take, in the order of their reach."""
    changes = [{}, {"name": "taken over"}, {"notes": "taken over"}, {"status": "APPROVED"}]
    return changes if operation.takes_body else [None]


def test_every_route_answers_a_foreign_id_as_a_missing_one_and_changes_nothing(api, foreign):
    before = everything()
    for operation, path in routes():
        exposure = operation.exposure
        theirs = f"{exposure.prefix}{foreign[exposure.resource.name]}"
        missing = f"{exposure.prefix}{10**6}"
        for body in bodies(operation):
            answers = []
            for key in (theirs, missing):
                address = path.replace("{key}", key)
                reply = api.client.open(address, method=operation.method, json=body,
                                        headers={"Authorization": f"Bearer {api.key}"})
                assert_error(reply, 404, "not_found", {})
                assert CANARY not in reply.get_data(as_text=True)
                answers.append(same(reply))
            assert answers[0] == answers[1], (operation.name, body)
    after = everything()
    assert after == before


@pytest.mark.parametrize("noun", NOUNS)
def test_if_match_is_no_oracle(api, foreign, noun):
    exposure = next(one.exposure for one, _ in routes() if one.exposure.resource.name == noun)
    path = f"/{noun}/{exposure.prefix}{foreign[noun]}"
    for tag in ('"1"', '"77"'):
        assert_error(api.put(path, {}, headers={"If-Match": tag}), 404, "not_found", {})
        assert_error(api.delete(path, headers={"If-Match": tag}), 404, "not_found", {})


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("query", [
    "", "search=canary", "search=%25", "search=_", "search=' OR 1=1 --", "search=%' OR '1'='1", "search=budget_",
    "limit=100", "sort=createdAt&order=asc", "page=2&limit=1", "merchant_id=2", "merchantId=2", "profile_id=2",
    "merchant_id[]=2", "customerId=customer_4", "status=PENDING", "createdAfter=2000-01-01", "category=" + CANARY,
    "minTotal=0", "id=1", "filter[merchant_id]=2",
])
def test_lists_hold_own_rows_and_count_own_rows(api, alder, foreign, noun, query):
    name, _, value = query.partition("=")
    reply = api.get(f"/{noun}?{name}={quote(value, safe='&=')}" if query else f"/{noun}")
    assert reply.status_code in (200, 400)
    assert CANARY not in reply.get_data(as_text=True).replace(query, "")
    if reply.status_code == 200:
        assert (reply.json["data"], reply.json["pagination"]["total"]) == ([], 0)


def test_lists_of_two_merchants_share_nothing(api, rival, alder, foreign):
    cast.make_customer(alder, "Mine")
    assert [one["name"] for one in api.get("/customers").json["data"]] == ["Mine"]
    theirs = rival.get("/customers?limit=100").json
    assert "Mine" not in {one["name"] for one in theirs["data"]}
    assert theirs["pagination"]["total"] == len(theirs["data"]) > 1


@pytest.mark.parametrize("spoil", [
    lambda body, ids: body | {"customerId": f"customer_{ids['customers']}"},
    lambda body, ids: body | {"items": [{"productId": f"product_{ids['products']}", "quantity": 1}]},
    lambda body, ids: body | {"items": [{"productId": f"product_{ids['products']}", "quantity": 1, "unitPrice": 1,
                                         "description": "x"}]},
])
def test_a_reference_to_a_foreign_row_is_one_to_a_missing_row(api, alder, foreign, spoil):
    mine = cast.make_customer(alder)
    body = {"customerId": f"customer_{mine}", "items": [{"description": "x", "quantity": 1, "unitPrice": 1}]}
    theirs = api.post("/budgets", spoil(body, foreign))
    missing = api.post("/budgets", spoil(body, {"customers": 10**6, "products": 10**6}))
    assert_error(theirs, 422, "validation_error")
    assert same(theirs) == same(missing)
    budget = api.post("/budgets", body).json["data"]["id"]
    assert same(api.put(f"/budgets/{budget}", spoil({}, foreign))) == same(
        api.put(f"/budgets/{budget}", spoil({}, {"customers": 10**6, "products": 10**6})))
    assert CANARY not in theirs.get_data(as_text=True)


def test_unique_values_of_others_are_no_oracle(api, foreign):
    assert api.post("/customers", {"name": "x", "email": f"{CANARY}-0@example.org"}).status_code == 201
    assert api.post("/products", {"name": "x", "price": 1, "sku": f"{CANARY}-0"}).status_code == 201


@pytest.mark.parametrize("name", ["merchant_id", "merchantId", "businessId", "profile_id", "owner_id", "tenant"])
def test_no_field_or_parameter_chooses_the_merchant(api, rival, alder, birch, name):
    assert api.post(f"/customers?{name}={birch}", {"name": "Ada"}).status_code == 400
    assert api.post("/customers", {"name": "Ada", name: birch}).status_code == 422
    assert api.post("/customers", {"name": "Ada"}, headers={f"X-{name}": str(birch)}).status_code == 201
    assert rival.get("/customers").json["pagination"]["total"] == 0
    assert api.get("/customers").json["pagination"]["total"] == 1
    assert api.get(f"/customers?{name}={birch}").status_code == 400


def test_the_id_of_a_deleted_row_is_not_used_again(api, rival, alder):
    cast.make_customer(alder)
    api.delete("/customers/customer_1")
    assert rival.post("/customers", {"name": "New"}).json["data"]["id"] == "customer_2"
    assert_error(rival.get("/customers/customer_1"), 404, "not_found")


def listings():
    """Every listing that some contract offers."""
    offered = [operation.exposure.resource.listing for contract in CONTRACTS for operation in contract.operations
               if operation.exposure is not None]
    return list({id(one): one for one in offered}.values())


def listing_of(table):
    return next(one for one in listings() if one.model.__tablename__ == table)


def test_an_actor_of_no_merchant_sees_nothing_anywhere(foreign):
    nobody = Actor(label="nobody", merchant_ids=frozenset())
    for listing in listings():
        if listing.merchant is not None:
            assert listing.count(nobody) == 0
            with pytest.raises(NotFound):
                listing.get(nobody, 1)
            assert listing.page(nobody, Query(sort=next(iter(listing.sort)))).records == []


def test_an_actor_bound_to_a_customer_sees_that_customers_rows_only(alder, foreign):
    mine = cast.make_customer(alder)
    cast.make_customer(alder, "Neighbour")
    actor = cast.actor_for(alder, customer_id=mine)
    for listing in listings():
        if listing.model.__tablename__ in ("customers", "budgets"):
            records = listing.page(actor, Query(sort=next(iter(listing.sort)))).records
            assert {getattr(one, listing.customer) for one in records} <= {mine}
        elif listing.customer is None and listing.model.__tablename__ == "products":
            assert listing.count(actor) == 0


def test_only_the_domain_distinguishes_a_foreign_row_from_none(alder, foreign):
    listing = listing_of("customers")
    actor = cast.actor_for(alder)
    with pytest.raises(Foreign):
        listing.get(actor, foreign["customers"])
    with pytest.raises(NotFound) as caught:
        listing.get(actor, 10**6)
    assert not isinstance(caught.value, Foreign)


def test_several_merchants_are_reached_and_no_others(alder, birch, foreign):
    third = cast.make_merchant("Cedar")
    cast.make_customer(alder, "Mine")
    cast.make_customer(third, "Third")
    listing = listing_of("customers")
    both = cast.actor_for(alder, merchant_ids=frozenset({alder, third}))
    assert {one.name for one in listing.page(both, Query()).records} == {"Mine", "Third"}
    assert both.narrowed(birch).merchant_ids == frozenset()
    with pytest.raises(Invalid):
        assert both.merchant_id
