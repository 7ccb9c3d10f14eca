"""Keeps the logos of merchants: one in use, those of before for thirty days, so that a change can be undone."""

import base64
import binascii
import hashlib
import re
from datetime import timedelta

from sqlalchemy import delete, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.people import logo_files
from domain.people.logo_files import MOST_BYTES, NoPicture
from domain.people.merchants import LIFE
from models.logo import Logo
from models.merchant import Merchant

KEPT = timedelta(days=30)
DIGEST = re.compile(r"[0-9a-f]{64}")


def put(actor: Actor, merchant: Merchant, raw: bytes) -> Logo:
    """Show a picture as the merchant's logo from now on; raises Invalid for a file that cannot be used."""
    try:
        picture = logo_files.read(raw)
    except NoPicture as problem:
        raise Invalid.field("image", str(problem), "invalid") from None
    digest = hashlib.sha256(picture.body).hexdigest()
    logo = _find(merchant, digest)
    if logo is None:
        logo = Logo(
            merchant_id=merchant.id, digest=digest, mime_type=picture.mime_type, width=picture.width,
            height=picture.height, body=picture.body, created_at=clock.now(),
        )
        db.session.add(logo)
    _use(actor, merchant, logo)
    return logo


def put_text(actor: Actor, merchant: Merchant, text: str) -> Logo:
    """As `put`, of a file in base64."""
    if len(text) > MOST_BYTES * 4 // 3 + 4:
        raise Invalid.field("image", f"is larger than {MOST_BYTES // 1024} kB", "invalid")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid.field("image", "must be base64", "invalid") from None
    return put(actor, merchant, raw)


def remove(actor: Actor, merchant: Merchant) -> None:
    """Show the merchant's initials again."""
    if merchant.logo_digest is not None:
        _use(actor, merchant, None)


def put_back(actor: Actor, merchant: Merchant, digest: str | None) -> None:
    """Undo a change: show the logo of before; Conflict where it is not kept any more."""
    logo = _find(merchant, digest) if digest else None
    if digest and logo is None:
        raise Conflict("That logo is not kept any more.")
    _use(actor, merchant, logo)


def _use(actor: Actor, merchant: Merchant, logo: Logo | None) -> None:
    before, digest = merchant.logo_digest, logo.digest if logo is not None else None
    if logo is not None:
        logo.used_until = None
    if before == digest:
        return
    old = _find(merchant, before) if before else None
    if old is not None:
        old.used_until = clock.now()
    with LIFE.changing(actor, merchant):
        merchant.logo_digest = digest


def _find(merchant: Merchant, digest: str | None) -> Logo | None:
    statement = select(Logo).where(Logo.merchant_id == merchant.id, Logo.digest == digest)
    return db.session.scalar(statement)


def shown(digest: str) -> Logo | None:
    """A logo that some merchant uses, by its digest: anybody may see it."""
    statement = select(Logo).where(Logo.digest == digest, Logo.used_until.is_(None)).order_by(Logo.id).limit(1)
    return db.session.scalar(statement)


def size_of(merchant: Merchant) -> tuple[int, int] | None:
    """Width and height of the merchant's logo, without reading its bytes; None where there is none."""
    if merchant.logo_digest is None:
        return None
    statement = select(Logo.width, Logo.height).where(
        Logo.merchant_id == merchant.id, Logo.digest == merchant.logo_digest)
    found = db.session.execute(statement).first()
    return (found[0], found[1]) if found is not None else None


def of_merchant(merchant: Merchant) -> Logo | None:
    """The logo that the merchant uses."""
    return _find(merchant, merchant.logo_digest) if merchant.logo_digest else None


def forget_old(limit: int = 500) -> int:
    """Delete logos that are not in use for thirty days; returns how many."""
    keys = db.session.scalars(
        select(Logo.id).where(Logo.used_until < clock.now() - KEPT).order_by(Logo.id).limit(limit)
    ).all()
    if keys:
        db.session.execute(delete(Logo).where(Logo.id.in_(keys)))
    return len(keys)
