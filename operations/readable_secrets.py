"""Checks that the installation's secret decrypts stored values; after a restore it may be another one."""

from sqlalchemy import select

from database import db
from domain.vault import vault
from models.budget_link import BudgetLink
from models.credential import Credential
from models.customer_user import CustomerUser
from models.order import Order
from models.payment import GatewayAccount
from models.user import User
from models.webhook import Endpoint

MOST = 200                                           # of each kind, newest first
KEPT = tuple(
    select(column).where(column.is_not(None), *living).order_by(table.id.desc()).limit(MOST)
    for table, column, living in (
        (Credential, Credential.ciphertext, (Credential.revoked_at.is_(None), Credential.deleted_at.is_(None))),
        (Credential, Credential.webhook_secret, (Credential.revoked_at.is_(None), Credential.deleted_at.is_(None))),
        (Endpoint, Endpoint.secret, (Endpoint.deleted_at.is_(None),)),
        (BudgetLink, BudgetLink.token, ()),
        (Order, Order.link_token, ()),
        (GatewayAccount, GatewayAccount.settings, ()),
        (CustomerUser, CustomerUser.totp_secret, (CustomerUser.deleted_at.is_(None),)),
        (User, User.totp_secret, (User.deleted_at.is_(None),)),
    )
)


def count() -> tuple[int, int]:
    """How many stored values the secret decrypts, and how many there are."""
    kept = [value for statement in KEPT for value in db.session.scalars(statement) if value is not None]
    return sum(vault.decrypt(value) is not None for value in kept), len(kept)
