"""Pages of users: roles, merchants, API access, sessions, passwords."""

from typing import Any

from flask import Response, flash, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import choices, consequences
from blueprints.admin.crud.form_fields import Field, Section, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage, show_list
from blueprints.auth.proof import proven
from blueprints.pages.htmx import is_partial, redirect_to
from blueprints.pages.session import me, need, private, wide_actor
from blueprints.pages.shell import ROLES, own_merchants
from blueprints.services import sends_mail
from database import transaction
from domain.access import password_links, sessions, sign_in_history, tokens
from domain.errors import Invalid
from domain.people import users
from domain.people.logins.viewing import VIEWED
from domain.people.user_listing import LISTING
from models.user import Role, User

ROLE_CHOICES = [(role.value, words) for role, words in ROLES.items()]


def values(row: User) -> dict[str, Any]:
    """A user's values for the form, without the password."""
    shown = {name: getattr(row, name) for name in (
        "email", "name", "role", "active", "all_merchants", "api_access", "allowed_ips", "timezone",
    )}
    return shown | {"merchant_ids": row.merchant_ids}


def context(record: Any) -> dict[str, Any]:
    """Merchants with their ids, and the open sessions, for the record's page."""
    mine = {one.id: one for one in own_merchants(me())}
    granted = [mine[one.merchant_id] for one in record.children["memberships"] if one.merchant_id in mine]
    return {
        "tokens": [(test, tokens.of_user(record.id, test=test), tokens.may_be_shown(record.id, test=test))
                   for test in (False, True)],
        "granted": granted, "sessions": sessions.of_user(record.id),
        "sign_ins": sign_in_history.of_user(record.id),
        "role": ROLES[record.role], "is_invited": not users.has_password(record.id),
        "invited_until": password_links.open_invitation(record.id), "sends": sends_mail(),
    }


def what_ends(verb: str, record: Any) -> tuple[str, ...]:
    """The user's sessions and the calls with the API tokens, for the confirmations that end them."""
    count = len(sessions.of_user(record.id))
    ended = (f"{count:,} open {'session ends' if count == 1 else 'sessions end'}.",) if count else ()
    if verb == "turn_off_two_factor":
        return ended
    known = [tokens.of_user(record.id, test=test) for test in (False, True)]
    calls = consequences.of_tokens([one.id for one in known if one is not None])
    return (*ended, *calls)


PAGE = ListPage(
    resource=users.RESOURCE,
    title="Users",
    group="Settings",
    position=310,
    keys="u",
    note=lambda row: row.name,
    icon="users",
    about="People who can sign in, with their roles and merchant profiles.",
    columns=(
        Column(name="email", title="E-mail", kind="link", sort="email"),
        Column(name="name", sort="name", editable="name"),
        Column(name="role", kind="tag", sort="role", choices=ROLE_CHOICES),
        Column(name="api_access", title="API access", kind="flag", minor=True),
        Column(name="active", kind="flag"),
        Column(name="created_at", title="Since", kind="day", sort="created_at", minor=True),
    ),
    list_filters=(
        ListFilter(name="role", choices=ROLE_CHOICES, read=Role),
        ListFilter(name="active", choices=(("yes", "Active"), ("no", "Deactivated")), read=lambda raw: raw == "yes"),
    ),
    sections=(
        Section("Details", (
            Field(name="email", label="E-mail", kind="email", required=True),
            Field(name="name"),
            Field(name="timezone", label="Time zone", kind="select", choices=choices.zones,
                  blank="The merchant’s, else the system’s"),
        )),
        Section("Permissions", (
            Field(name="role", kind="select", choices=ROLE_CHOICES, required=True, fact=unsaid),
            Field(name="api_access", label="May call the Merchant API", kind="check", fact=unsaid),
            Field(name="active", label="Active: may sign in", kind="check", fact=unsaid),
            Field(name="allowed_ips", label="Allowed addresses for the APIs", kind="networks", wide=True, fact=unsaid),
        )),
    ),
    values=values,
    name=lambda row: row.email,
    tones={"admin_user": "acc"},
    form="admin/user_form.html",
    show="admin/user.html",
    details="admin/_user.html",
    warnings=what_ends,
    audit_verbs={"two_factor_off": "turned two-factor off for", "two_factor_on": "turned two-factor on for",
                 VIEWED: "looked at the dashboard as"},
    context=context,
    needs_merchant=False,
    guarded=True,
    listed=lambda: show_users(),
)


def register(bp: Any) -> None:
    """Register the URLs that only users have."""
    write = need("WRITE_USERS")
    bp.add_url_rule("/users/<int:key>/password", "users_password", write(ask_password), methods=["GET"])
    bp.add_url_rule("/users/<int:key>/password", "users_reset", write(proven(reset_password)), methods=["POST"])
    bp.add_url_rule("/users/<int:key>/token/<any(reveal, issue, revoke):action>", "users_token",
                    write(proven(handle_token)), methods=["POST"])
    bp.add_url_rule("/users/<int:key>/sessions/<int:number>/end", "users_end_session", write(end_session),
                    methods=["POST"])


def show_users() -> Response:
    """The list, with the way to the roles."""
    return show_list(PAGE, whole="admin/users.html")


def ask_password(key: int, wrong: Invalid | None = None) -> Any:
    """The form for a new password."""
    row = LISTING.get(wide_actor(), key)
    return render_template("admin/user_password.html", here=PAGE, row=row, wrong=wrong)


def reset_password(key: int) -> Any:
    """Set a new password; the user's sessions end."""
    who = wide_actor()
    LISTING.get(who, key)          # nothing is hashed for a user out of reach
    try:
        if not request.form.get("password"):
            raise Invalid.field("password", "is required", "missing")
        changes = users.hashed_changes(who, {"password": request.form["password"]})
        with transaction():
            own, row = LISTING.lock(who, key)
            users.update(own, row, changes)
            name = row.email
    except Invalid as error:
        return ask_password(key, error), 422
    flash(f"{name} has a new password and was signed out everywhere.", "ok")
    return redirect_to(PAGE.url("show", key=key))


def handle_token(key: int, action: str) -> BaseResponse:
    """Show, replace or revoke the API token; each has an audit entry."""
    who, token, test = wide_actor(), "", is_about_test()
    with transaction():
        who, row = LISTING.lock(who, key)
        name = row.email
        if action == "revoke":
            tokens.revoke(who, row, test=test)
        else:
            token = (tokens.issue if action == "issue" else tokens.reveal)(who, row, test=test)
    if action == "revoke":
        flash(f"The {token_name(test=test)} of {name} was revoked.", "ok")
        return redirect_to(PAGE.url("show", key=key))
    template = "admin/_token_dialog.html" if is_partial() else "admin/token.html"
    return private(make_response(render_template(template, here=PAGE, key=key, name=name, token=token,
                                                 title=token_name(test=test))))


def is_about_test() -> bool:
    """Whether the URL is about the test token."""
    return request.args.get("world") == "test"


def token_name(*, test: bool) -> str:
    return "test API token" if test else "API token"


def end_session(key: int, number: int) -> BaseResponse:
    """End one session of the user."""
    with transaction():
        row = LISTING.get(wide_actor(), key)
        if number in [one.id for one in sessions.of_user(row.id)]:
            sessions.end(number)
    flash("That session has ended.", "ok")
    return redirect_to(PAGE.url("show", key=key))
