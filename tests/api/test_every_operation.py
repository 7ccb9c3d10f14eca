"""Every declared operation is called once, by REST and by RPC, and answers what its document says."""

from urllib.parse import urlencode

import pytest
from jsonschema import Draft202012Validator

from blueprints.api.merchant.ordering import KINDS
from blueprints.portal.entries import entries
from blueprints.portal.published import PUBLISHED
from database import Model, db, transaction
from domain import inputs, settings
from domain.access import tokens
from domain.actor import Actor
from domain.hosting import services
from domain.integrations import webhooks
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.people import customers
from domain.sales.orders import orders
from models.customer import Customer
from models.order import ScheduledPayment
from models.user import User
from tests import articles, cast, paying
from tests.api.client.conftest import ClientProgram
from tests.api.client.conftest import token_of as client_token
from tests.api.conftest import Caller
from tests.api.core.conftest import Program, token_of
from tests.api.merchant.conftest import Shop
from tests.architecture.source import ROOT
from tests.articles import make_article, make_category
from tests.domain.invoicing.e_invoice.complete import BUYER, make_complete
from tests.invoicing import credit, make_issued, make_overdue, make_with_credit
from tests.paying import make_order
from tests.rows import MADE, make, make_ready, sample_of
from tests.stored_cards import make_card, make_chargeable
from tests.ticketed import make_customers, make_file, make_ticket

ALL = [one for name in PUBLISHED for one in entries(name)]
BY_RPC = [one for one in ALL if one.rpc]
HOOK = "https://hooks.example.com/countinghouse"
LOGIN = {"login": "lin@example.org", "password": cast.PASSWORD}


def with_planned_change(merchant):
    order_id = paying.active(merchant)
    with transaction():
        new = inputs.parse(ChangeInput, {"quantity": 2, "when": "period_end"})
        plan_changes.change(paying.actor_of(merchant), orders.locked(order_id), new)
    return order_id


def with_planned_end(merchant):
    order_id = paying.active(merchant)
    with transaction():
        cancelling.cancel(paying.actor_of(merchant), orders.locked(order_id), When.PERIOD_END)
    return order_id


def with_token(merchant):
    customer_id = cast.make_customer(merchant, "Tove", email="tove@example.org")
    client_token(customer_id)
    return customer_id


def service_of(merchant, customer):
    resource, actor = services.RESOURCE, cast.actor_for(merchant)
    sent = sample_of(resource, actor) | {"customer_id": customer}
    with transaction():
        return services.create(actor, inputs.parse(resource.input, sent)).id


def complete(merchant, customer):
    """Give the customer all that an e-invoice needs."""
    make_complete(merchant)
    with transaction():
        customers.update(cast.actor_for(merchant), db.session.get(Customer, customer), {
            "billing_address": customers.AddressInput(**BUYER), "tax_number": "GB987654321"})


CUSTOMERS_OWN = {                                   # rows of the customer who calls the Client API
    "services": service_of, "tickets": make_customers, "invoices": make_issued,
}


def with_earlier_text(merchant):
    """An article whose text was changed."""
    key = make_article(merchant)
    articles.change(key, content="Changed")
    return key


READY = {                               # rows of the live world that have what the operation ends or needs
    "articles.restore_version": with_earlier_text,
    "articles.copy_to_live": lambda merchant: make_article(merchant, actor=paying.actor_of(merchant)),      # a test row
    "clients.revoke_token": with_token, "invoices.credit": lambda merchant: make_issued(merchant),
    "invoices.use_credit": make_with_credit, "invoices.pay_link": make_issued,
    "invoices.send": make_overdue, "invoices.remind": make_overdue,
    "invoices.xml": lambda merchant: make_issued(merchant, make_complete(merchant)),
    "credit_notes.xml": lambda merchant: credit(make_issued(merchant, make_complete(merchant))),
}
PAID = {                                # rows of the test world, with or for a payment method of the test bank
    "invoices.charge_card": make_chargeable,
    "orders.pay": paying.make_order,
    "orders.set_payment_method": paying.active,
    "orders.pay_rest": lambda merchant: paying.active(merchant, billing="instalment"),
    "orders.change": paying.active,
    "orders.withdraw_change": with_planned_change,
    "orders.withdraw_cancellation": with_planned_end,
    "scheduled_payments.execute": lambda merchant: paying.rows(paying.active(merchant))[1].id,
    "scheduled_payments.retry": lambda merchant: paying.declined(merchant),
    "scheduled_payments.ask_for_card": lambda merchant: paying.declined(merchant, email="ada@example.org"),
    "payments.look_up": lambda merchant: paying.unknown(merchant),
}
FROM_TEST = ("copy_to_live",)           # what can only be done with a row of the test world


def token_for_tests(user_id):
    with transaction():
        return tokens.reveal(Actor.system(), db.session.get(User, user_id), test=True)


