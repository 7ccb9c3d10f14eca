"""The payment page of an order: what is due now and later, how it can be paid, and what became of it."""

from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, g, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.headers import POLICY
from blueprints.pages.htmx import redirect_to
from blueprints.pay import link_lookup, schedule
from blueprints.pay.brand import seller
from blueprints.services import own_url, services
from database import transaction
from domain.errors import Conflict
from domain.payments import attempts, gateway_accounts
from domain.payments.bank.bank_transfers import Instructions, instructions
from domain.payments.bank.creditor_references import Reference
from domain.payments.checkout import checkout_states, checkouts, setups
from domain.payments.checkout.checkout_states import TRANSFER, PageState
from domain.payments.gateways import registry
from domain.payments.metered import metered_periods
from domain.payments.orders import order_codes
from domain.sales.orders import orders, payment_links
from domain.sales.orders.order_status import FINAL, LIVE, PRELIMINARY
from models.money import Money
from models.order import Order, ScheduledPayment

Reply = TypeVar("Reply", bound=BaseResponse)
HAS_PAGE = LIVE | FINAL                          # of its own
ON_A_PAGE = frozenset({PageState.OPEN, PageState.TRANSFER})


def show(token: str) -> BaseResponse:
    """The page as it is now; what was paid is on the order's page."""
    order = link_lookup.order(token)
    if order.status in HAS_PAGE and checkout_states.of(order) is PageState.PAID:
        return redirect_to(url_for("pay.order", token=token))
    return page(order, token)


def show_outcome(token: str) -> BaseResponse:
    """What became of the payment, after which the customer goes on to the merchant's own page, if it has one.

    A header leads there: a redirect would be refused, since the pages before it let forms lead to known hosts alone.
    """
    order = link_lookup.order(token)
    response, onward = page(order, token), where_to(order)
    if onward:
        response.headers["Refresh"] = f"0; url={iri_to_uri(onward)}"
    return response


def where_to(order: Order) -> str | None:
    """The merchant's page after the first payment was approved or declined; None where there is none."""
    if checkout_states.of(order) is PageState.PAID:
        last = last_paid(schedule.rows_of(order))
        return order.redirect_url if last is None or last.sequence == 0 else None
    row = checkout_states.payable(order)
    payment = checkout_states.latest(row) if row is not None else None
    is_declined = payment is not None and payment.decline is not None and order.status in PRELIMINARY
    return order.failed_redirect_url if is_declined else None


def pay(token: str) -> BaseResponse:
    """Redirect the customer to the gateway's page, or accept the order for a transfer or without a payment."""
    order_id = look_again(link_lookup.order(token))
    way, base = request.form.get("method", ""), own_url(request.host_url)
    try:
        with transaction():
            order = orders.locked(order_id)
            actor = customer(order)
            row = checkout_states.payable(order)
            if way in setups.ways(order, row):
                begun = setups.begin(actor, order, way, base + url_for("pay.pay_back", token=token))
            elif row is not None and attempts.owed(row) == 0:
                accept_free(actor, order, row, way)
                begun = None
            elif way == TRANSFER:
                checkouts.by_transfer(actor, order)
                begun = None
            else:
                begun = checkouts.begin(actor, order, way, base + url_for("pay.pay_back", token=token))
        address = services().start_checkout(begun) if begun is not None else None
    except Conflict as refused:
        return page(link_lookup.order(token), token, refused=refused.message, status=409)
    if begun is None:
        return redirect_to(url_for("pay.payment" if way == TRANSFER else "pay.pay_done", token=token))
    if address is None:
        said = "The card service does not answer. Nothing was charged; try again in a minute, or pay another way."
        return page(link_lookup.order(token), token, refused=said, status=503)
    return policed(redirect_to(leading(begun.gateway, address)), checkout_states.ways(order))


def accept_free(actor: Any, order: Order, row: ScheduledPayment, way: str) -> None:
    """Take an order where nothing is due now; what is due later is transferred, or needs no payment method."""
    if way == TRANSFER and TRANSFER in checkout_states.ways(order):
        order.gateway = TRANSFER
    elif setups.ways(order, row):
        raise Conflict("Choose how the later payments are made.")
    checkouts.accept_free(actor, order)


def leading(gateway: str, address: str) -> str:
    """The address of a gateway's page; the path alone where the page is ours."""
    known = registry.find(gateway)
    return address if known is not None and known.hosts else path_of(address)


