"""Runs an action on all rows that match the filters of a list, after a confirmation.

A request works for a second or two and returns its progress; the page then sends the next one automatically,
without JavaScript by a button. Each transaction takes a few rows, so that no lock is held long. Rows that somebody
changed since the confirmation are left as they are, and counted.
"""

import time
from datetime import datetime
from typing import Any, Self

from flask import flash, request
from pydantic import BaseModel, Field, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud.confirm import Confirmation, ask, sentence
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.htmx import as_dialog, is_htmx, page_or_part, redirect_to, refreshed, target_is
from blueprints.pages.session import actor, wide_actor
from blueprints.services import ask_outside
from database import DatabaseBusy, db, transaction
from domain import clock
from domain.errors import Conflict, Invalid, NotFound
from domain.resource import Action, Kept

MOST = 10_000                       # rows of one run
AT_ONCE = 25                        # rows of one transaction
SECONDS = 1.2                       # of one request
TOLD = 3                            # reasons that the message names


class Run(BaseModel):
    """The state of a run, which its form carries from one request to the next."""

    verb: str
    until: datetime                 # rows that were changed later are left
    total: int = Field(ge=0, le=MOST)
    after: int = Field(default=0, ge=0)     # the last id
    changed: int = Field(default=0, ge=0)
    skipped: int = Field(default=0, ge=0)
    reasons: list[str] = Field(default=[], max_length=TOLD)
    requests: list[str] = Field(default=[], max_length=MOST)        # their ids, by which the undo finds the rows

    @classmethod
    def sent(cls) -> Self | None:
        """The state that the form sent; None without a valid one."""
        try:
            return cls.model_validate_json(request.form.get("run", ""))
        except ValidationError:
            return None

    def skip(self, reason: str = "") -> None:
        self.skipped += 1
        if reason and len(self.reasons) < TOLD:
            self.reasons.append(reason)


def bulk(here: ListPage, verb: str, action: Action) -> BaseResponse:
    """Ask before the first request of a run; then go on with it."""
    run = Run.sent()
    if run is None or run.verb != verb:
        return confirm(here, verb, action)
    if not run.after and action.danger and request.form.get("words", "").strip() != str(run.total):
        return confirm(here, verb, action, "That is not the number of rows.")
    is_over = "stop" in request.form or work(here, action, run)
    return finish(here, action, run) if is_over else progress(here, action.title, run)


def confirm(here: ListPage, verb: str, action: Action, wrong: str = "") -> BaseResponse:
    """Show the confirmation, with the number of rows that match now."""
    who, until = actor(), clock.now()
    total = here.resource.listing.page(who, here.query(who, limit=1)).total
    if not 0 < total <= MOST:
        flash(f"{total:,} rows match. At most {MOST:,} can be changed at once: narrow the list by filters."
              if total else "No rows match any more.", "bad")
        return leave(here)
    run = Run(verb=verb, until=until, total=total)
    return ask(Confirmation(
        title=f"{sentence(action.title, counted(here, total))}?", text=scope_of(here),
        facts=("Rows that are changed in the meantime are left as they are.",), danger=action.danger,
        button=sentence(action.title, counted(here, total)), words=str(total) if action.danger else "", wrong=wrong,
        action=here.link(page=None, per=None).replace(here.url("list"), here.url("bulk"), 1),
        back=here.link(), fields={"verb": verb, "matching": "1", "run": run.model_dump_json()},
    ))


def scope_of(here: ListPage) -> str:
    """A sentence about the filters."""
    who = actor()
    filters = [f"{one.heading} {text}" for one in here.list_filters if (text := one.chosen(who))]
    if words := here.query(who).search:
        filters.append(f"search “{words}”")
    return f"All {here.nouns[1]} that match: {'; '.join(filters)}." if filters else f"All {here.nouns[1]} of this list."


def counted(here: ListPage, number: int) -> str:
    """A number of rows: 1 customer, 5,000 customers."""
    return f"{number:,} {here.nouns[number != 1]}"


def work(here: ListPage, action: Action, run: Run) -> bool:
    """Run the action until the request has taken long enough; whether it is over."""
    who, listing, deadline = actor(), here.resource.listing, time.monotonic() + SECONDS
    if (own_id := wide_actor().request_id) is not None:
        run.requests.append(own_id)
    at_once = 1 if action.asks else AT_ONCE         # what is asked outside is slow, and asked before the next row
    while time.monotonic() < deadline:
        keys = listing.keys(who, here.query(who), after=run.after, until=run.until, limit=at_once)
        if not keys:
            return True
        state = run.model_copy(deep=True)
        try:
            with transaction():
                begun = [run_one(here, action, state, key) for key in keys]
        except DatabaseBusy:
            return False                            # the next request takes these rows again
        for one in begun:
            if action.asks and one is not None:
                ask_outside(one)
        state.after = keys[-1]
        run.__dict__.update(state.__dict__)
    return False


def run_one(here: ListPage, action: Action, run: Run, key: int) -> Any:
    """Run the action on one row, or count why not; what it returned."""
    try:
        own, row = here.resource.listing.lock(wide_actor(), key)
    except NotFound:
        return None
    if row.updated_at > run.until:
        return None
    if not action.offered(own, row):
        run.skip()
        return None
    try:
        with db.session.begin_nested():
            result = action.run(own, row)
    except (Conflict, Invalid) as error:
        run.skip(f"{here.name(row)}: {error.message}")
        return None
    run.changed += 1
    if isinstance(result, Kept) and len(run.reasons) < TOLD:
        run.reasons.append(result.notice.format(here.name(row)))
    return result


def progress(here: ListPage, title: str, run: Any) -> BaseResponse:
    """The progress, with the form of the next request."""
    inner = target_is("progress")
    part = "admin/_progress.html" if inner else "admin/_progress_dialog.html"
    title, address = f"{title}: {counted(here, run.total)}", request.full_path.rstrip("?")
    response = page_or_part("admin/progress.html", part, here=here, title=title, run=run, address=address)
    # The undo of a toast has no target of its own.
    return as_dialog(response) if is_htmx() and not inner else response


def finish(here: ListPage, action: Action, run: Run) -> BaseResponse:
    """Say what was done, and offer to undo it."""
    sentences = [past(here, action.past, run.changed)] if run.changed else []
    if run.skipped:
        sentences.append(f"{counted(here, run.skipped)} left as before: not possible there.")
    meanwhile = run.total - run.changed - run.skipped
    if "stop" in request.form:
        sentences.append("Stopped before the rest.")
    elif meanwhile > 0:
        sentences.append(f"{counted(here, meanwhile)} left as before: changed in the meantime.")
    undo = None
    if action.undo is not None and run.changed and run.requests:
        undo = here.url("undo", verb=run.verb, since=run.until.isoformat(), requests=",".join(run.requests))
    flash(" ".join(sentences + run.reasons) or "Nothing was changed.", undo or "ok")
    return leave(here)


def past(here: ListPage, sentence: str, number: int) -> str:
    """What was done with a number of rows: 5,000 customers were archived."""
    text = sentence.format(counted(here, number))
    return text if number == 1 else text.replace(" was ", " were ")


def leave(here: ListPage) -> BaseResponse:
    """Go back to the list; the toast is shown there."""
    if not is_htmx():
        return redirect_to(here.link())
    return refreshed()
