"""The work list of what went wrong with payments: one tab for each kind, with the buttons that mend it.

Each tab is a part of a noun's list. What can be done with a row is what the noun's own page offers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import bank_statements, disputes, payments, scheduled
from blueprints.admin.crud import actions, records
from blueprints.admin.crud.form_fields import pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage, show_list
from blueprints.admin.system import gateway_accounts
from blueprints.pages import navigation
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, need
from domain.actor import Actor
from domain.invoicing.bank import bank_exceptions
from domain.listing import Listing
from domain.payments.exceptions import gateways_on_hold, payment_exceptions, scheduled_exceptions
from models.order import ScheduledStatus

HERE = "/admin/exceptions"
NOTHING = "Nothing needs you here"


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of exception. `urgent` ones wait for a person; the others end by themselves."""

    slug: str
    page: ListPage
    urgent: bool = True

    def count(self, who: Actor) -> int:
        return self.page.resource.listing.count(who)


def part(slug: str, page: ListPage, listing: Listing, *, urgent: bool = True, **more: Any) -> Tab:
    """A tab with the rows of a noun's page that this listing finds, in columns of its own."""
    shown = replace(
        page, resource=replace(page.resource, listing=listing), part=f"exceptions_{slug}", tabs=(), group=None,
        apart="A tab of the exceptions.", empty=NOTHING, **more,
    )
    return Tab(slug, shown, urgent)


WHO = (
    Column(name="customer_name", title="Customer", kind="link"),
    Column(name="order_id", title="Order", minor=True),
)
OF_SCHEDULED = (
    *WHO,
    Column(name="reason", title="Reason", shown=scheduled_exceptions.reason),
    Column(name="tries", title="Tries", kind="number", shown=scheduled_exceptions.tries, minor=True),
)
AMOUNT = Column(name="amount_minor", title="Amount", kind="money", sort="amount")
OF_PAYMENTS = (
    *WHO,
    Column(name="message", title="Reason"),
    Column(name="gateway", minor=True),
    Column(name="look_up_at", title="Asked again", kind="ago"),
    Column(name="created_at", title="Since", kind="ago", sort="created_at"),
    AMOUNT,
)

