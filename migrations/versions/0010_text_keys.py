"""Texts have keys: for sorting and searching without case and accents, and for telling addresses and skus apart.

Where two rows of one merchant have an e-mail address or a sku that now counts as the same, the older row
keeps it; the younger keeps its text but has no key, and is named in the output. A user's key must be
there, so it becomes one that no address has.

Revision ID: 0010
Revises: 0009
"""

import unicodedata
from collections.abc import Callable, Iterator

import click
import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")
LONGEST, CHUNK = 255, 2000
BYTES = sa.String(LONGEST).with_variant(sa.String(LONGEST, collation="C"), "postgresql")
KEYS = {
    "budgets": {"search_text": ("notes",)},
    "budget_items": {"search_text": ("description",)},
    "credentials": {"name_sort": ("name",), "search_text": ("name", "prefix", "description")},
    "currencies": {"name_sort": ("name",), "search_text": ("code", "name")},
    "customers": {
        "name_sort": ("name",), "email_sort": ("email",), "search_text": ("name", "email", "organisation"),
    },
    "merchants": {"name_sort": ("name",), "search_text": ("name", "legal_name")},
    "price_rules": {"name_sort": ("name",)},
    "product_groups": {"name_sort": ("name",)},
    "products": {"name_sort": ("name",), "sku_sort": ("sku",), "search_text": ("name", "description", "sku")},
    "users": {"name_sort": ("name",), "email_sort": ("email",), "search_text": ("email", "name")},
    "webhook_endpoints": {"url_sort": ("url",), "search_text": ("url", "description")},
}
BEFORE = (
    ("ix_customers_merchant_id_name_id_status", "customers", ("merchant_id", "name", "id", "status"), LIVING),
    ("ix_customers_name_id_status_merchant_id", "customers", ("name", "id", "status", "merchant_id"), LIVING),
    ("ix_customers_email_id_status_merchant_id", "customers", ("email", "id", "status", "merchant_id"), LIVING),
    ("ix_products_merchant_id_name", "products", ("merchant_id", "name"), None),
)
AFTER = (
    ("ix_customers_merchant_id_name_sort_id_status", "customers", ("merchant_id", "name_sort", "id", "status"), LIVING),
    ("ix_customers_name_sort_id_status_merchant_id", "customers", ("name_sort", "id", "status", "merchant_id"), LIVING),
    ("ix_customers_merchant_id_email_sort_id_status", "customers", ("merchant_id", "email_sort", "id", "status"),
     LIVING),
    ("ix_customers_email_sort_id_status_merchant_id", "customers", ("email_sort", "id", "status", "merchant_id"),
     LIVING),
    ("ix_products_merchant_id_name_sort", "products", ("merchant_id", "name_sort", "id"), LIVING),
)


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("products", sa.Column("sku_key", sa.String(LONGEST), nullable=True))
    for table, columns in KEYS.items():
        for name in columns:
            op.add_column(table, sa.Column(name, sa.Text() if name == "search_text" else BYTES, nullable=True))
        fill(table, columns)
    for name, table, _, _ in BEFORE:
        op.drop_index(name, table_name=table)
    op.drop_index("uq_products_merchant_id_sku", table_name="products")
    op.drop_index("uq_customers_merchant_id_email_key", table_name="customers")     # keys move from row to row
    compare_anew("customers", "email", "email_key", email_key)
    compare_anew("products", "sku", "sku_key", caseless)
    compare_users_anew()
    unique("uq_customers_merchant_id_email_key", "customers", "email_key")
    unique("uq_products_merchant_id_sku_key", "products", "sku_key")
    for name, table, columns, only in AFTER:
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for name, table, _, _ in AFTER:
        op.drop_index(name, table_name=table)
    op.drop_index("uq_products_merchant_id_sku_key", table_name="products")
    op.drop_column("products", "sku_key")
    for table, columns in KEYS.items():
        for name in columns:
            op.drop_column(table, name)
    unique("uq_products_merchant_id_sku", "products", "sku")
    for name, table, columns, only in BEFORE:
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def unique(name: str, table: str, column: str) -> None:
    op.create_index(
        name, table, ["merchant_id", column], unique=True, sqlite_where=LIVING, postgresql_where=LIVING
    )


