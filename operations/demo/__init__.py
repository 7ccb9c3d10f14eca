"""Creates demonstration data: two merchants with rows of every kind, and 90 days of history.

Rows are created through the domain, with the clock set to the day on which they would have been.
The business part is one transaction.
"""

import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from database import db, transaction
from domain import clock
from domain.access import customer_tokens, passwords
from domain.actor import Actor
from domain.catalog import pricing, products
from domain.integrations import api_keys
from domain.people import customers, merchants, users
from domain.people.customer_addresses import AddressInput
from domain.sales.budgets import budgets
from domain.sales.budgets.budget_lines import ItemInput
from models.budget import Budget, BudgetStatus
from models.credential import Mode
from models.customer import Customer, CustomerStatus
from models.merchant import Merchant
from models.order import Order as SoldOrder
from models.product import PriceRuleKind, ProductKind
from models.user import Role, User
from models.webhook import Endpoint
from operations.demo import desk, invoicing, rates, receivers, sandbox, subscribers
from operations.demo.moments import at
from operations.demo.retail import Order, market
from operations.errors import OperationRefused

DAYS = 90
LISTENING = timedelta(days=25)    # since when there are webhook endpoints
ENDED = (CustomerStatus.ARCHIVED, CustomerStatus.ARCHIVED, CustomerStatus.STOPPED)
SEED = 536365                     # the same catalogue and history each time; only secrets differ
REVOKED = "Old shop"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Person:
    """A user who can sign in."""

    email: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the demonstration; `text` is None for one that is not valid."""

    number: int
    merchant_id: int
    name: str
    mode: str
    text: str | None


@dataclass(slots=True)
class Demo:
    """The created data, with the secrets that are shown once."""

    merchants: list[dict[str, Any]] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    budgets: int = 0
    client: tuple[str, str] = ("", "")      # a customer's name and its token of the Client API


def is_empty() -> bool:
    """Whether the installation has no data yet."""
    return users.is_empty() and not db.session.scalar(select(func.count()).select_from(Merchant))


def load(*, force: bool = False) -> Demo:
    """Create the demonstration; raises OperationRefused on a database with data, unless forced."""
    made, now, rng = Demo(), clock.now(), random.Random(SEED)  # noqa: S311  (history, not secrets)
    secret, keys = _passwords(), _keys(now)
    with transaction():
        if not force and not is_empty():
            raise OperationRefused("The database is not empty. The demo data can be added with --force.")
        with at(now - timedelta(days=DAYS)):
            shops = [
                _merchant(
                    made, name="Hartwell & Finch", currency="GBP", timezone="Europe/London", country="GB",
                    street="14 Rope Walk", city="Bristol", postal_code="BS1 6ZJ", tax_number="GB123456782",
                    email="billing@hartwell.example", support_email="help@hartwell.example",
                ),
                _merchant(
                    made, name="Maison Lumière", currency="EUR", timezone="Europe/Paris", country="FR",
                    street="8 rue des Glaces", city="Lyon", postal_code="69002", tax_number="FR40303265045",
                    email="compta@lumiere.example", support_email="aide@lumiere.example", language="fr",
                ),
            ]
            staff = _staff(made, shops, secret)
        _store(made, shops, keys, now)
        for shop, home in ((shops[0], True), (shops[1], False)):
            made.budgets += Shop(shop, staff, home, now, rng).fill()
        made.client = _client(shops[0])
        while budgets.expire_due():
            pass
        rates.store(now.date(), DAYS)
    return made


def _merchant(made: Demo, **given: Any) -> Merchant:
    row = merchants.create(Actor.operator(), merchants.MerchantInput(customer_changes=True, **given))
    made.merchants.append({"id": row.id, "name": row.name, "currency": row.currency})
    return row


def _client(shop: Merchant) -> tuple[str, str]:
    """The merchant's first customer with orders, with a token of the Client API."""
    found = subscribers.first_of(shop.id)
    return found.name, customer_tokens.issue(_operator_of(shop), found)


