"""Finds whom to write to about a merchant: its address, or its admins."""

from sqlalchemy import or_, select

from database import db
from models.merchant import Merchant
from models.user import Membership, Role, User


def admins_of(merchant_id: int | None) -> list[str]:
    """The addresses of the active admins of a merchant, or of the installation."""
    member = select(Membership.user_id).where(Membership.merchant_id == merchant_id)
    statement = select(User.email).where(
        User.active.is_(True), User.deleted_at.is_(None), User.role == Role.ADMIN,
        or_(User.id.in_(member), User.all_merchants.is_(True)),
    )
    return list(db.session.scalars(statement.order_by(User.id)))


def readers_of(merchant: Merchant) -> list[str]:
    """Who reads mails to the merchant: the profile's own address, without one its admins."""
    return [merchant.email] if merchant.email else admins_of(merchant.id)
