"""Declares how the lines of a file become products: a line with a known sku changes that product."""

from collections.abc import Mapping

from sqlalchemy import select

from database import db
from domain import texts
from domain.actor import Actor
from domain.catalog.products import RESOURCE
from domain.table_import import Table
from models.product import Product


def find(actor: Actor, cells: Mapping[str, str]) -> int | None:
    """The product of the actor's merchant and world that has the line's sku."""
    if "sku" not in cells:
        return None
    return db.session.scalar(select(Product.id).where(
        Product.merchant_id == actor.merchant_id, Product.test == actor.test, Product.deleted_at.is_(None),
        Product.sku_key == texts.caseless(cells["sku"]),
    ))


TABLE = Table(
    resource=RESOURCE,
    heads={
        "product_name": "name", "title": "name", "unit_price": "price", "amount": "price", "stock_code": "sku",
        "stockcode": "sku", "product_code": "sku", "article_number": "sku", "type": "kind", "product_type": "kind",
    },
    required=("name", "price"),
    find=find,
)
