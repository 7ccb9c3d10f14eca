"""A customer's questions, tickets in the APIs: reading, asking, answering with files, closing and opening again."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.api.wire.files import BYTES
from blueprints.client import login
from blueprints.client.listed import page_of
from blueprints.pages import form_once
from blueprints.pages.htmx import redirect_to
from blueprints.pay import printing
from blueprints.row_keys import row_key
from database import transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Problem
from domain.invoicing.e_invoice.files import DocumentFile
from domain.pages import Record
from domain.support import departments, ticket_files, ticket_messages, ticket_status, tickets, tickets_of_customer
from domain.support.knowledge import suggestions
from domain.support.ticket_file_store import store
from domain.support.ticket_files import LARGEST, LARGEST_TOGETHER, File, KeptFile
from domain.support.ticket_listing import IN_CUSTOMERS_PAGES, OF_CUSTOMERS
from domain.support.ticket_status import Step
from domain.support.tickets_of_customer import CustomerReplyInput, CustomerTicketInput
from models.ticket import Ticket, TicketStatus

ROWS = replace(IN_CUSTOMERS_PAGES, columns={
    name: column for name, column in OF_CUSTOMERS.columns.items() if name != "message"})
WHICH: dict[str, dict[str, Any]] = {"open": {"closed": False}, "closed": {"closed": True}, "all": {}}
WORDS = {
    TicketStatus.OPEN: ("We are on it", "warn"), TicketStatus.CUSTOMER_REPLY: ("We are on it", "warn"),
    TicketStatus.ANSWERED: ("Answered", "acc"), TicketStatus.ON_HOLD: ("On hold", ""),
    TicketStatus.CLOSED: ("Closed", ""),
}
TAKES_FILES = {"client_area.ask_question", "client_area.answer_question"}
BESIDE_THE_FILES = 1024 * 1024          # bytes of a form without its files
STEPS: dict[str, tuple[Step, Callable[[Actor, Ticket], Ticket]]] = {
    "close": (Step.CLOSE, tickets.close), "reopen": (Step.REOPEN, tickets.reopen),
}
MOST_DEPARTMENTS = 100


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.url_value_preprocessor(allow_files)
    bp.add_url_rule("/tickets", "tickets", show_list, methods=["GET"])
    bp.add_url_rule("/tickets", "ask_question", create, methods=["POST"])
    bp.add_url_rule("/tickets/new", "new_ticket", show_form, methods=["GET"])
    bp.add_url_rule("/tickets/<int:key>", "ticket", show, methods=["GET"])
    bp.add_url_rule("/tickets/<int:key>", "answer_question", reply, methods=["POST"])
    bp.add_url_rule("/tickets/<int:key>/<any(close,reopen):verb>", "act_on_ticket", act, methods=["POST"])
    bp.add_url_rule("/tickets/<int:key>/files/<int:file>", "ticket_file", send, methods=["GET"])
    bp.add_app_template_global(lambda status: WORDS[TicketStatus(status)], "ticket_word")


def allow_files(endpoint: str | None, _: Any) -> None:
    """A message may have files. This runs before anything reads the form."""
    if endpoint in TAKES_FILES:
        request.max_content_length = LARGEST_TOGETHER + BESIDE_THE_FILES


def show_list() -> BaseResponse:
    """The questions, the newest first: those that are open, those that are closed, or all."""
    which = request.args.get("which", "all")
    which = which if which in WHICH else "all"
    page = page_of(ROWS, login.actor(), sort="created_at", filters=WHICH[which])
    return make_response(render_template(
        "client/tickets.html", **login.common(), here="tickets", which=which, page=page))


# Reading --------------------------------------------------------------------------------------------


def show(key: int) -> BaseResponse:
    """A question with its answers, and the form for another one."""
    return _shown(key)


def _shown(key: int, wrong: Invalid | None = None, status: int = 200) -> Response:
    record = IN_CUSTOMERS_PAGES.read(login.actor(), key)
    part = ticket_messages.part(record.id, row_key(request.args.get("before", "")), internal=False)
    return make_response(render_template(
        "client/ticket.html", **login.common(), here="tickets", ticket=record, wrong=wrong, typed=request.form,
        once=form_once.token(), part=part, may=_may(record),
        most=LARGEST // 1024**2, together=LARGEST_TOGETHER // 1024**2,
    ), status)


def _may(ticket: Record) -> dict[str, bool]:
    """What the customer may do with a ticket; one that was merged into another is only read."""
    is_own = ticket.merged_into_id is None
    status = TicketStatus(ticket.status)
    return {"reply": is_own} | {
        verb: is_own and ticket_status.may(status, step) and (verb != "reopen" or status is TicketStatus.CLOSED)
        for verb, (step, _) in STEPS.items()
    }


def send(key: int, file: int) -> Response:
    """A file of a ticket, as a download: no browser opens what others sent by itself."""
    found = ticket_files.find(login.actor(), OF_CUSTOMERS, key, file)
    return printing.send_file_of(DocumentFile(found.name, BYTES, store.read(found.digest)))


# Writing --------------------------------------------------------------------------------------------


def show_form() -> BaseResponse:
    """The form for a new question; `about` is what the address says that it is about."""
    return _form(subject=request.args.get("subject", "")[:200])


def _form(*, subject: str = "", wrong: Invalid | None = None, status: int = 200) -> Response:
    who = login.actor()
    asked = f"{request.form.get('subject', subject)}\n{request.form.get('message', '')}"
    return make_response(render_template(
        "client/ticket_new.html", **login.common(), here="tickets", wrong=wrong, once=form_once.token(),
        typed=request.form or {"subject": subject}, articles=suggestions.suggest(who, asked),
        departments=_departments(who), most=LARGEST // 1024**2, together=LARGEST_TOGETHER // 1024**2,
    ), status)


def _departments(who: Actor) -> list[tuple[int, str]]:
    """The departments that take questions, by number and name."""
    return departments.taking(who.merchant_id)


def create() -> BaseResponse:
    """Ask a question."""
    who = login.writing_actor()
    try:
        new = inputs.parse(CustomerTicketInput, _sent("subject", "message", "department"), text=True)
        files = _kept()
        with transaction():
            address, _ = form_once.create(_owner(), lambda: _address(tickets_of_customer.create(who, new, files).id))
    except Invalid as error:
        return _form(wrong=error, status=422)
    return redirect_to(address)


def reply(key: int) -> BaseResponse:
    """Answer; a question that was closed is open again. With `close` it is closed after that, and without words too."""
    who = login.writing_actor()
    IN_CUSTOMERS_PAGES.read(who, key)           # before its files are kept
    closes = "close" in request.form
    if closes and not request.form.get("message", "").strip() and not _uploaded():
        return act(key, "close")
    try:
        new = inputs.parse(CustomerReplyInput, _sent("message"), text=True)
        files = _kept()
        with transaction():
            own, row = OF_CUSTOMERS.lock(who, key)
            _, is_new = form_once.create(_owner(), lambda: _answered(own, row, new, files))
            if closes and is_new:
                tickets.close(own, row)
    except Invalid as error:
        return _shown(key, error, 422)
    return redirect_to(_address(key))


def _owner() -> str:
    """Whose the token of a form is; users have their number alone."""
    return f"c{login.customer().id}"


def _answered(who: Actor, ticket: Ticket, new: CustomerReplyInput, files: tuple[KeptFile, ...]) -> str:
    tickets_of_customer.reply(who, ticket, new, files)
    return _address(ticket.id)


def act(key: int, verb: str) -> BaseResponse:
    """Close a question, or open it again."""
    who, (step, run) = login.writing_actor(), STEPS[verb]
    with transaction():
        own, row = OF_CUSTOMERS.lock(who, key)
        if row.merged_into_id is not None:
            raise Conflict("This question was merged into another one.")
        if ticket_status.may(row.status, step):         # a second press changes nothing
            run(own, row)
    return redirect_to(_address(key))


def _sent(*names: str) -> dict[str, str]:
    """The fields of the form that have something in them; newlines as people mean them."""
    given = {name: request.form.get(name, "").replace("\r\n", "\n") for name in names}
    return {name: value for name, value in given.items() if value.strip()}


def _uploaded() -> list[Any]:
    return [one for one in request.files.getlist("files") if one.filename]


def _kept() -> tuple[KeptFile, ...]:
    """The files of the form, kept; raises Invalid for one that is not taken."""
    sent = []
    for one in _uploaded():
        with closing(one):
            sent.append(File(one.filename or "", one.read(LARGEST + 1), one.mimetype or ""))
    try:
        return tuple(ticket_files.keep(sent, "files"))
    except Invalid as error:
        said = error.fields["files"]
        raise Invalid.several({"files": Problem(said.code, f"{said.text}. Please choose the files again")}) from None


def _address(key: int) -> str:
    return url_for("client_area.ticket", key=key)
