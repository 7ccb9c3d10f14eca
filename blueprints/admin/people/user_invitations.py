"""Shows the link by which a user chooses a password, to be handed over where no mail goes."""

from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions
from blueprints.admin.people.users import PAGE
from blueprints.auth.proof import proven
from blueprints.pages.htmx import is_partial
from blueprints.pages.session import need, private, wide_actor
from blueprints.services import own_url
from database import transaction
from domain.access import password_links
from domain.errors import Conflict
from domain.people import users
from domain.people.user_listing import LISTING


def register(bp: Any) -> None:
    """Register the address."""
    write = need("WRITE_USERS")
    bp.add_url_rule("/users/<int:key>/invitation", "users_invitation", write(proven(show)), methods=["POST"])


def show(key: int) -> BaseResponse:
    """Make a link and show it, this once; earlier ones work no more."""
    who = wide_actor()
    try:
        with transaction():
            own, row = LISTING.lock(who, key)
            link = users.invitation(own, row)
            token, name, until = password_links.token_of(link), row.email, link.expires_at
    except Conflict as error:
        return actions.refused(PAGE, key, error.message)
    url = own_url(request.host_url) + url_for("auth.password_link", token=token)
    template = "admin/_user_link_dialog.html" if is_partial() else "admin/user_link.html"
    return private(make_response(render_template(template, here=PAGE, key=key, name=name, url=url, until=until)))
