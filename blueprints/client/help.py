"""The knowledge base and announcements for customers: searched, read, and said to have helped or not."""

from contextlib import suppress
from typing import Any

from flask import abort, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import login
from blueprints.client.listed import LONGEST
from blueprints.pages.htmx import redirect_to
from blueprints.row_keys import row_key
from database import DatabaseBusy, transaction
from domain.support import announcements
from domain.support.knowledge import knowledge_base

ANSWERS = {"yes": True, "no": False}


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/help", "help", show_list, methods=["GET"])
    bp.add_url_rule("/help/<slug>", "article", show, methods=["GET"])
    bp.add_url_rule("/help/<slug>", "rate_article", rate, methods=["POST"])
    bp.add_url_rule("/news", "news", show_news, methods=["GET"])


def show_list() -> BaseResponse:
    """Articles that have all words of the search, else the most read ones; of one category, if one is chosen."""
    who, search = login.actor(), request.args.get("q", "").strip()[:LONGEST]
    categories = knowledge_base.categories(who)
    chosen = next((one for one in categories if one.id == row_key(request.args.get("category", ""))), None)
    found = knowledge_base.search(who, search, category_id=chosen.id if chosen is not None else None)
    return make_response(render_template(
        "client/help.html", **login.common(), here="help", search=search, categories=categories, chosen=chosen,
        found=knowledge_base.shown(found, search),
    ))


def show(slug: str) -> BaseResponse:
    """An article. That it was read is counted, but not when a browser only looks ahead."""
    who, shown = login.actor(), login.common()
    article = knowledge_base.by_slug(who, slug)
    said = knowledge_base.said(who, article)
    page = render_template("client/article.html", **shown, here="help", article=article, said=said)
    if "prefetch" not in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        with suppress(DatabaseBusy), transaction():     # the page matters more than the count
            knowledge_base.count_view(who, article.id)
    return make_response(page)


def rate(slug: str) -> BaseResponse:
    """Store whether an article helped."""
    who = login.writing_actor()
    article = knowledge_base.by_slug(who, slug)
    helped = ANSWERS.get(request.form.get("helped", ""))
    if helped is None:
        abort(400)
    with transaction():
        knowledge_base.say(who, article.id, helped=helped)
    return redirect_to(url_for("client_area.article", slug=slug))


def show_news() -> BaseResponse:
    """What is announced to the customer, the newest first."""
    return make_response(render_template(
        "client/news.html", **login.common(), here="news", news=announcements.recent(login.actor())))
