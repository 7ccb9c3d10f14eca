"""Shows a mail to a customer as it is sent, or would be: mails about rows of the test world are kept here only."""

from typing import Any

from flask import Response, make_response, render_template

from blueprints.admin.system.outbox import PAGE
from blueprints.pages.session import need, private, wide_actor
from blueprints.pay.mails import composing
from blueprints.pay.mails.composing import CustomerMail
from blueprints.services import public_url
from domain.errors import NotFound
from domain.outbox import tasks

# Mails have inline styles. Nothing else may load or run in them.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"


def register(bp: Any) -> None:
    """Register the addresses."""
    read = need("READ_ORDERS")
    bp.add_url_rule("/outbox/<int:key>/mail", "mail_preview", read(show), methods=["GET"])
    bp.add_url_rule("/outbox/<int:key>/mail.html", "mail_preview_html", read(show_html), methods=["GET"])


def written(key: int) -> CustomerMail:
    """The mail of a task; NotFound where it is none, or is not sent any more."""
    task = tasks.LISTING.get(wide_actor(), key)
    mail = None
    if "mail" in task.payload:
        mail = composing.compose(task.payload, task.merchant_id, public_url(), hides_secrets=not task.test)
    if mail is None:
        raise NotFound("mail", key)
    return mail


def show(key: int) -> Response:
    """Recipient, subject and text, with a link to the HTML."""
    return private(make_response(render_template("admin/mail.html", mail=written(key), key=key, here=PAGE)))


def show_html(key: int) -> Response:
    """The HTML part."""
    response = private(make_response(written(key).page))
    response.headers["Content-Security-Policy"] = POLICY
    return response
