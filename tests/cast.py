"""Creates sample rows: two merchants, Alder and Birch, whose users and keys must not see each other's rows."""

from dataclasses import replace

from database import db, transaction
from domain import clock, inputs
from domain.actor import Actor
from domain.catalog import products
from domain.integrations import api_keys, key_secrets
from domain.people import customers, merchants, users
from domain.people.logins import customer_users
from domain.permissions import EVERYTHING
from domain.sales.budgets import budgets
from models.credential import Mode
from models.customer import Customer
from models.customer_user import CustomerUser
from models.user import User

PASSWORD = "a long enough password"


def make_merchant(name="Alder", currency="EUR", timezone="UTC"):
    with transaction():
        new = inputs.parse(merchants.MerchantInput, {"name": name, "currency": currency, "timezone": timezone})
        return merchants.create(Actor.operator(), new).id


def actor_for(merchant_id, **more):
    known = {"label": "tester", "merchant_ids": frozenset({merchant_id}), "scopes": EVERYTHING, "source": "admin"}
    return Actor(**(known | more))


def make_user(email="ada@alder.example", role="admin_user", merchant_ids=(), all_merchants=False, **more):
    data = {"email": email, "password": PASSWORD, "role": role, "merchant_ids": list(merchant_ids),
            "all_merchants": all_merchants, **more}
    new = users.hashed(Actor.operator(), inputs.parse(users.UserInput, data))
    with transaction():
        return users.create(Actor.operator(), new).id


def make_key(merchant_id, **more):
    """A key's row id and its text."""
    data = {"name": "Test key", "rate_limit_per_hour": 100_000, **more}
    actor = replace(Actor.operator(), merchant_ids=frozenset({merchant_id}))
    new = api_keys.fresh(actor, inputs.parse(api_keys.KeyInput, data))
    with transaction():
        row, key = api_keys.create(actor, new)
        return row.id, key


def make_customer(merchant_id, name="Ada Lovelace", actor=None, **more):
    with transaction():
        new = inputs.parse(customers.CustomerInput, {"name": name, **more})
        return customers.create(actor or actor_for(merchant_id), new).id


def make_customer_user(customer_id, email, name=None, actor=None):
    customer = db.session.get(Customer, customer_id)
    who = actor or actor_for(customer.merchant_id).in_world(test=customer.test)
    with transaction():
        new = inputs.parse(customer_users.CustomerUserInput, {"customer_id": customer_id, "email": email, "name": name})
        return customer_users.create(who, new).id


def bring_customer_user(key, verb):
    """Give a customer's user, by the row alone, the state in which the verb is possible."""
    if verb == "turn_off_two_factor":
        with transaction():
            db.session.get(CustomerUser, key).two_factor_at = clock.now()


def bring_user(key, verb):
    """Give a user, by the row alone, the state in which the verb is possible."""
    if verb == "turn_off_two_factor":
        with transaction():
            db.session.get(User, key).two_factor_at = clock.now()


def bring_key(key, verb):
    """Give an API key a former secret, where the verb is about one."""
    if verb == "end_former":
        new = key_secrets.fresh(Mode.LIVE)
        with transaction():
            key_secrets.rotate(
                *api_keys.LISTING.lock(Actor.operator(), key), new, key_secrets.RotationInput())


def make_product(merchant_id, name="Lamp", price=10, actor=None, **more):
    with transaction():
        new = inputs.parse(products.ProductInput, {"name": name, "price": price, **more})
        return products.create(actor or actor_for(merchant_id), new).id


def make_budget(merchant_id, customer_id, items=None, actor=None, **more):
    items = items or [{"description": "Work", "quantity": 2, "unit_price": 50}]
    with transaction():
        new = inputs.parse(budgets.BudgetInput, {"customer_id": customer_id, "items": items, **more})
        return budgets.create(actor or actor_for(merchant_id), new).id


def count(model):
    return db.session.query(model).count()


def each_header_once(reply):
    """The reply; no API answer says the same header twice."""
    names = [name.lower() for name, _ in reply.headers]
    assert len(set(names)) == len(names), names
    return reply
