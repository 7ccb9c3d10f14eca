"""Serves the writes of P8 with FastAPI and SQLAlchemy's ORM, as their documentation has it.

Models of pydantic check what is sent, a session of the ORM for each request stores it, and a model is answered. The
same rows are written as by ours: the customer with its address and its user, the budget with its lines, each with an
entry of the audit trail and the entry's link in the chain. SQLite with a write-ahead log, `synchronous=FULL` and
BEGIN IMMEDIATE, as ours. What it does not have: limits, addresses and scopes of keys, events, idempotency, a request
log, indexes for lists and searches.

Runs in its own environment: `python bench/fastapi_orm/application.py FOLDER` prints its port.
"""

import hashlib
import json
import secrets
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, EmailStr, Field
from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, create_engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

FOLDER = Path(sys.argv[1])
CENT = Decimal("0.01")
engine = create_engine(f"sqlite:///{FOLDER / 'fastapi.db'}", pool_size=40)
NewSession = sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine, "connect")
def _connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(engine, "begin")
def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    pass


class Key(Base):
    __tablename__ = "keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    merchant_id: Mapped[int]


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int]
    name: Mapped[str]
    price: Mapped[str]


class Customer(Base):
    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("merchant_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(index=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    company: Mapped[str | None]
    details: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    addresses: Mapped[list["Address"]] = relationship()
    users: Mapped[list["CustomerUser"]] = relationship()


class Address(Base):
    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    street: Mapped[str | None]
    city: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class CustomerUser(Base):
    __tablename__ = "customer_users"
    __table_args__ = (UniqueConstraint("merchant_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    email: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Budget(Base):
    __tablename__ = "budgets"

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    status: Mapped[str] = mapped_column(default="PENDING")
    currency: Mapped[str] = mapped_column(default="EUR")
    total_minor: Mapped[int]
    valid_until: Mapped[datetime]
    notes: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    customer: Mapped[Customer] = relationship()
    items: Mapped[list["Item"]] = relationship()


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budgets.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    position: Mapped[int]
    description: Mapped[str]
    quantity: Mapped[str]
    unit_price: Mapped[str]
    total_minor: Mapped[int]


class AuditEntry(Base):
    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    merchant_id: Mapped[int]
    actor: Mapped[str]
    action: Mapped[str]
    object_id: Mapped[int]
    after: Mapped[dict[str, Any]] = mapped_column(JSON)


class AuditLink(Base):
    __tablename__ = "audit_links"

    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(unique=True)
    digest: Mapped[str]


class AuditChain(Base):
    __tablename__ = "audit_chains"

    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    length: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")


class AddressIn(BaseModel):
    line1: str | None = Field(None, max_length=255)
    city: str | None = Field(None, max_length=100)
    postalCode: str | None = Field(None, max_length=32)
    country: str | None = Field(None, pattern="^[A-Z]{2}$")


class CustomerIn(BaseModel):
    name: str = Field(min_length=1, max_length=200)
    email: EmailStr | None = None
    phone: str | None = Field(None, max_length=40)
    company: str | None = Field(None, max_length=200)
    address: AddressIn | None = None
    metadata: dict[str, str] = {}


class ItemIn(BaseModel):
    productId: int
    description: str | None = Field(None, max_length=500)
    quantity: Decimal = Field(gt=0, max_digits=11, decimal_places=4)
    unitPrice: Decimal | None = Field(None, ge=0, decimal_places=6)


class BudgetIn(BaseModel):
    customerId: int
    items: list[ItemIn] = Field(min_length=1, max_length=200)
    notes: str | None = Field(None, max_length=5000)


class CustomerOut(BaseModel):
    id: str
    name: str
    email: str | None
    phone: str | None
    company: str | None
    address: AddressIn | None
    metadata: dict[str, str]
    createdAt: datetime
    updatedAt: datetime


class ItemOut(BaseModel):
    id: str
    productId: str
    description: str
    quantity: Decimal
    unitPrice: Decimal
    total: Decimal


class BudgetOut(BaseModel):
    id: str
    customerId: str
    customerName: str
    status: str
    currency: str
    total: Decimal
    validUntil: datetime
    notes: str | None
    items: list[ItemOut]
    createdAt: datetime
    updatedAt: datetime


def session() -> Iterator[Session]:
    with NewSession() as opened:
        yield opened


Opened = Annotated[Session, Depends(session)]


def caller(opened: Opened, authorization: Annotated[str, Header()]) -> Key:
    digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    key = opened.scalar(select(Key).where(Key.digest == digest))
    if key is None:
        raise HTTPException(401)
    return key


app = FastAPI()


@app.post("/customers", status_code=201)
def create_customer(new: CustomerIn, opened: Opened, key: Annotated[Key, Depends(caller)]) -> CustomerOut:
    customer = Customer(
        merchant_id=key.merchant_id, code=secrets.token_hex(5), name=new.name, email=new.email, phone=new.phone,
        company=new.company, details=new.metadata,
    )
    if new.address is not None:
        sent = new.address
        customer.addresses.append(Address(
            street=sent.line1, city=sent.city, postal_code=sent.postalCode, country=sent.country))
    if new.email is not None:
        customer.users.append(CustomerUser(merchant_id=key.merchant_id, email=new.email))
    opened.add(customer)
    try:
        opened.flush()
    except IntegrityError:
        raise HTTPException(409) from None
    note(opened, key, "customer.created", customer.id, new.model_dump(mode="json"))
    opened.commit()
    return CustomerOut(
        id=f"customer_{customer.id}", name=customer.name, email=customer.email, phone=customer.phone,
        company=customer.company, address=new.address, metadata=customer.details,
        createdAt=customer.created_at, updatedAt=customer.updated_at,
    )


@app.post("/budgets", status_code=201)
def create_budget(new: BudgetIn, opened: Opened, key: Annotated[Key, Depends(caller)]) -> BudgetOut:
    customer = opened.scalar(select(Customer).where(
        Customer.id == new.customerId, Customer.merchant_id == key.merchant_id))
    wanted = {one.productId for one in new.items}
    products = {one.id: one for one in opened.scalars(select(Product).where(
        Product.id.in_(wanted), Product.merchant_id == key.merchant_id))}
    if customer is None or wanted != products.keys():
        raise HTTPException(422)
    items = []
    for position, one in enumerate(new.items):
        product = products[one.productId]
        price = Decimal(product.price) if one.unitPrice is None else one.unitPrice
        total = (one.quantity * price).quantize(CENT, ROUND_HALF_UP)
        items.append(Item(
            product_id=product.id, position=position, description=one.description or product.name,
            quantity=str(one.quantity), unit_price=str(price), total_minor=int(total * 100),
        ))
    budget = Budget(
        merchant_id=key.merchant_id, customer=customer, notes=new.notes, items=items,
        total_minor=sum(one.total_minor for one in items), valid_until=now() + timedelta(days=30),
    )
    opened.add(budget)
    opened.flush()
    note(opened, key, "budget.created", budget.id, new.model_dump(mode="json"))
    opened.commit()
    return BudgetOut(
        id=f"budget_{budget.id}", customerId=f"customer_{customer.id}", customerName=customer.name,
        status=budget.status, currency=budget.currency, total=Decimal(budget.total_minor).scaleb(-2),
        validUntil=budget.valid_until, notes=budget.notes, createdAt=budget.created_at, updatedAt=budget.updated_at,
        items=[
            ItemOut(id=f"item_{one.id}", productId=f"product_{one.product_id}", description=one.description,
                    quantity=Decimal(one.quantity), unitPrice=Decimal(one.unit_price),
                    total=Decimal(one.total_minor).scaleb(-2))
            for one in budget.items
        ],
    )


def note(opened: Session, key: Key, action: str, object_id: int, after: dict[str, Any]) -> None:
    """An entry of the audit trail, and its link in the chain."""
    entry = AuditEntry(
        merchant_id=key.merchant_id, actor=f"api_key_{key.id}", action=action, object_id=object_id, after=after)
    opened.add(entry)
    opened.flush()
    chain = opened.get(AuditChain, key.merchant_id)
    assert chain is not None
    form = json.dumps([entry.id, entry.at.isoformat(), entry.actor, action, object_id, after]).encode()
    chain.length += 1
    chain.digest = hashlib.sha256(f"{chain.digest} {chain.length} ".encode() + form).hexdigest()
    opened.add(AuditLink(entry_id=entry.id, position=chain.length, digest=chain.digest))


def prepare() -> None:
    """Tables, twenty products, a customer, a key."""
    Base.metadata.create_all(engine)
    secret = secrets.token_hex(32)
    with NewSession() as opened:
        opened.add(Key(digest=hashlib.sha256(secret.encode()).hexdigest(), merchant_id=1))
        opened.add(AuditChain(merchant_id=1))
        opened.add(Customer(merchant_id=1, code="first", name="Ada Lovelace", email="ada@example.org"))
        opened.add_all(Product(merchant_id=1, name=f"Product {number}", price=str(number + 1)) for number in range(20))
        opened.commit()
    (FOLDER / "key").write_text(secret)


if __name__ == "__main__":
    prepare()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])
