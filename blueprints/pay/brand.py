"""Shows who a page is from: the merchant's name, contact and colour."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Response, abort, g, url_for

from database import db
from domain import zones
from domain.people import brand, logos
from models.merchant import Merchant

A_YEAR = 31_536_000
LOGO_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class SellersLogo:
    """A logo as pages show it."""

    digest: str
    width: int
    height: int

    @property
    def url(self) -> str:
        return url_for("pay.logo", digest=self.digest)


@dataclass(frozen=True, slots=True)
class Seller:
    """A merchant as customers see it."""

    name: str
    legal_name: str
    address: str
    tax_number: str | None
    email: str | None
    phone: str | None
    website: str | None
    footer: str | None
    colour: str
    logo: SellersLogo | None = None

    @property
    def initials(self) -> str:
        """The first letters of the first two words, in place of a logo."""
        words = [word for word in self.name.split() if word[0].isalnum()] or [self.name]
        return "".join(word[0] for word in words[:2]).upper()

    @property
    def sheet(self) -> str:
        """The URL of the stylesheet of its colour."""
        return sheet_url(self.colour)


def seller(merchant_id: int) -> Seller:
    """The merchant; from here on the page's times are in its zone."""
    g.zone = zones.of_merchant(merchant_id)
    row = db.session.get_one(Merchant, merchant_id)
    town = " ".join(filter(None, (row.postal_code, row.city)))
    return Seller(
        name=row.name, legal_name=row.legal_name or row.name,
        address=", ".join(filter(None, (row.street, town, row.state, row.country))), tax_number=row.tax_number,
        email=row.email, phone=row.phone, website=row.website, footer=row.document_footer,
        colour=row.brand_colour or brand.USUAL, logo=_logo(row),
    )


def _logo(row: Merchant) -> SellersLogo | None:
    found = logos.size_of(row)
    return SellersLogo(row.logo_digest or "", *found) if found is not None else None


def register(bp: Any) -> None:
    """Register the addresses: of a colour and of a picture, not of a merchant, so that they name nobody."""
    bp.add_url_rule("/brand/<colour>.css", "sheet", show_sheet, methods=["GET"])
    bp.add_url_rule("/logo/<digest>", "logo", show_logo, methods=["GET"])
    bp.add_app_template_global(lambda: sheet_url(brand.USUAL), "usual_sheet")


def show_sheet(colour: str) -> Response:
    """The stylesheet of a colour, six hexadecimal digits."""
    if not brand.COLOUR.fullmatch(f"#{colour}"):
        abort(404)
    response = Response(brand.sheet(f"#{colour}"), mimetype="text/css")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


def show_logo(digest: str) -> Response:
    """A logo that is in use, by the digest of its bytes: what has this address never changes."""
    found = logos.shown(digest) if logos.DIGEST.fullmatch(digest) else None
    if found is None:
        abort(404)
    response = Response(found.body, mimetype=found.mime_type)
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    response.headers["Content-Security-Policy"] = LOGO_POLICY
    return response


def sheet_url(colour: str) -> str:
    return url_for("pay.sheet", colour=colour.removeprefix("#"), v=_fingerprint(colour))


@lru_cache(256)
def _fingerprint(colour: str) -> str:
    return hashlib.sha256(brand.sheet(colour).encode()).hexdigest()[:10]
