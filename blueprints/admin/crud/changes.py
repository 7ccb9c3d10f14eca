"""Shows the changed values of an audit entry as text: money, times, choices and names instead of stored values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from blueprints.admin.crud.form_fields import Field
from blueprints.admin.crud.listing import ListPage
from blueprints.pages import navigation
from blueprints.pages.format import MOMENT, decimals, money, price, when, words
from domain.actor import Actor
from domain.permissions import scope_title
from models.audit import AuditEntry

Text = Markup | str
LONGEST = 120                       # characters of a value
UNITS = ("_minor", "_micro", "_ten_thousandths")
SCOPE = ("READ_", "WRITE_")


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a row, before and after; None for no value."""

    label: str
    before: Text | None
    after: Text | None


def of(entry: AuditEntry, here: ListPage | None, row: Any, actor: Actor) -> tuple[Change, ...]:
    """The changes of an entry, in the order of the form."""
    before, after = entry.before or {}, entry.after or {}
    fields = {one.name: one for section in here.sections for one in section.fields} if here is not None else {}
    order = {name: place for place, name in enumerate(fields)}
    names = sorted(before.keys() | after.keys(), key=lambda name: (order.get(_plain(name), len(order)), name))
    shown = _Shown(fields, _currency(row, before, after), actor)
    return tuple(
        Change(shown.label(name), shown.value(name, before.get(name)), shown.value(name, after.get(name)))
        for name in names if name != "currency" or before.get(name) or len(names) == 1
    )


def _plain(name: str) -> str:
    """The column's name without its unit: price_micro is price."""
    return next((name.removesuffix(unit) for unit in UNITS if name.endswith(unit)), name)


def _currency(row: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The currency of the row's amounts; empty if nothing says it."""
    known = (after.get("currency"), getattr(row, "currency", None), getattr(row, "billing_currency", None),
             before.get("currency"))
    return next((one for one in known if one), "")


@dataclass(frozen=True, slots=True)
class _Shown:
    """Shows the values of one entry."""

    fields: Mapping[str, Field]
    currency: str
    actor: Actor

    def label(self, name: str) -> str:
        """The field's title within a sentence: price, e-mail, SKU."""
        field = self.fields.get(_plain(name))
        title = field.title if field is not None and field.kind != "check" else words(_plain(name))
        return title if title[:2].isupper() else title[:1].lower() + title[1:]

    def value(self, name: str, value: Any) -> Text | None:
        """A stored value as text; None for no value."""
        shown: Text | None = None
        if value in (None, "", [], {}):
            return shown
        match value:
            case bool():
                shown = "yes" if value else "no"
            case int():
                shown = self._number(name, value)
            case list():
                shown = self._list(name, value)
            case dict():
                shown = _cut(", ".join(f"{key}={one}" for key, one in value.items()))
            case _:
                shown = self._text(name, str(value))
        return shown

    def _number(self, name: str, value: int) -> Text:
        if name.endswith("_micro"):
            return price(value, self.currency)
        if name.endswith("_minor") and self.currency:
            return money(value, self.currency)
        if name.endswith("_ten_thousandths"):
            return decimals(value)
        if name.endswith("_id"):
            return self._chosen(name, str(value)) or self._row(name.removesuffix("_id"), value)
        return f"{value:,}"

    def _text(self, name: str, value: str) -> Text:
        if MOMENT.fullmatch(value):
            return when(datetime.fromisoformat(value))
        if len(value) == len("2026-01-31") and value[4] == value[7] == "-":
            try:
                return date.fromisoformat(value).strftime("%-d %b %Y")
            except ValueError:
                pass
        return self._chosen(name, value) or _cut(value)

    def _list(self, name: str, values: list[Any]) -> Text:
        if any(isinstance(one, Mapping) for one in values):
            return f"{len(values):,}"
        noun = name.removesuffix("_ids")
        if noun != name:
            return _cut(", ".join(self._row(noun, one) for one in values))
        return _cut(", ".join(scope_title(one) if str(one).startswith(SCOPE) else str(one) for one in values))

    def _chosen(self, name: str, value: str) -> str:
        """The title of a choice of the form; empty if it is not one."""
        field = self.fields.get(name)
        return dict(field.options(self.actor)).get(value, "") if field is not None and field.choices else ""

    def _row(self, noun: str, key: Any) -> str:
        """The name of a row that a field names."""
        page = navigation.row_page(noun, self.actor) if isinstance(key, int) else None
        return (page.name(self.actor, key) if page is not None else None) or str(key)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
