"""The page of a quote: what is offered, and the customer's answer."""

from dataclasses import dataclass
from typing import Any

from flask import Response, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import link_lookup, printing
from blueprints.pay.brand import seller
from blueprints.services import own_url
from database import transaction
from domain import clock, inputs
from domain.errors import Invalid, NotFound
from domain.invoicing.documents import budget_document
from domain.payments.checkout import budget_orders
from domain.people.customer_addresses import AddressInput
from domain.sales.budgets import budget_links
from domain.sales.budgets.budget_links import AnswerInput, LinkState, RequestInput
from domain.sales.orders import payment_links
from models.budget import Budget, BudgetItem
from models.budget_link import Answer, BudgetLink
from models.money import line_minor

ANSWERS = {"accept": Answer.ACCEPTED, "decline": Answer.DECLINED}
PARTS = ("street", "city", "state", "postal_code", "country")
assert set(PARTS) <= set(AddressInput.model_fields)


@dataclass(frozen=True, slots=True)
class Buyer:
    """The customer as the quote names it."""

    name: str
    email: str | None
    address: str


def register(bp: Any) -> None:
    """Register the address of a quote."""
    bp.add_url_rule("/quote/<token>", "quote", show, methods=["GET"])
    bp.add_url_rule("/quote/<token>", "answer_quote", answer, methods=["POST"])
    bp.add_url_rule("/quote/<token>/pdf", "quote_pdf", send_pdf, methods=["GET"])


def show(token: str) -> Response:
    """The quote as it is now."""
    return page(link_lookup.budget_link(token))


def send_pdf(token: str) -> Response:
    """The quote as a PDF; what the link does not show any more, it does not send either."""
    link = link_lookup.budget_link(token)
    state = budget_links.state(link)
    if state is LinkState.WITHDRAWN:
        raise NotFound("link", 0)
    url = own_url(request.host_url) + url_for("pay.quote", token=token) if state is LinkState.OPEN else None
    return printing.send(budget_document.document(link.budget, url))


def answer(token: str) -> BaseResponse:
    """Store the answer, or the request for a new quote, and show the result."""
    link = link_lookup.budget_link(token)
    what, who = request.form.get("answer", ""), {"ip": request.remote_addr, "request_id": g.call.request_id}
    try:
        if what in ANSWERS:
            given = inputs.parse(AnswerInput, request.form.to_dict(), text=True)
            with transaction():
                counts = budget_links.answer(link.id, ANSWERS[what], given, **who)
        elif what == "ask":
            wish = inputs.parse(RequestInput, request.form.to_dict(), text=True)
            with transaction():
                counts = budget_links.ask_again(link.id, wish, **who)
        else:
            raise Invalid.field("answer", "is required", "missing")
    except Invalid as error:
        return page(link, wrong=error, status=422)
    if not counts and budget_links.state(link) is not ended_by(what):
        return page(link, late=True, status=409)
    return redirect_to(url_for("pay.quote", token=token))


def ended_by(what: str) -> LinkState:
    """The state in which an answer has already taken effect, as after a second click."""
    return LinkState(ANSWERS[what].value) if what in ANSWERS else LinkState.EXPIRED


def page(link: BudgetLink, *, wrong: Invalid | None = None, late: bool = False, status: int = 200) -> Response:
    """The page; of a link that was withdrawn it says no more than whom to ask."""
    state, budget = budget_links.state(link), link.budget
    context: dict[str, Any] = {"state": state.value, "seller": seller(link.merchant_id), "test": link.test}
    if state is not LinkState.WITHDRAWN:
        context |= {
            "budget": budget, "link": link, "number": f"TEST-{budget.id}" if budget.test else str(budget.id),
            "buyer": buyer(budget), "rate": rate(budget), "amount_of": amount_of, "wrong": wrong, "late": late,
            "typed": request.form, "days": days_left(budget), "order_path": order_path(budget),
            "pdf_path": f"{request.path}/pdf",
        }
    template = "pay/withdrawn.html" if state is LinkState.WITHDRAWN else "pay/quote.html"
    return make_response(render_template(template, **context), status)


def order_path(budget: Budget) -> str | None:
    """The address of the payment page, where the quote became an order."""
    order = budget_orders.order_of(budget.id)
    return payment_links.path_of(order.link_token) if order is not None else None


def buyer(budget: Budget) -> Buyer:
    """The customer as it was when the quote was decided, else as it is."""
    is_decided = budget.customer_name is not None
    name, email = budget.customer_name or budget.customer.name, budget.customer_email
    address = budget.billing_address or {}
    if not is_decided:
        email, current = budget.customer.email, budget.customer.billing_address
        address = {part: getattr(current, part) for part in PARTS} if current is not None else {}
    return Buyer(name, email, ", ".join(address[part] for part in PARTS if address.get(part)))


def amount_of(item: BudgetItem, currency: str) -> int:
    """A line's amount before discount and tax, in minor units."""
    return line_minor(item.quantity_ten_thousandths, item.unit_price_micro, currency)


def rate(budget: Budget) -> int | None:
    """The tax rate, in ten-thousandths of a percent, if all lines have the same and the quote no tax of its own."""
    rates = {item.tax_percent_ten_thousandths for item in budget.items}
    return rates.pop() if len(rates) == 1 and not budget.header_tax_minor else None


def days_left(budget: Budget) -> int:
    """Whole days until the quote ends."""
    return 0 if budget.valid_until is None else max(0, (budget.valid_until - clock.now()).days)
