"""The logo of a merchant profile: how customers see it, a new file, and removing it, each with undo."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from flask import flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.admin.people.merchants import PAGE
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from blueprints.pay.brand import seller
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.people import logos, merchants
from domain.people.logo_files import MOST_BYTES, MOST_SIDE

PART = "logo"


def register(bp: Any) -> None:
    """Register the tab and the addresses."""
    tabs.add(19, provide)
    write = need(merchants.RESOURCE.write_scope)
    place = f"{PAGE.path}/<int:key>/logo"
    bp.add_url_rule(place, "merchant_logo", write(upload), methods=["POST"])
    bp.add_url_rule(f"{place}/remove", "merchant_logo_remove", write(remove), methods=["POST"])
    bp.add_url_rule(f"{place}/undo", "merchant_logo_undo", write(undo), methods=["POST"])


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The tab of a merchant profile."""
    if here is PAGE:
        yield Tab(
            name=PART, title="Logo", template="admin/_merchant_logo.html",
            context=lambda: {"seller": seller(record.id), "most_kb": MOST_BYTES // 1024, "most_side": MOST_SIDE},
        )


def upload(key: int) -> BaseResponse:
    """Show the picture in a file as the logo; a file that cannot be used changes nothing."""
    merchants.LISTING.get(wide_actor(), key)
    file = request.files.get("image")
    if file is None or not file.filename:
        flash("Choose a file.", "bad")
        return back(key)
    with closing(file):
        raw = file.read(MOST_BYTES + 1)
    try:
        with transaction():
            own, merchant = merchants.LISTING.lock(wide_actor(), key)
            before = merchant.logo_digest
            logos.put(own, merchant, raw)
    except Invalid as error:
        flash(f"The file {error.fields['image'].text}.", "bad")
        return back(key)
    flash("The logo was changed.", undo_url(key, before))
    return back(key)


def remove(key: int) -> BaseResponse:
    """Show the initials again."""
    with transaction():
        own, merchant = merchants.LISTING.lock(wide_actor(), key)
        before = merchant.logo_digest
        logos.remove(own, merchant)
    flash("The logo was removed.", undo_url(key, before))
    return back(key)


def undo(key: int) -> BaseResponse:
    """Show the logo of before."""
    try:
        with transaction():
            own, merchant = merchants.LISTING.lock(wide_actor(), key)
            logos.put_back(own, merchant, request.values.get("was") or None)
    except Conflict as error:
        flash(error.message, "bad")
        return back(key)
    flash("The logo is as it was before.", "ok")
    return back(key)


def undo_url(key: int, before: str | None) -> str:
    return url_for("admin.merchant_logo_undo", key=key, was=before or "")


def back(key: int) -> BaseResponse:
    return redirect_to(PAGE.url("show", key=key, tab=PART))
