"""Every id field of every form refuses a row of another merchant or world, also for a user of both merchants."""

import pytest

from blueprints.admin.crud.form_fields import plain
from database import db
from domain.people import users
from tests import cast
from tests.architecture.nouns import file_of, pages
from tests.references import COMMON, REFERENCES, made_for, resources
from tests.rows import sample_of

FORMS = {                               # of the nouns whose sample would not do
    "budgets": {"items.0.description": "Work", "items.0.quantity": "1", "items.0.unit_price": "5"},
    "invoices": {"items.0.description": "Work", "items.0.quantity": "1", "items.0.unit_price": "5"},
    "products": {"name": "Lamp", "price": "10", "kind": "PRODUCT", "status": "active"},
    "users": {"email": "new@alder.example", "password": cast.PASSWORD, "role": "normal_user"},
}


@pytest.fixture
def both(signed_in, alder, birch):
    """An administrator of Alder and Birch, with the switcher on all."""
    return signed_in("admin_user", [alder, birch])


def form_of(noun, path, value, alder):
    """What creates a row, with the value in one field."""
    filled = FORMS[noun] if noun in FORMS else sample_form(resources()[noun], alder)
    name = path.removesuffix(".0") if path.count(".") == 1 else path
    known = filled | {"merchant_id": str(alder), name: str(value)}
    if noun in ("budgets", "invoices"):
        known.setdefault("customer_id", str(cast.make_customer(alder, "Own")))
    if noun == "orders":                        # a draft can be changed as a whole
        known.setdefault("customer_id", str(cast.make_customer(alder, "Orderer")))
        known.setdefault("items.0.product_id", str(cast.make_product(alder, currency="EUR", billing="metered")))
        known["draft"] = "on"
    if noun == "users":
        known.setdefault("merchant_ids", str(alder))
    return known


def sample_form(resource, alder):
    """The noun's sample, as its form sends it."""
    fields = {field.name for here in pages() if here.resource.name == resource.name for one in here.sections
              for field in one.fields}
    return {name: plain(value) for name, value in sample_of(resource, cast.actor_for(alder)).items() if name in fields}


def stored(noun, key):
    row = db.session.get(resources()[noun].listing.model, key, populate_existing=True)
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


# Users and keys have tests of their own: who has a key's customer is said once, and its page has the secret.
CREATED = {here.resource.name for here in pages() if here.resource.create} - {users.RESOURCE.name, "api_keys"}


@pytest.mark.parametrize("test", [False, True], ids=["of another merchant", "of the other world"])
@pytest.mark.parametrize(("noun", "path"), [one for one in REFERENCES if one[0] in CREATED])
def test_a_row_out_of_reach_cannot_be_named(both, alder, birch, noun, path, test):
    if test and path in COMMON:
        return
    theirs = cast.actor_for(alder if test else birch).in_world(test=test)
    foreign, own = (made_for(path, one) for one in (theirs, cast.actor_for(alder)))
    model = resources()[noun].listing.model
    refused = both.post(f"/admin/{noun}", form_of(noun, path, foreign, alder))
    place = f"{file_of(resources()[noun])}: load {path} through the Listing of what it names, with refer()"
    assert refused.status_code == 422, place
    assert "must exist" in refused.text
    assert cast.count(model) == 0
    good = both.post(f"/admin/{noun}", form_of(noun, path, own, alder))
    assert good.status_code == 303
    key = int(good.headers["Location"].rpartition("/")[2])
    before = stored(noun, key)
    assert both.post(f"/admin/{noun}/{key}", form_of(noun, path, foreign, alder)).status_code == 422
    assert stored(noun, key) == before


def test_a_merchant_that_somebody_does_not_have_cannot_be_granted(admin, alder, birch):
    refused = admin.post("/admin/users", form_of("users", "merchant_ids.0", birch, alder))
    assert refused.status_code == 422
    assert "must be merchants that you have yourself" in refused.text
    assert admin.post("/admin/users", form_of("users", "merchant_ids.0", alder, alder)).status_code == 303
