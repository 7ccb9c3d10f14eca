"""What staff does on a ticket's page: answers, notes, files, whom it is given to, and merging."""

from contextlib import closing
from typing import Any

from flask import Response, flash, g, render_template, request, send_file, url_for
from sqlalchemy import or_, select
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import form_token, tabs
from blueprints.admin.support import tickets as page
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from blueprints.row_keys import row_key
from database import db, transaction
from domain import inputs
from domain.errors import Conflict, DomainError, Invalid, NotFound
from domain.support import canned_answers, ticket_authors, ticket_files, ticket_merging, tickets
from domain.support.mails import ticket_sending
from domain.support.ticket_file_store import store
from domain.support.ticket_files import LARGEST_TOGETHER, File, KeptFile
from domain.support.ticket_listing import IN_PAGES, LISTING
from domain.support.ticket_merging import MergeInput
from domain.support.tickets import ReplyInput, TicketInput
from models.ticket import Ticket

BESIDE_THE_FILES = 256 * 1024           # bytes of the form
SET = ("assignee_id", "priority", "department")
MOST_OTHERS = 50                        # tickets of the customer that one may be merged into
POLICY = "default-src 'none'; sandbox"


def register(bp: Any) -> None:
    """Register the addresses below a ticket's."""
    read, write = need(tickets.RESOURCE.read_scope), need(tickets.RESOURCE.write_scope)
    place = "/tickets/<int:key>"
    bp.url_value_preprocessor(allow_files)
    bp.add_url_rule(f"{place}/reply", "ticket_reply", write(reply), methods=["POST"])
    bp.add_url_rule(f"{place}/compose", "ticket_compose", write(compose), methods=["POST"])
    bp.add_url_rule(f"{place}/set", "ticket_set", write(change), methods=["POST"])
    bp.add_url_rule(f"{place}/merge", "ticket_merge", write(show_merge), methods=["GET"])
    bp.add_url_rule(f"{place}/merge", "ticket_merged", write(merge), methods=["POST"])
    bp.add_url_rule(f"{place}/attachments/<int:file>", "ticket_file", read(download), methods=["GET"])


def allow_files(endpoint: str | None, _: Any) -> None:
    """Files may be larger than other forms. This runs before anything reads the form."""
    if endpoint in ("admin.ticket_reply", "admin.ticket_compose"):
        request.max_content_length = LARGEST_TOGETHER + BESIDE_THE_FILES


def reply(key: int) -> BaseResponse:
    """Answer the customer or leave a note, with files; what was typed stays where it is refused."""
    who = wide_actor()
    LISTING.get(who, key)
    try:
        new = inputs.parse(ReplyInput, {
            "message": request.form.get("message", ""), "internal": request.form.get("mode") == "note"})
        kept = sent_files()
        with transaction():
            address, now = form_token.create_once(lambda: answered(key, new, kept))
    except (Invalid, Conflict) as error:
        return refused(key, error)
    if now:
        flash(g.pop("said", "Saved."), "ok")
    return redirect_to(address)


def compose(key: int) -> BaseResponse:
    """Put a canned answer behind what was typed; nothing is sent."""
    who = wide_actor()
    ticket = LISTING.get(who, key)
    own = who.for_row(ticket)
    answer = canned_answers.LISTING.get(own, row_key(request.form.get("canned", "")) or 0)
    words = canned_answers.filled(answer, ticket, ticket_authors.of_actor(own).name)
    g.typed = "\n\n".join(filter(None, (request.form.get("message", "").strip(), words)))
    return tabs.show(page.PAGE, IN_PAGES.read(who, key), who)


def answered(key: int, new: ReplyInput, kept: tuple[KeptFile, ...]) -> str:
    """Store an answer, and close the ticket where that was asked for; returns where to go."""
    own, ticket = LISTING.lock(wide_actor(), key)
    made = tickets.reply(own, ticket, new, kept)
    if request.form.get("then") == "close":
        tickets.close(own, ticket)
    to = ticket_sending.customer_address(ticket)
    g.said = "The note was saved." if new.internal else f"Your answer goes to {to} by mail." if to else "Answered."
    return f"{back(key)}#message-{made.id}"


def sent_files() -> tuple[KeptFile, ...]:
    """The files of the form, their bytes kept; raises Invalid."""
    files = []
    for one in request.files.getlist("files"):
        with closing(one):
            if one.filename:
                files.append(File(one.filename, one.read(), one.mimetype or ""))
    return tuple(ticket_files.keep(files, "files"))


def refused(key: int, error: DomainError) -> BaseResponse:
    """The page with what was typed and why it was refused."""
    g.refused = error
    who = wide_actor()
    response = tabs.show(page.PAGE, IN_PAGES.read(who, key), who)
    response.status_code = 422
    return response


def change(key: int) -> BaseResponse:
    """Give the ticket to somebody, or another priority or department; only what was touched changes."""
    given = {name: request.form.get(name, "") for name in SET
             if name in request.form and request.form[name] != request.form.get(f"was_{name}")}
    try:
        changes = inputs.changes(TicketInput, given, text=True)
        with transaction():
            own, ticket = LISTING.lock(wide_actor(), key)
            tickets.update(own, ticket, changes)
    except (Invalid, Conflict) as error:
        flash("; ".join(f"{name} {problem}" for name, problem in error.fields.items()) or error.message, "bad")
    else:
        flash("The ticket was changed." if given else "Nothing was changed.", "ok")
    return redirect_to(back(key))


def back(key: int) -> str:
    """The ticket's page, in the queue from which it was opened."""
    return url_for("admin.tickets_show", key=key, queue=request.values.get("queue") or None)


def show_merge(key: int, wrong: str = "") -> Any:
    """The choice of the ticket that stays."""
    who = wide_actor()
    record = IN_PAGES.read(who, key)
    return render_template(
        "admin/ticket_merge.html", here=page.PAGE, record=record, others=others(key), wrong=wrong,
        typed=request.form.get("into", ""),
    )


def others(key: int) -> list[Ticket]:
    """The newest tickets into which one may be merged: its customer's, or those of nobody."""
    who = wide_actor()
    ticket = LISTING.get(who, key)
    own, values = LISTING.owned(who.for_row(ticket))
    same = or_(Ticket.customer_id == ticket.customer_id, Ticket.customer_id.is_(None))
    statement = select(Ticket).where(*own, same, Ticket.id != key, Ticket.merged_into_id.is_(None))
    newest = statement.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(MOST_OTHERS)
    return list(db.session.scalars(newest, values))


def merge(key: int) -> Any:
    """Merge the ticket into the chosen one, whose page follows."""
    into = row_key(request.form.get("into", ""))
    if into is None:
        return show_merge(key, "Choose a ticket."), 422
    try:
        with transaction():
            own, source, target = ticket_merging.locked_pair(wide_actor(), key, MergeInput(into=into).into)
            ticket_merging.merge(own, source, target)
            said = f"{source.number} was merged into {target.number}."
    except (Invalid, Conflict) as error:
        return show_merge(key, error.message), 422
    flash(said, "ok")
    return redirect_to(url_for("admin.tickets_show", key=into))


def download(key: int, file: int) -> Response:
    """A file of a ticket, as a download that nothing runs."""
    found = ticket_files.find(wide_actor(), LISTING, key, file)
    path = store.path(found.digest)
    if not path.exists():
        raise NotFound("attachment", file)
    response = send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=found.name)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "private, no-store"
    return response