def _staff(made: Demo, shops: list[Merchant], secret: list[tuple[str, str]]) -> dict[Role, User]:
    """A user of each role. The admin has all merchants, the accountant both, the others one each."""
    both = [shop.id for shop in shops]
    wanted: tuple[tuple[Role, str, str, dict[str, Any]], ...] = (
        (Role.ADMIN, "admin", "Robin Hartwell", {"all_merchants": True, "timezone": "Europe/London"}),
        (Role.ACCOUNTANT, "accounts", "Sam Okafor", {"merchant_ids": both}),
        (Role.NORMAL, "sales", "Noor Haddad", {"merchant_ids": both[:1]}),
        (Role.RESTRICTED, "agent", "Camille Roux", {"merchant_ids": both[1:], "timezone": "Europe/Paris"}),
    )
    staff = {}
    for (role, local, name, more), (password, password_hash) in zip(wanted, secret, strict=True):
        person = Person(_free_email(local), password, role.value)
        given = users.UserInput(email=person.email, name=name, role=role, **more)
        staff[role] = users.create(Actor.operator(), users.NewUser(given, password_hash))
        made.people.append(person)
    return staff


def _free_email(local: str) -> str:
    for suffix in ("", *(f".{number}" for number in range(2, 1000))):
        email = f"{local}{suffix}@countinghouse.example"
        if users.find_by_email(email) is None:
            return email
    raise OperationRefused("The demo was loaded too many times.")


