"""Gateways that are left alone after failures: what waits meanwhile, and how a person ends the pause."""

from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, select

from database import db
from domain import clock, usage
from domain.actor import Actor
from domain.errors import Conflict
from domain.list_parts import Filter, common_filters
from domain.list_search import Of
from domain.listing import Listing
from domain.payments import gateway_accounts
from domain.resource import Action, Resource, Sample
from domain.usage import Use
from models.merchant import Merchant
from models.order import Order, ScheduledPayment
from models.payment import GatewayAccount
from models.payment_method import PaymentMethod

MOST_COUNTED = 1000
NOW = bindparam("now", type_=GatewayAccount.parked_until.type)

LISTING = Listing(
    model=GatewayAccount,
    noun="gateway account",
    columns={
        **{
            name: getattr(GatewayAccount, name) for name in (
                "id", "merchant_id", "test", "gateway", "enabled", "per_minute", "retry_days", "failures_in_row",
                "parked_at", "parked_until", "parked_reason", "created_at", "updated_at", "version",
            )
        },
        "merchant_name": Merchant.name,
    },
    joins=((Merchant, Merchant.id == GatewayAccount.merchant_id),),
    sort={
        "created_at": GatewayAccount.created_at, "parked_until": GatewayAccount.parked_until,
        "parked_at": GatewayAccount.parked_at, "id": GatewayAccount.id,
    },
    filters={
        **common_filters(GatewayAccount),
        "gateway": Filter(str, lambda bound: GatewayAccount.gateway == bound),
    },
    search=(Of(Merchant.search_text, GatewayAccount.merchant_id),),
)
ON_HOLD = replace(LISTING, where=(GatewayAccount.parked_until > NOW,))


def resume(actor: Actor, account: GatewayAccount) -> GatewayAccount:
    """End the pause: what is due is collected again at once. Conflict where there is none."""
    if not gateway_accounts.is_parked(account, clock.now()):
        raise Conflict("The gateway is not on hold.")
    with gateway_accounts.LIFE.changing(actor, account, "resumed"):
        gateway_accounts.answered(account)
    return account


def is_on_hold(actor: Actor, row: Any) -> bool:
    return row.parked_until is not None and row.parked_until > clock.now()


def waiting(row: Any) -> str:
    """How many payments of the account are due and wait, as text; a large number is not counted on."""
    due = (
        select(ScheduledPayment.id)
        .join(Order, Order.id == ScheduledPayment.order_id)
        .join(PaymentMethod, PaymentMethod.id == Order.payment_method_id)
        .where(
            ScheduledPayment.merchant_id == row.merchant_id, ScheduledPayment.test.is_(row.test),
            ScheduledPayment.collect_at <= clock.now(), ScheduledPayment.test_clock_id.is_(None),
            PaymentMethod.gateway == row.gateway,
        )
        .limit(MOST_COUNTED + 1).subquery()
    )
    count = int(db.session.scalar(select(func.count()).select_from(due)) or 0)
    return f"{count:,}" if count <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"


usage.register(Merchant, Use(
    "gateway account", "gateway accounts", lambda row: usage.rows(GatewayAccount, merchant_id=row.id)))

RESOURCE = Resource(
    name="gateway_accounts",
    noun="gateway account",
    listing=LISTING,
    read_scope="READ_MERCHANTS",
    write_scope="WRITE_MERCHANTS",
    actions={
        "resume": Action(
            run=resume, title="Resume now", past="{} collects again.", icon="player-play", offered=is_on_hold,
        ),
    },
    sample=Sample(
        sent={},
        read_only={
            "merchant_id": 1, "gateway": "stripe", "enabled": True, "per_minute": 600, "retry_days": "1,3,5,7",
            "failures_in_row": 0, "parked_at": None, "parked_until": None, "parked_reason": None,
        },
    ),
)
