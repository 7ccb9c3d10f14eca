"""The mails that are sent in a merchant's name: a switch for each kind, a preview of each, and a sample to oneself."""

from collections.abc import Iterator
from typing import Any

from flask import Response, abort, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.admin.people.merchants import PAGE
from blueprints.pages.headers import POLICY
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, private, wide_actor
from blueprints.pay.mails import composing
from blueprints.services import public_url, sends_mail
from database import transaction
from domain.actor import Actor
from domain.people import merchant_mails, merchants
from domain.people.merchant_mails import KINDS, Kind
from models.merchant import Merchant

# A mail has inline styles. Nothing else may load or run in it, and only our own page shows it in a frame.
INSIDE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
AROUND = f"{POLICY}; frame-src 'self'"
PART = "mails"


def register(bp: Any) -> None:
    """Register the tab and the addresses."""
    tabs.add(20, provide)
    read, write = need(merchants.RESOURCE.read_scope), need(merchants.RESOURCE.write_scope)
    place = f"{PAGE.path}/<int:key>/mails/<name>"
    bp.add_url_rule(place, "merchant_mail", read(show), methods=["GET"])
    bp.add_url_rule(f"{place}/mail.html", "merchant_mail_html", read(show_html), methods=["GET"])
    bp.add_url_rule(f"{place}/switch", "merchant_mail_switch", write(switch), methods=["POST"])
    bp.add_url_rule(f"{place}/send", "merchant_mail_send", write(send), methods=["POST"])


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The tab of a merchant profile."""
    if here is PAGE:
        yield Tab(
            name=PART, title="Mails", template="admin/_merchant_mails.html",
            context=lambda: {"groups": groups(), "is_on": merchant_mails.is_on, "sends": sends_mail()},
        )


def groups() -> list[tuple[str, list[Kind]]]:
    """The kinds by who gets them."""
    return [
        (title, [one for one in KINDS.values() if one.to_merchant is to_merchant])
        for title, to_merchant in (("To customers", False), ("To you", True))
    ]


def found(key: int, name: str) -> Merchant:
    """The merchant; 404 also where there is no such mail."""
    merchant: Merchant = merchants.LISTING.get(wide_actor(), key)
    if name not in KINDS:
        abort(404)
    return merchant


def show(key: int, name: str) -> Response:
    """What a mail says, as text and as HTML."""
    merchant = found(key, name)
    response = make_response(render_template(
        "admin/merchant_mail.html", here=PAGE, record=merchant, kind=KINDS[name],
        is_on=merchant_mails.is_on(merchant, name), mail=composing.sample(name, merchant.id, public_url()),
        sends=sends_mail(),
    ))
    response.headers["Content-Security-Policy"] = AROUND
    return response


def show_html(key: int, name: str) -> Response:
    """The HTML part, in which nothing can be pressed."""
    merchant = found(key, name)
    response = private(make_response(composing.sample(name, merchant.id, public_url(), has_links=False).page))
    response.headers["Content-Security-Policy"] = INSIDE
    return response


def switch(key: int, name: str) -> BaseResponse:
    """Switch a kind on or off; a toast offers to undo it."""
    found(key, name)
    on = request.values.get("on") == "yes"
    with transaction():
        own, merchant = merchants.LISTING.lock(wide_actor(), key)
        merchants.switch_mail(own, merchant, name, on=on)
    undo = url_for("admin.merchant_mail_switch", key=key, name=name, on="no" if on else "yes")
    flash(f"“{KINDS[name].title}” is {'sent' if on else 'no longer sent'}.", undo)
    return redirect_to(PAGE.url("show", key=key, tab=PART))


def send(key: int, name: str) -> BaseResponse:
    """Send a sample to the user who asks."""
    merchant = found(key, name)
    if not sends_mail():
        flash("No mail server is set up: see COUNTINGHOUSE_SMTP_URL.", "bad")
    else:
        with transaction():
            to = merchant_mails.put_sample(wide_actor(), merchant, name)
        flash(f"A sample is on its way to {to}.", "ok")
    return redirect_to(url_for("admin.merchant_mail", key=key, name=name))
