"""An id beyond what a database's column holds names no row, in every noun, read or locked, on both databases."""

import pytest

from database import transaction
from domain import inputs, tenants
from domain.actor import Actor
from domain.errors import DomainError, Invalid, NotFound
from domain.integrations import api_keys
from tests import cast
from tests.references import REFERENCES, placed, resources
from tests.rows import sample_of

RESOURCES = resources()


def create(resource, actor, new):
    new = resource.before_create(actor, new) if resource.before_create else new
    with transaction():
        resource.create(actor, new)
LARGE = pytest.mark.parametrize("key", [2**31, 2**40, 2**63 - 1])


@pytest.mark.parametrize(("name", "path"), REFERENCES)
def test_a_large_id_in_an_input_is_refused(app, alder, name, path):
    resource = resources()[name]
    actor = cast.actor_for(alder)
    actor = actor if resource.may_create(actor) else Actor.operator()
    body = placed(sample_of(resource, actor), path, 2**40)
    new = inputs.parse(resource.input, body)
    with pytest.raises(DomainError):
        create(resource, actor, new)


@LARGE
@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_large_id_is_not_found(app, name, key):
    listing = RESOURCES[name].listing
    for find in (listing.read, listing.get, listing.lock):
        with transaction(), pytest.raises(NotFound):
            find(Actor.operator(), key)


@LARGE
def test_a_large_id_of_a_merchant_or_a_customer_is_refused(alder, key):
    assert not tenants.reaches(Actor.operator(), key)
    assert not tenants.is_active(Actor.operator(), key)
    new = inputs.parse(api_keys.KeyInput, {"name": "Shop", "customer_id": key})
    with transaction(), pytest.raises(Invalid) as refused:
        api_keys.create(cast.actor_for(alder), api_keys.fresh(cast.actor_for(alder), new))
    assert set(refused.value.fields) == {"customer_id"}