def path_of(address: str) -> str:
    """The path of a page that this program serves itself: its host is the one that the customer is on."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def again(token: str) -> BaseResponse:
    """Start again after a time-out, or choose another way to pay than a transfer."""
    order_id = look_again(link_lookup.order(token))
    with transaction():
        order = orders.locked(order_id)
        actor = customer(order)
        row = checkout_states.payable(order)
        payment = checkout_states.latest(row) if row is not None else None
        if checkout_states.state(order, row, payment) in (PageState.EXPIRED, PageState.TRANSFER):
            order.gateway = None if order.gateway == TRANSFER else order.gateway
            payment_links.renew_checkout(actor, order)
    return redirect_to(url_for("pay.payment", token=token))


def come_back(token: str) -> BaseResponse:
    """The page to which the gateway's page returns: look up the outcome, and show it."""
    look_again(link_lookup.order(token))
    return redirect_to(url_for("pay.pay_done", token=token))


def look_again(order: Order) -> int:
    """Ask the gateway about a payment whose outcome is not known; the order's id."""
    order_id, row = order.id, checkout_states.payable(order)
    if setups.is_waiting(order):
        services().come_back_with_card(order_id)
        return order_id
    payment = checkout_states.latest(row) if row is not None else None
    if payment is not None and payment.status in attempts.OPEN:
        services().come_back(payment.id)
    return order_id


def customer(order: Order) -> Any:
    return checkouts.customer_of(order, ip=request.remote_addr, request_id=g.call.request_id)


def page(order: Order, token: str, *, refused: str = "", status: int = 200, wrong_code: str = "") -> Response:
    """The page of the order's state; `wrong_code` is why a discount code was refused."""
    row = checkout_states.payable(order)
    payment = checkout_states.latest(row) if row is not None else None
    state, rows = checkout_states.state(order, row, payment), schedule.rows_of(order)
    context: dict[str, Any] = {
        "seller": seller(order.merchant_id), "test": order.test, "order": order, "token": token, "state": state.value,
        "row": row, "payment": payment, "refused": refused, "number": number(order), "title": title(order),
        "due": attempts.owed(row) if row is not None else 0, "later": schedule.later(order, rows),
        "steps": schedule.steps(order, rows), "every": schedule.every(order),
        "by_use": metered_periods.is_counted(order), "is_live": order.activated_at is not None,
        "last": last_paid(rows), "next": next((one for one in schedule.steps(order, rows) if one.word == "Next"), None),
    }
    if payment is not None and payment.confirm_url:
        context["confirm"] = leading(payment.gateway, payment.confirm_url)
    if state in ON_A_PAGE and row is not None:
        context |= {
            "ways": checkout_states.ways(order), "setups": setups.ways(order, row), "bank": bank(order, row),
            "gateways": registry,
            "takes_code": order_codes.is_offered(order, rows), "wrong_code": wrong_code,
        }
    template = "pay/payment.html" if state is PageState.OPEN else "pay/payment_said.html"
    return policed(make_response(render_template(template, **context), status), checkout_states.ways(order))


def policed(response: Reply, ways: list[str]) -> Reply:
    """Let the form lead to the gateways' own pages: the policy's form-action counts after a redirect too."""
    known = [registry.find(name) for name in ways]
    hosts = sorted({host for one in known if one is not None for host in one.hosts})
    if hosts:
        addresses = " ".join(host if "://" in host else f"https://{host}" for host in hosts)
        response.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'",
                                                                     f"form-action 'self' {addresses}")
    return response


def bank(order: Order, row: ScheduledPayment) -> tuple[Instructions, Markup] | None:
    """What to transfer, with the code for banking apps; None where the merchant has no account for transfers."""
    if TRANSFER not in checkout_states.ways(order):
        return None
    account = gateway_accounts.for_gateway(order.merchant_id, TRANSFER, test=order.test)
    amount = Money(attempts.owed(row), order.currency)
    made = instructions(account.settings, Reference(order.id), amount)
    return made, Markup(made.qr_svg)  # noqa: S704  # drawn by us, from nothing but these values


def number(order: Order) -> str:
    """The order's number: the merchant's own, else ours."""
    return order.invoice_ref or (f"TEST-{order.id}" if order.test else str(order.id))


def title(order: Order) -> str:
    """What the order is about, in a line."""
    names = [item.name for item in order.items]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return order.description or (f"{names[0]}{more}" if names else f"Order {number(order)}")


def last_paid(rows: list[ScheduledPayment]) -> ScheduledPayment | None:
    """The row that was paid last."""
    paid = [(row.executed_at, row.id, row) for row in rows if row.executed_at is not None and row.paid_minor]
    return max(paid)[2] if paid else None