def named(one):
    return f"{one.contract.name}.{one.name}"


def declared_in(one):
    """The file that declares an operation, for whoever has to mend it."""
    exposure = one.operation.exposure
    path = exposure.path if exposure else one.operation.path
    folder = ROOT / "blueprints" / "api" / one.contract.name
    found = [file for file in sorted(folder.rglob("*.py")) if f'"{path}"' in file.read_text()]
    return str((found or [folder])[0].relative_to(ROOT))


def holds(one, answer):
    """Is the answer what the document says? If not, in which file to look."""
    problems = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
                for error in Draft202012Validator(one.answer).iter_errors(answer)]
    assert not problems, f"{named(one)} does not answer what its document says; edit {declared_in(one)}: {problems}"


class World:
    """A merchant with one row of everything, and callers of every contract."""

    def __init__(self, app):
        self.app, self.merchant = app, cast.make_merchant("Alder")
        operator = cast.make_user("ops@example.org", "admin_user", all_merchants=True)
        self.core, self.core_test = Program(app, token_of(operator)), Program(app, token_for_tests(operator))
        self.public = Caller(app, cast.make_key(self.merchant)[1])
        self.shop = Shop(app, token_of(cast.make_user(
            "shop@alder.example", "admin_user", merchant_ids=[self.merchant], api_access=True)))
        self.core.result("webhooks.create", {"url": HOOK, "companies_id": self.merchant})
        customer = cast.make_customer(self.merchant, email="world@example.org")      # its event is a delivery
        self.customer = customer
        with transaction():                             # thousands of calls come from one address here
            settings.update(Actor.operator(), {"client_api_limit_per_minute": 0})
        complete(self.merchant, customer)
        make_card(self.merchant, customer, gateway="stripe", test=False)
        self.client = ClientProgram(app, client_token(customer))
        cast.make_product(self.merchant)
        cast.make_budget(self.merchant, customer)
        make_category(self.merchant)
        make_order(self.merchant, test=False)                               # what payments are recorded for
        paying.paid_by_hand(self.merchant)
        instalments = paying.make_order(self.merchant, "instalment", test=False)
        self.merged = [row.id for row in paying.rows_of(instalments)[1:3]]
        self.ticket = make_ticket(self.merchant)
        self.products = {
            name: cast.make_product(self.merchant, name, price=40, currency="EUR", billing=billing)
            for name, billing in KINDS.items()}
        cast.make_user(LOGIN["login"], merchant_ids=[self.merchant], api_access=True)
        self.core.result("accounting.currencies.rates.create", {"from": "USD", "to": "EUR", "rate": 0.92,
                                                                "dt": "2026-01-31"})

    def row(self, one):
        """The id of a row that the operation can be called with: a new one where rows can be made."""
        noun = one.operation.exposure.name
        if one.contract.name == "client":
            return CUSTOMERS_OWN[noun](self.merchant, self.customer)
        own = [other for other in ALL if other.contract is one.contract]
        if one.name in READY:
            return READY[one.name](self.merchant)
        if one.name in PAID:
            return PAID[one.name](self.merchant)
        create = next((other for other in own if other.name == f"{noun}.create"), None)
        resource = one.operation.exposure.resource
        if resource.noun in MADE or (create is None and resource.create is not None):
            key = make(resource, self.merchant)
            make_ready(resource, key, one.operation.verb)
            return key
        if create is not None:
            made = self.rest(create, world_of=one).json
            key = made.get("data", made)["id"]
            if one.operation.verb not in FROM_TEST:
                number = int(str(key).removeprefix(one.operation.exposure.prefix))
                make_ready(one.operation.exposure.resource, number, one.operation.verb)
            return key
        listed = next((other for other in own if other.operation.verb == "list"
                       and other.operation.exposure is one.operation.exposure), None)
        rows = self.rest(listed).json if listed is not None else []
        rows = rows["data"] if isinstance(rows, dict) else rows
        assert rows, f"{named(one)} has no row to be called with: make one in World, {__name__.replace('.', '/')}.py"
        return rows[0]["id"]

    def rest(self, one, key=None, world_of=None, headers=None):
        """The answer to a call; `world_of` is another operation in whose world it is made."""
        own = {"public": self.public, "merchant": self.shop, "client": self.client}
        caller = own[one.contract.name] if one.contract.name in own else self.core_for(world_of or one)
        path = one.example_path.removeprefix(one.description.prefix)
        if key is not None:
            path = one.operation.path.replace("{key}", str(key)) + (
                f"?{urlencode(one.called_with)}" if one.called_with else "")
        if "{order_id}" in path:
            path = path.replace("{order_id}", str(db.session.get(ScheduledPayment, key).order_id))
        if "{attachment_id}" in path:
            path = path.replace("{attachment_id}", str(make_file(key)))
        return caller(one.operation.method, path, json=self.body(one), headers=headers)

    def rpc(self, one, key=None, headers=None):
        document = one.rpc_call()
        document["params"] |= self.body(one) or {}
        if key is not None:
            document["params"]["id"] = key
        return self.core_for(one)("POST", "/", json=document, headers=headers).json

    def body(self, one):
        if "order_products" in str(one.example):                  # the product must be of the order's kind
            kind = one.name.partition(".create_")[2].removesuffix("_order")
            lines = [{"product_id": self.products[kind], "qty": 1}]
            return {"order": one.example["order"] | {"order_products": lines}}
        if one.name == "services.create":
            return one.example | {"products_id": self.products["subscription"]}
        if one.name.endswith(".merge_several"):
            return {"ids": self.merged}
        if one.name == "tickets.merge":
            return {"into": self.ticket}
        return LOGIN if one.name.endswith("jwt.authenticate") else one.example

    def core_for(self, one):
        """The caller of the Core API, with a test token or a JSON Web Token where only that will do."""
        resource = one.operation.exposure.resource if one.operation.exposure else None
        of_tests = resource is not None and not resource.may_create(Actor.operator())
        if of_tests or one.name in PAID or one.operation.verb in FROM_TEST:
            return self.core_test
        if not one.name.endswith("jwt.refresh"):
            return self.core
        token = self.core.result(one.name.replace("refresh", "authenticate"), LOGIN)["token"]
        return Caller(self.app, token, "")