TABS = (
    part(
        "declined", scheduled.PAGE, scheduled_exceptions.DECLINED, title="Declined", sort="declined_at",
        in_row=("retry", "ask_for_card"),
        about="Declined and not retried automatically: the customer needs another card, or you decide.",
        columns=(
            *OF_SCHEDULED,
            Column(name="next", title="Next step", shown=scheduled_exceptions.next_step),
            Column(name="declined_at", title="Since", kind="ago", sort="declined_at", minor=True),
            AMOUNT,
        ),
        list_filters=(ListFilter(
            name="status", read=ScheduledStatus,
            choices=pairs((ScheduledStatus.SOFT_DECLINED, *scheduled_exceptions.FOR_GOOD)),
        ),),
    ),
    part(
        "retried", scheduled.PAGE, scheduled_exceptions.RETRIED, urgent=False, title="Will retry", sort="collect_at",
        in_row=("retry",),
        about="Declined for now and tried again on the days of the gateway's settings. You need not do anything.",
        columns=(
            *OF_SCHEDULED,
            Column(name="collect_at", title="Next try", kind="when", sort="collect_at"),
            Column(name="declined_at", title="Since", kind="ago", sort="declined_at", minor=True),
            AMOUNT,
        ),
        list_filters=(),
    ),
    part(
        "not_collected", scheduled.PAGE, scheduled_exceptions.NOT_COLLECTED, urgent=False, title="Not collected",
        sort="due_at",
        about="Due, and paid by bank transfer or without a card that could be charged. Book the money when it comes.",
        columns=(*WHO, Column(name="due_at", title="Due", kind="ago", sort="due_at"), AMOUNT),
        list_filters=(),
    ),
    part(
        "unknown", payments.PAGE, payment_exceptions.UNKNOWN, title="Unknown outcome", sort="created_at",
        in_row=("look_up",),
        about="The gateway gave no answer and may have charged. Nothing is sent again before that is known.",
        columns=OF_PAYMENTS,
        list_filters=(),
    ),
    part(
        "to_confirm", payments.PAGE, payment_exceptions.TO_CONFIRM, title="Waiting for the customer", sort="created_at",
        in_row=("look_up",),
        about="The customer's bank asks for one more step. The customer got a mail with the link.",
        columns=OF_PAYMENTS,
        list_filters=(),
    ),
    part(
        "on_hold", gateway_accounts.PAGE, gateways_on_hold.ON_HOLD, title="Gateways on hold", sort="parked_until",
        in_row=("resume",),
        about="Failed three times in a row and left alone for a while. Payments wait; no due date moves.",
        columns=(
            Column(name="merchant_name", title="Merchant", kind="link"),
            Column(name="gateway", minor=True),
            Column(name="parked_reason", title="Reason"),
            Column(name="waiting", title="Payments that wait", shown=gateways_on_hold.waiting),
            Column(name="parked_at", title="Since", kind="ago", sort="parked_at", minor=True),
            Column(name="parked_until", title="Tried again", kind="ago", sort="parked_until"),
        ),
    ),
    part(
        "disputes", disputes.PAGE, payment_exceptions.DISPUTED, title="Disputes", sort="answer_due_at",
        about="Customers disputed these payments at their banks. Send evidence where the payment was made, in time.",
        columns=(
            Column(name="customer_name", title="Customer", kind="link"),
            Column(name="order_id", title="Order", minor=True),
            Column(name="reason"),
            Column(name="created_at", title="Since", kind="ago", sort="created_at", minor=True),
            Column(name="answer_due_at", title="Answer due", kind="when", sort="answer_due_at"),
            AMOUNT,
        ),
        list_filters=(),
    ),
    part(
        "movements", bank_statements.PAGE, bank_exceptions.UNSURE, title="Bank statements", sort="booked_on",
        in_row=("book", "edit"),
        about="Money on your bank account that no payment was found for. Say what it pays, or set it aside.",
        columns=(
            Column(name="payer_name", title="Payer", kind="link"),
            Column(name="reason", title="Why"),
            Column(name="order_id", title="Suggested", minor=True, shown=bank_statements.pays),
            Column(name="booked_on", title="Booked", kind="day", sort="booked_on"),
            AMOUNT,
        ),
        list_filters=(),
    ),
)


def register(bp: Any) -> None:
    """Register the tabs' URLs; what is done with one row has those of its noun."""
    for tab in TABS:
        here, name = tab.page, tab.page.part
        read, write = need(here.resource.read_scope), need(here.resource.write_scope)
        bp.add_url_rule(f"/exceptions/{tab.slug}", f"{name}_list", read(show(tab)), methods=["GET"])
        bp.add_url_rule(f"/exceptions/{tab.slug}.csv", f"{name}_export", read(download(tab)), methods=["GET"])
        if here.bulk:
            bp.add_url_rule(f"/exceptions/{tab.slug}/bulk", f"{name}_bulk", write(bulk(tab)), methods=["POST"])
    navigation.add(Item(
        title="Exceptions", icon="alert-triangle", path=HERE, position=150, group="Billing", scope="READ_ORDERS",
        count=urgent,
    ))


def show(tab: Tab) -> Callable[[], Response]:
    """The view of a tab's rows."""
    def view() -> Response:
        return show_list(tab.page, "admin/exceptions.html", tab=tab, counts=counted(actor()))

    return view


def download(tab: Tab) -> Callable[[], Response]:
    """The view that sends a tab's rows as a file."""
    return lambda: records.export_list(tab.page)


def bulk(tab: Tab) -> Callable[[], BaseResponse]:
    """The view that does something with several of a tab's rows."""
    return lambda: actions.bulk(tab.page)


def seen(who: Actor) -> list[Tab]:
    """The tabs whose rows the user may read."""
    return [one for one in TABS if who.can(one.page.resource.read_scope)]


def counted(who: Actor) -> list[tuple[Tab, int]]:
    """The tabs that the user may read, with the number of their rows."""
    return [(one, one.count(who)) for one in seen(who)]


def urgent(who: Actor) -> int:
    """How many rows wait for a person, for the navigation."""
    return sum(one.count(who) for one in seen(who) if one.urgent)