def chunks(table: str, columns: set[str]) -> Iterator[list[sa.Row]]:
    """All rows, by their ids, some at a time."""
    source = sa.table(table, sa.column("id"), *map(sa.column, sorted(columns)))
    last = 0
    while True:
        rows = op.get_bind().execute(
            sa.select(source).where(source.c.id > last).order_by(source.c.id).limit(CHUNK)
        ).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def write(table: str, names: list[str], values: list[dict]) -> None:
    """Set columns of rows; each of the values names its `row`."""
    target = sa.table(table, sa.column("id"), *map(sa.column, names))
    statement = sa.update(target).where(target.c.id == sa.bindparam("row"))
    op.get_bind().execute(statement.values({name: sa.bindparam(name + "_") for name in names}), values)


def fill(table: str, keys: dict[str, tuple[str, ...]]) -> None:
    """The keys of the rows that are there."""
    for rows in chunks(table, {source for sources in keys.values() for source in sources}):
        write(table, list(keys), [
            {"row": row.id} | {
                f"{name}_": folded([getattr(row, source) for source in sources], name) for name, sources in keys.items()
            }
            for row in rows
        ])


def folded(texts: list[str | None], name: str) -> str | None:
    parts = "\n".join(one for text in texts if text and (one := fold(text)))
    return (parts if name == "search_text" else parts[:LONGEST]) or None


def compare_anew(table: str, text: str, key: str, key_of: Callable[[str], str]) -> None:
    """The keys by which rows of one merchant must differ; the older row has the first claim."""
    taken: set[tuple[int, str]] = set()
    for rows in chunks(table, {"merchant_id", "deleted_at", text, key}):
        changed = []
        for row in rows:
            found = key_of(getattr(row, text)) if getattr(row, text) else None
            if found is not None and row.deleted_at is None:
                if (row.merchant_id, found) in taken:
                    found = None
                    tell(f"{table} {row.id}", f"the {text} of another row of merchant {row.merchant_id}")
                else:
                    taken.add((row.merchant_id, found))
            if found != getattr(row, key):
                changed.append({"row": row.id, f"{key}_": found})
        if changed:
            write(table, [key], changed)


def compare_users_anew() -> None:
    """Keys of users; those of deleted ones begin with their id and stay as they are."""
    taken: set[str] = set()
    changed = []
    for row in (row for rows in chunks("users", {"email", "email_key", "deleted_at"}) for row in rows):
        if row.deleted_at is not None:
            continue
        found = email_key(row.email)
        if found in taken:
            found = f"{row.id}:{found}"[:254]
            tell(f"users {row.id}", "the e-mail address of another user, who alone can sign in with it")
        taken.add(found)
        if found != row.email_key:
            changed.append({"row": row.id, "email_key_": found})
    if changed:                            # a key must be free before another row takes it
        write("users", ["email_key"], [{**one, "email_key_": f"{one['row']}::moving"} for one in changed])
        write("users", ["email_key"], changed)


def tell(row: str, what: str) -> None:
    click.echo(f"{row} has {what}. It keeps it as it is written; change it when you can.", err=True)


# How texts are folded and compared: as database/searching.py and domain/texts.py did when this was written.

LETTERS = str.maketrans({
    "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
})


def fold(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().split())
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(char for char in apart if not is_lost(char)).translate(LETTERS)
    return " ".join(unicodedata.normalize("NFC", letters).split())


def is_lost(char: str) -> bool:
    kind = unicodedata.combining(char)
    return (kind != 0 and kind not in (7, 8, 9)) or unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


def caseless(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def email_key(address: str) -> str:
    account, at, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.lower() if domain.isascii() else domain.encode("idna").decode().lower()
    except UnicodeError:
        return caseless(address.strip())[:254]
    return (caseless(account) + at + ascii_domain)[:254]
