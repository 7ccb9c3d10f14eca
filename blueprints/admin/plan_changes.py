"""Changes the plan of a subscription in a dialog that says, while it is filled in, what is paid now and later."""

from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import line_forms
from blueprints.admin.crud import actions, cells
from blueprints.admin.crud.form_fields import pairs, plain
from blueprints.admin.orders import PAGE
from blueprints.pages.format import words, zone
from blueprints.pages.htmx import page_or_part, redirect_to
from blueprints.pages.session import need, wide_actor
from blueprints.services import services
from database import transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid, PreconditionFailed
from domain.listing import expect
from domain.payments.checkout import previews
from domain.payments.checkout.previews import Preview
from domain.payments.plans import plan_changes, plan_terms
from domain.payments.plans.computed_changes import Change
from domain.payments.plans.plan_terms import ChangeInput, When
from models.money import from_ten_thousandths
from models.order import Order
from models.product import IntervalUnit

WHEN = ((When.NOW.value, "Now"), (When.PERIOD_END.value, "At the end of the period"))
FIELDS = ("product_id", "quantity", "interval_count", "interval_unit", "when")


def register(bp: Any) -> None:
    """Register the addresses."""
    write, path = need(PAGE.resource.write_scope), "/orders/<int:key>/plan"
    bp.add_url_rule(path, "order_plan", write(show), methods=["GET"])
    bp.add_url_rule(path, "order_plan_change", write(change), methods=["POST"])
    bp.add_url_rule(f"{path}/preview", "order_plan_preview", write(preview), methods=["POST"])


def show(key: int) -> BaseResponse:
    """The dialog with the present plan; without a script it is a page."""
    order = PAGE.resource.listing.get(wide_actor(), key)
    try:
        plan_changes.check(order)
    except Conflict as error:
        return actions.refused(PAGE, key, error.message)
    present = _present(order)
    named = f"{order.items[0].name} ({present['product_id']})"
    return form(order, present | {"product_id": named})


def form(order: Order, values: dict[str, str], *, wrong: str = "", shown: Preview | None = None) -> Response:
    """The form with what was typed, its mistake, and what it would do."""
    who = wide_actor().for_row(order)
    response = page_or_part(
        "admin/order_plan.html", "admin/_order_plan_dialog.html", here=PAGE, order=order, values=values, wrong=wrong,
        **line_forms.offered(who, ""), units=pairs(IntervalUnit), when=WHEN, preview=shown, is_change=True,
        name=PAGE.name(order),
    )
    response.status_code = 422 if wrong else 200
    return response


def preview(key: int) -> Response:
    """What the change would do; without a script the whole form again."""
    order = PAGE.resource.listing.get(wide_actor(), key)
    found, wrong = _computed(wide_actor().for_row(order), order)
    if "page" in request.form:
        return form(order, _typed(), wrong=wrong, shown=found)
    return make_response(render_template("admin/_order_preview.html", preview=found, reason=wrong, is_change=True))


def change(key: int) -> BaseResponse:
    """Change the plan, and collect what is due now."""
    who = wide_actor()
    try:
        with transaction():
            own, order = PAGE.resource.listing.lock(who, key)
            expect(order, cells.seen_version())
            made, attempt = plan_changes.change(own, order, _given(own, order))
            name, said = PAGE.name(order), _done(made)
    except (Invalid, Conflict, PreconditionFailed) as error:
        return form(PAGE.resource.listing.get(who, key), _typed(), wrong=_said(error))
    if attempt is not None:
        services().ask_gateway(attempt)
    flash(f"{name} {said}.", "ok")
    return redirect_to(url_for("admin.orders_show", key=key))


def _done(made: Change) -> str:
    """When the change takes effect."""
    if made.next.depends_on_use:
        return f"changes its plan on {made.next.due_at.astimezone(zone()):%-d %b %Y, %H:%M}"
    return "has a new plan" if made.when is When.NOW else "changes its plan when its period ends"


def _computed(who: Actor, order: Order) -> tuple[Preview | None, str]:
    """The preview of what was typed, or why there is none."""
    try:
        return previews.of_change(who, order, _given(who, order)), ""
    except (Invalid, Conflict) as error:
        return None, _said(error)


def _given(who: Actor, order: Order) -> ChangeInput:
    """The form as an input: what is as it was is left out, so that it stays as it was agreed."""
    present, typed = _present(order), _typed()
    typed["product_id"] = line_forms.key_of(typed["product_id"], "product_id", who)
    sent = {name: value for name, value in typed.items() if value.strip() and value != present.get(name)}
    if "interval_unit" in sent:
        sent["interval_count"] = typed["interval_count"]
    return inputs.parse(ChangeInput, sent, text=True)


def _present(order: Order) -> dict[str, str]:
    """The present plan as the form holds it."""
    now = plan_terms.present(order)
    return {
        "product_id": str(now.line.product_id), "quantity": plain(from_ten_thousandths(
            now.line.quantity_ten_thousandths)), "interval_unit": now.unit.value, "interval_count": str(now.count),
        "when": "",
    }


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _said(error: Invalid | Conflict | PreconditionFailed) -> str:
    """The first mistake as a sentence."""
    for name, problem in error.fields.items():
        if name not in ("status", "base"):
            return f"{words(name)} {line_forms.not_found(name, problem)}."
    return error.message
