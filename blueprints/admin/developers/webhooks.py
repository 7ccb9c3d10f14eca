"""Pages of webhook endpoints: URL, events, signing secret, deliveries."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response, flash, make_response, render_template
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import cells
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage, show_list
from blueprints.admin.developers import deliveries
from blueprints.api.rate_limits import rate_limits
from blueprints.auth.proof import proven
from blueprints.pages.htmx import is_partial, redirect_to
from blueprints.pages.session import actor, need, private, wide_actor
from blueprints.portal.receivers import programs
from blueprints.services import services
from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.integrations import deliveries as sent
from domain.integrations import events, webhooks
from domain.listing import expect
from models.outbox import Task
from models.webhook import Delivery, Endpoint, EndpointStatus

TONES = {"active": "ok", "paused": "warn", "disabled": "bad"}
WHAT_TO_DO = (
    "Fix the receiver, send a test event to check that it responds with 2xx, then resume: held events are "
    "then sent in order."
)


def values(row: Endpoint) -> dict[str, Any]:
    """An endpoint's values for the form, without the secret."""
    return {"url": row.url, "description": row.description, "events": row.events}


def context(record: Any) -> dict[str, Any]:
    """The chart of deliveries and what waits, for the endpoint's page."""
    who = wide_actor()
    return {
        "chart": deliveries.chart(who, record.id),
        "what_to_do": WHAT_TO_DO, "now": clock.now(), "waiting": sent.waiting(record.id),
    }


def create(who: Actor, new: webhooks.EndpointInput) -> Endpoint:
    """Create an endpoint, whose secret can be shown at any time."""
    return webhooks.create(who, new)[0]


PAGE = ListPage(
    resource=replace(webhooks.RESOURCE, create=create),
    title="Webhooks",
    group="Developers",
    position=220,
    keys="w",
    icon="webhook",
    about="Endpoints that receive signed events when something changes.",
    columns=(
        Column(name="url", title="Endpoint", kind="link", sort="url"),
        Column(name="status", kind="tag"),
        Column(name="events", shown=lambda row: ", ".join(row.events) or "All"),
        Column(name="failures_in_row", title="Failures in a row", kind="number"),
        Column(name="created_at", title="Since", kind="day", sort="created_at"),
    ),
    list_filters=(ListFilter(name="status", choices=pairs(EndpointStatus), read=EndpointStatus),),
    sections=(
        Section("Where", (
            Field(name="url", label="Address", kind="url", required=True, wide=True,
                  hint="HTTPS, reachable from this server. Private addresses must be allowed by the operator."),
            Field(name="description", wide=True, hint="For your own reference."),
        )),
    ),
    values=values,
    tones=TONES,
    name=lambda row: short(row.url),
    form="admin/webhook_form.html",
    show="admin/webhook.html",
    details="admin/_webhook.html",
    named_by="endpoint_id",
    trail_name="webhook",
    context=context,
    choices=lambda who: {"all_events": events.EVENTS},
    listed=lambda: show_endpoints(),
    guarded=True,
)


def register(bp: Any) -> None:
    """Register the URLs that only endpoints have."""
    read, write = need("READ_KEYS"), need("WRITE_KEYS")
    bp.add_url_rule("/webhooks/receivers", "webhooks_receivers", read(receivers), methods=["GET"])
    bp.add_url_rule("/webhooks/<int:key>/secret", "webhooks_secret", write(proven(reveal)), methods=["POST"])
    bp.add_url_rule("/webhooks/<int:key>/rotate", "webhooks_ask_rotate", write(ask_rotate), methods=["GET"])
    bp.add_url_rule("/webhooks/<int:key>/rotate", "webhooks_rotate", write(proven(rotate)), methods=["POST"])
    bp.add_url_rule("/webhooks/<int:key>/test", "webhooks_test", write(send_test), methods=["POST"])


def short(url: str) -> str:
    """A URL without its scheme, shortened for messages."""
    plain = url.partition("://")[2] or url
    return plain if len(plain) <= 60 else plain[:59] + "…"