@pytest.fixture
def world(app, made_once, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    return made_once(World, app)


def key_for(world, one):
    return world.row(one) if "{key}" in one.operation.path else None


@pytest.mark.parametrize("one", ALL, ids=named)
def test_an_operation_answers_what_its_document_says_by_rest(world, one):
    reply = world.rest(one, key_for(world, one))
    assert reply.status_code == one.status, f"{named(one)} answers {reply.text}; edit {declared_in(one)}"
    if one.operation.media:
        assert (reply.mimetype, bool(reply.data)) == (one.operation.media, True)
    else:
        holds(one, reply.json)


@pytest.mark.slow
@pytest.mark.once("does what the same operation does by REST")
@pytest.mark.parametrize("one", BY_RPC, ids=named)
def test_an_operation_answers_what_its_document_says_by_rpc(world, one):
    answer = world.rpc(one, key_for(world, one))
    assert "result" in answer, f"{named(one)} answers {answer}; edit {declared_in(one)}"
    holds(one, answer["result"])


REPEATED = [one for one in ALL if one.operation.method == "POST" and one.operation.kept]
KEYED = {"Idempotency-Key": "the same"}


def everything():
    db.session.rollback()
    return {table.name: sorted(map(str, db.session.execute(table.select()))) for table in Model.metadata.sorted_tables}


@pytest.mark.slow
@pytest.mark.parametrize("one", REPEATED, ids=named)
def test_a_post_that_is_repeated_with_its_key_is_done_once(world, one):
    key = key_for(world, one)
    first = world.rest(one, key, headers=KEYED)
    assert first.status_code == one.status, first.json
    before = everything()
    again = world.rest(one, key, headers=KEYED)
    place = f"{named(one)} is done twice; edit {declared_in(one)}"
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (first.status_code, "true"), place
    secret = secret_of(one)
    assert without(again.json, secret) == without(first.json, secret), place
    assert everything() == before, place


@pytest.mark.slow
@pytest.mark.parametrize("one", [one for one in REPEATED if one.rpc], ids=named)
def test_a_call_that_is_repeated_with_its_key_is_done_once(world, one):
    key = key_for(world, one)
    first = world.rpc(one, key, headers=KEYED)
    before = everything()
    again = world.rpc(one, key, headers=KEYED)
    secret = secret_of(one)
    assert without(again["result"], secret) == without(first["result"], secret)
    assert everything() == before, f"{named(one)} is done twice; edit {declared_in(one)}"


# What an answer shows once, by its operation.
SECRETS = {
    "clients.issue_token": "token", "budgets.share": "url", "budgets.share_again": "url", "invoices.pay_link": "url",
}


def secret_of(one):
    """The field that the answer to a repetition leaves out or empties."""
    return SECRETS.get(one.name) or (one.operation.exposure.resource.secret_field if one.operation.exposure else "")


def without(answer, secret):
    """The answer without what is shown only once."""
    if isinstance(answer, dict):
        return {name: without(one, secret) for name, one in answer.items() if name not in ("secret", secret)}
    return answer


def test_every_file_that_is_named_exists():
    assert {declared_in(one) for one in ALL} <= {
        str(path.relative_to(ROOT)) for path in (ROOT / "blueprints" / "api").rglob("*.py")}
