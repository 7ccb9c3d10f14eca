"""A customer's services and domain names: what they cost, what is next, their invoices, and ending one."""

from typing import Any

from flask import make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import login
from blueprints.client.listed import page_of
from blueprints.client.own_service import back_to, order_of
from blueprints.pay import managing
from database import transaction
from domain.errors import Conflict
from domain.hosting import billing_cycles, domain_names
from domain.hosting.service_listing import LISTING
from domain.invoicing import invoices_of_customer
from domain.invoicing.paying import unpaid
from domain.pages import Query
from domain.payments.checkout import previews
from domain.payments.plans import cancelling, plan_choices
from domain.payments.plans.plan_terms import When
from domain.sales.orders import orders, payment_links
from models.domain_name import DomainStatus
from models.invoice import Invoice
from models.service import ServiceStatus, SuspensionReason

WORDS = {
    ServiceStatus.ACTIVE: ("Active", "ok"), ServiceStatus.PENDING: ("Not paid yet", "warn"),
    ServiceStatus.SUSPENDED: ("Suspended", "bad"), ServiceStatus.CANCELLED: ("Cancelled", ""),
    ServiceStatus.TERMINATED: ("Ended", ""),
}
DOMAIN_WORDS = {
    DomainStatus.ACTIVE: ("Active", "ok"), DomainStatus.PENDING: ("Being registered", "warn"),
    DomainStatus.EXPIRED: ("Expired", "bad"),
}
MOST_DOMAINS = 200
LATEST = 5                              # invoices on a service's page
REASONS = {
    SuspensionReason.DECLINED: ("A payment was declined.", "It goes on once it is paid."),
    SuspensionReason.PAUSED: ("It is paused.", "Nothing is taken until it goes on."),
    SuspensionReason.MERCHANT: ("It was suspended.", "Ask us why, and how it can go on."),
}


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/services", "services", show_list, methods=["GET"])
    bp.add_url_rule("/services/<int:key>", "service", show, methods=["GET"])
    bp.add_url_rule("/services/<int:key>/cancel", "ask_cancel_service", ask_cancel, methods=["GET"])
    bp.add_url_rule("/services/<int:key>/cancel", "cancel_service", cancel, methods=["POST"])
    bp.add_url_rule("/services/<int:key>/keep", "keep_service", keep, methods=["POST"])
    bp.add_app_template_global(lambda status: WORDS[ServiceStatus(status)], "service_word")


def show_list() -> BaseResponse:
    """The services, newest first, and the domain names."""
    who = login.actor()
    page = page_of(LISTING, who, sort="created_at", filters={})
    domains = domain_names.LISTING.page(who, Query(limit=MOST_DOMAINS))
    return make_response(render_template(
        "client/services.html", **login.common(), here="services", page=page, domains=domains, words=DOMAIN_WORDS))


def show(key: int) -> BaseResponse:
    """A service: what is next, its invoices, and what the customer may do with it."""
    who, shown = login.actor(), login.common()
    record, order = LISTING.read(who, key), order_of(key)
    query = Query(filters={"service_id": key}, sort="issue_on", limit=LATEST)
    path = payment_links.path_of(order.link_token)
    return make_response(render_template(
        "client/service.html", **shown, here="services", service=record, order=order,
        billed=billing_cycles.words(record.billing_cycle),
        reason=REASONS.get(record.suspended_for), unpaid=_unpaid(record),
        invoices=invoices_of_customer.ROWS.page(who, query), ends_at=managing.ends_at(order),
        may_cancel=bool(managing.ways_to_cancel(order)), may_keep=managing.may_keep(order),
        plans=plan_choices.choices(order), planned=managing.planned(order),
        may_keep_plan=plan_choices.may_withdraw(order),
        pay_path=path if record.status == ServiceStatus.PENDING else None,
        order_path=path.replace("/pay/", "/order/", 1) if path and record.status != ServiceStatus.PENDING else None,
    ))


def _unpaid(record: Any) -> list[Invoice]:
    """The overdue invoices for which the service is suspended."""
    return unpaid.overdue(record.customer_id) if record.suspended_for == SuspensionReason.UNPAID else []


def ask_cancel(key: int) -> BaseResponse:
    """Ask when the service is to end, and say what that means."""
    shown, order = login.common(), order_of(key)
    ways = managing.ways_to_cancel(order)
    if not ways or not shown["may_write"]:
        return back_to(key)
    return make_response(render_template(
        "client/service_cancel.html", **shown, here="services", order=order, ways=[one.value for one in ways],
        service=LISTING.read(login.actor(), key), bill=previews.of_cancellation(order, ways[-1]),
        end=cancelling.ends_at(order.id) if When.PERIOD_END in ways else None,
    ))


def cancel(key: int) -> BaseResponse:
    """End the service now or with its period."""
    who = login.writing_actor()
    LISTING.get(who, key)
    with transaction():
        order = orders.locked(key)
        ways = managing.ways_to_cancel(order)
        wanted = request.form.get("when") or (ways[0].value if ways else "")
        if wanted not in ways:
            raise Conflict("This service cannot be cancelled here.")
        cancelling.cancel(who.for_row(order), order, When(wanted))
    return back_to(key)


def keep(key: int) -> BaseResponse:
    """Go on with a service that was to end with its period."""
    who = login.writing_actor()
    LISTING.get(who, key)
    with transaction():
        order = orders.locked(key)
        cancelling.withdraw(who.for_row(order), order)
    return back_to(key)