def show_endpoints() -> Response:
    """The endpoints with their last delivery, and the chart of all."""
    return show_list(
        PAGE, "admin/webhooks.html", "admin/_webhooks.html", last=last_of, event_count=len(events.EVENTS),
        chart=deliveries.chart(actor()), disabled=disabled(actor()), now=clock.now(), what_to_do=WHAT_TO_DO,
        tones=deliveries.TONES,
    )


def disabled(who: Actor) -> int:
    """The number of endpoints that the program has disabled."""
    return webhooks.disabled_count(who)


def last_of(keys: Sequence[int]) -> dict[int, Any]:
    """The last delivery of each endpoint: id, created_at, status."""
    newest = select(func.max(Delivery.id)).where(Delivery.endpoint_id.in_(keys)).group_by(Delivery.endpoint_id)
    rows = db.session.execute(
        select(Delivery.endpoint_id, Delivery.id, Delivery.created_at, Task.status)
        .outerjoin(Task, Task.id == Delivery.task_id).where(Delivery.id.in_(newest))
    )
    return {row.endpoint_id: row for row in rows}


# The secret ---------------------------------------------------------------------------------------


def reveal(key: int) -> Response:
    """Show the secret, noted in the audit trail, not cached."""
    who = wide_actor()
    with transaction():
        own, endpoint = webhooks.LISTING.lock(who, key)
        secret = webhooks.reveal(own, endpoint)
    return shown(key, secret, title="Signing secret", until=None)


def shown(key: int, secret: str, *, title: str, until: Any, status: int = 200) -> Response:
    """The secret as a part of the endpoint's page, or as a page of its own."""
    record = webhooks.LISTING.read(wide_actor(), key)
    template = "admin/_webhook_secret.html" if is_partial() else "admin/webhook_secret.html"
    page = render_template(template, here=PAGE, record=record, secret=secret, heading=title, until=until)
    return private(make_response(page, status))


def ask_rotate(key: int) -> Response:
    """Ask for confirmation, with the effects of a new secret on the receiver."""
    record = webhooks.LISTING.read(wide_actor(), key)
    return ask(Confirmation(
        title="Rotate the signing secret?",
        text="A new secret signs from now on. Give it to the receiver within 24 hours.",
        action=PAGE.url("rotate", key=key), back=PAGE.url("show", key=key), button="Rotate secret",
        facts=(
            "For 24 hours the old secret also signs: webhook-signature carries both signatures, and "
            "X-Billoget-Signature-Previous the old one.",
            "After that, only the new secret signs.",
        ),
        version=record.version,
    ))


def rotate(key: int) -> Response:
    """Rotate the secret and show the new one."""
    who = wide_actor()
    with transaction():
        own, endpoint = webhooks.LISTING.lock(who, key)
        expect(endpoint, cells.seen_version())
        secret = webhooks.rotate(own, endpoint)
        until = endpoint.previous_until
    return shown(key, secret, title="The new signing secret", until=until)


# Test events -------------------------------------------------------------------------------------------


def send_test(key: int) -> BaseResponse:
    """Send a test event, wait at most ten seconds, and show the attempt."""
    who = wide_actor()
    merchant_id = webhooks.LISTING.read(who, key).merchant_id
    rate_limits.spend(webhooks.TESTS_PER_MINUTE, "minute", webhooks.TEST_OPERATION, str(merchant_id))
    probe = services().probe_endpoint(who, key)
    if probe.delivered:
        flash(f"The receiver responded with {probe.status_code}.", "ok")
    else:
        reason = probe.error or f"the receiver responded with {probe.status_code}"
        flash(f"The test event failed: {reason}", "bad")
    return redirect_to(deliveries.PAGE.url("show", key=probe.delivery_id))


# Receivers ------------------------------------------------------------------------------------------


def receivers() -> str:
    """Show complete receivers that verify signatures, from docs/receivers."""
    return render_template("admin/webhook_receivers.html", here=PAGE, programs=programs())