def _passwords() -> list[tuple[str, str]]:
    """A password for each user, and its hash, which takes too long for a transaction."""
    made = ["-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4)) for _ in Role]
    return [(one, passwords.hash_of(one)) for one in made]


def _keys(now: datetime) -> list[tuple[int, datetime, api_keys.NewKey]]:
    """Each key's merchant, its time of creation, and the key, hashed before the transaction."""
    reading = ["READ_BUDGETS", "READ_CUSTOMERS", "READ_PRODUCTS"]
    long_ago, later = now - timedelta(days=DAYS - 1), now - timedelta(days=40)
    wanted: tuple[tuple[int, datetime, dict[str, Any]], ...] = (
        (0, long_ago, {"name": "Web shop", "rate_limit_per_hour": 5000}),
        (1, long_ago, {"name": "ERP connector"}),
        (0, later, {"name": "Reporting", "scopes": reading, "expires_at": now + timedelta(days=9)}),
        (0, later, {"name": "Integration tests", "mode": Mode.TEST}),
        (1, later, {"name": "Sandbox", "mode": Mode.TEST}),
        (0, long_ago, {"name": REVOKED}),
        (1, long_ago, {"name": "Trade fair", "expires_at": now - timedelta(days=20)}),
    )
    operator = Actor.operator()
    return [(place, since, api_keys.fresh(operator, api_keys.KeyInput(**given))) for place, since, given in wanted]


def _store(
    made: Demo, shops: list[Merchant], keys: list[tuple[int, datetime, api_keys.NewKey]], now: datetime
) -> None:
    """Store valid keys, a revoked one and an expired one."""
    for place, since, new in keys:
        shop = shops[place]
        with at(since):
            row, text = api_keys.create(_operator_of(shop), new)
        if row.name == REVOKED:
            with at(now - timedelta(days=33)):
                api_keys.revoke(_operator_of(shop), row)
        opens = row.revoked_at is None and (row.expires_at is None or row.expires_at > now)
        made.keys.append(Key(row.id, shop.id, row.name, str(row.mode), text if opens else None))


def _operator_of(shop: Merchant) -> Actor:
    return Actor.operator().narrowed(shop.id)


class Shop:
    """Creates one merchant's catalogue, customers and budgets, day by day."""

    def __init__(self, row: Merchant, staff: dict[Role, User], home: bool, now: datetime, rng: random.Random):
        self.home = home
        self.row, self.goods, self.now, self.rng = row, market(home=home), now, rng
        self.admin = self._actor(staff[Role.ADMIN])
        helpers = [user for user in staff.values() if row.id in user.merchant_ids]
        self.sellers = [self._actor(user) for user in helpers]
        self.products: dict[str, int] = {}
        self.customers: dict[str, tuple[int, Actor]] = {}

    def _actor(self, user: User) -> Actor:
        return Actor.of_user(user, source="admin").narrowed(self.row.id)

    def fill(self) -> int:
        """Create everything; returns the number of budgets."""
        with at(self.now - timedelta(days=DAYS - 1)):
            self._catalogue()
        subscribers.fill(self.admin, self.now, home=self.home)
        step = timedelta(days=DAYS - 3) / len(self.goods.orders)
        begin = self.now - timedelta(days=DAYS - 3)
        buyers = {buyer.number: buyer for buyer in self.goods.buyers}
        endpoints: list[Endpoint] = []
        for place, order in enumerate(self.goods.orders):
            created = min(begin + step * place, self.now - timedelta(minutes=20))
            if order.buyer in buyers:                       # a customer comes with the first order
                self._customer(place, buyers.pop(order.buyer), created - timedelta(hours=self.rng.uniform(1, 30)))
            if not endpoints and created > self.now - LISTENING:
                with at(created):
                    endpoints = receivers.create(self.admin, home=self.home)
            self._budget(order, created)
        numbers = {number: row_id for number, (row_id, _) in self.customers.items()}
        invoicing.fill(self.admin, self.goods.orders, numbers, self.products, self.now)
        invoicing.fill_owed(self.admin, subscribers.first_of(self.row.id).id, self.now)
        desk.fill(self.admin, self.now, home=self.home)
        receivers.settle(endpoints, self.now, home=self.home)
        self._end_some()
        tester = self.admin.in_world(test=True)
        with at(self.now - timedelta(days=2)):
            tried = sandbox.fill(tester, self.goods)
        invoicing.fill_owed(tester, tried[0].customer_id, self.now)
        subscribers.fill_clock(tester, self.now, home=self.home)
        with at(self.now - timedelta(days=1)):
            budgets.approve(tester, tried[0])
        return len(self.goods.orders)

    def _catalogue(self) -> None:
        tax = pricing.create_rule(
            self.admin, pricing.PriceRuleInput(name="VAT 20 %", kind=PriceRuleKind.TAX, percentage=Decimal(20))
        )
        shelves = {
            name: pricing.create_group(self.admin, pricing.GroupInput(name=name)).id
            for name in sorted({article.category for article in self.goods.articles})
        }
        for article in self.goods.articles:
            row = products.create(self.admin, products.ProductInput(
                name=article.name, price=article.price, sku=article.sku, category=article.category, unit="piece",
                tax_id=tax.id, group_id=shelves[article.category],
            ))
            self.products[article.sku] = row.id
        for name, price, kind in (
            ("Gift wrapping", "1.95", ProductKind.SERVICE), ("Express delivery", "9.50", ProductKind.SERVICE),
            ("Trade club", "24.00", ProductKind.SUBSCRIPTION),
        ):
            products.create(self.admin, products.ProductInput(
                name=name, price=Decimal(price), kind=kind, category="Services", tax_id=tax.id
            ))

    def _end_some(self) -> None:
        """Archive two customers and stop one, of those without an order or a budget that waits for an answer."""
        ordering = select(SoldOrder.customer_id)
        waiting = select(Budget.customer_id).where(Budget.status == BudgetStatus.PENDING)
        idle = db.session.scalars(
            select(Customer).where(
                Customer.merchant_id == self.row.id, Customer.id.not_in(waiting), Customer.id.not_in(ordering))
            .order_by(Customer.id).limit(len(ENDED))).all()
        with at(self.now - timedelta(days=1)):
            for row, status in zip(idle, ENDED, strict=False):
                customers.update(self.admin, row, {"status": status})

    def _customer(self, place: int, buyer: Any, created: datetime) -> None:
        seller = self.sellers[place % len(self.sellers)]
        with at(created):
            row = customers.create(seller, customers.CustomerInput(
                name=buyer.name, organisation=buyer.name, email=buyer.email,
                billing_address=AddressInput(city=buyer.city, country=buyer.country),
                details={"customer_number": buyer.number},
            ))
        self.customers[buyer.number] = row.id, seller

    def _budget(self, order: Order, created: datetime) -> None:
        customer_id, seller = self.customers[order.buyer]
        items = [
            ItemInput(product_id=self.products[line.sku], quantity=Decimal(line.quantity), unit_price=line.price)
            for line in order.lines
        ]
        with at(created):
            row = budgets.create(seller, budgets.BudgetInput(
                customer_id=customer_id, items=items, details={"invoice": order.number}
            ))
        decided = created + timedelta(hours=self.rng.uniform(2, 120))
        fate = self.rng.random()
        if decided < self.now and fate < 0.55:
            with at(decided):
                (budgets.approve if fate < 0.42 else budgets.reject)(seller, row)
