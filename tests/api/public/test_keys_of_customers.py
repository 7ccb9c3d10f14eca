"""A key that was made for a customer: its calls are that customer's, its rows are the merchant's as ever."""

import pytest

from database import transaction
from domain.errors import Invalid
from domain.payments.metered.metered_periods import keys_of
from domain.people import customers
from tests import cast


def call(app, key, path="/v1/api/public/customers"):
    return app.test_client().get(path, headers={"Authorization": f"Bearer {key}"})


def test_its_calls_are_logged_with_the_customer(app, alder, records):
    ada = cast.make_customer(alder)
    key_id, key = cast.make_key(alder, customer_id=ada)
    cast.make_customer(alder, "Grace Hopper")
    answer = call(app, key)
    assert len(answer.json["data"]) == 2                    # it reads what any key of the merchant reads
    assert (records[-1]["key_id"], records[-1]["customer_id"]) == (key_id, ada)
    call(app, cast.make_key(alder)[1])
    assert records[-1]["customer_id"] is None
    assert keys_of(ada) == [key_id]


def gone(merchant):
    key = cast.make_customer(merchant)
    with transaction():
        customers.delete(*customers.LISTING.lock(cast.actor_for(merchant), key))
    return key


@pytest.mark.parametrize("wrong", ["foreign", "test", "absent", "deleted"])
def test_another_customer_is_refused(alder, birch, wrong):
    ids = {
        "foreign": lambda: cast.make_customer(birch), "absent": lambda: 99,
        "test": lambda: cast.make_customer(alder, actor=cast.actor_for(alder).in_world(test=True)),
        "deleted": lambda: gone(alder),
    }
    with pytest.raises(Invalid) as refused:
        cast.make_key(alder, customer_id=ids[wrong]())
    assert set(refused.value.fields) == {"customer_id"}
