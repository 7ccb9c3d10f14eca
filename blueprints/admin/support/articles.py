"""Pages of articles: the list, the form with a preview, the rendered text, and the texts of before."""

from collections.abc import Iterator
from typing import Any

from flask import flash, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import records, tabs
from blueprints.admin.crud.form_fields import Field, Section, pairs, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from blueprints.row_keys import row_key
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict
from domain.markdown import LONGEST
from domain.pages import Page, Query, Record
from domain.support import tickets
from domain.support.knowledge import article_categories, article_texts, articles, suggestions
from models.article import Article, ArticleStatus

STATUS = pairs(ArticleStatus)
MOST_CATEGORIES = 500
TABS = (("Articles", "admin.articles_list"), ("Categories", "admin.article_categories_list"))
WRITING = "Markdown: # heading, **bold**, * list, [text](https://…). HTML and pictures are not shown."
PART = "versions"
VERSIONS = 25                           # of a page


def categories(who: Actor) -> list[tuple[str, str]]:
    """The categories by name."""
    query = Query(sort="name", descending=False, limit=MOST_CATEGORIES)
    return [(str(one.id), one.name) for one in article_categories.LISTING.page(who, query).records]


def values(row: Article) -> dict[str, Any]:
    """An article's values for the form."""
    return {name: getattr(row, name) for name in ("title", "category_id", "slug", "status", "content")}


PAGE = ListPage(
    resource=articles.RESOURCE,
    tabs=TABS,
    title="Articles",
    group="Support",
    position=183,
    icon="book",
    about="The knowledge base: answers that customers find by themselves.",
    columns=(
        Column(name="title", kind="link", sort="title"),
        Column(name="category_name", title="Category", fixed_by="category_id"),
        Column(name="status", kind="tag"),
        Column(name="views", kind="number", sort="views"),
        Column(name="helped", kind="number", sort="helped", minor=True),
        Column(name="not_helped", title="Did not help", kind="number", sort="not_helped", minor=True),
        Column(name="updated_at", title="Changed", kind="ago", sort="updated_at"),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=ArticleStatus),
        ListFilter(name="category_id", title="Category", choices=categories, read=int),
    ),
    sections=(
        Section("Article", (
            Field(name="title", required=True),
            Field(name="category_id", label="Category", kind="select", choices=categories, blank="None"),
            Field(name="slug", label="Address", hint="Lower-case letters, digits, hyphens. Empty: from the title."),
            Field(name="status", kind="select", choices=STATUS),
            Field(name="content", kind="area", label="Text", required=True, wide=True, fact=unsaid,
                  hint=f"{WRITING} At most {LONGEST:,} characters."),
        )),
    ),
    values=values,
    tones={"draft": "", "published": "ok"},
    name=lambda row: row.title,
    note=lambda row: row.category_name,
    form="admin/article_form.html",
    show="admin/article.html",
    details="admin/_article.html",
    named_by="article_id",
)


def register(bp: Any) -> None:
    """Register the tab of earlier texts, the preview in forms, suggestions, and bringing a text back."""
    tabs.add(20, provide)
    write = need(articles.RESOURCE.write_scope)
    bp.add_url_rule("/markdown/preview", "markdown_preview", write(preview), methods=["POST"])
    bp.add_url_rule(
        f"{PAGE.path}/suggest", "articles_suggest", need(tickets.RESOURCE.write_scope)(suggest), methods=["POST"])
    place = f"{PAGE.path}/<int:key>/versions/<int:number>/restore"
    bp.add_url_rule(place, "articles_restore_version", write(restore_version), methods=["POST"])


def preview() -> str:
    """The text of a form as customers will read it; nothing is stored."""
    return render_template("admin/_markdown_preview.html", text=request.form.get("content", ""), longest=LONGEST)


def suggest() -> str:
    """Published articles that may answer the ticket that is being written."""
    key, subject, message = (request.form.get(name, "") for name in ("key", "subject", "message"))
    number, listing = row_key(key), tickets.RESOURCE.listing
    who = records.acting_new() if number is None else wide_actor().for_row(listing.get(wide_actor(), number))
    return render_template(
        "admin/_article_suggestions.html", found=suggestions.suggest(who, f"{subject}\n{message}"), here=PAGE)


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The tab of an article with the texts that it had before."""
    if here is PAGE and record.text_number > 1:
        yield Tab(
            name=PART, title="Earlier texts", template="admin/_article_versions.html",
            context=lambda: earlier(record), count=str(record.text_number - 1))


def earlier(record: Any) -> dict[str, Any]:
    """The earlier texts, the newest first, and the one that the URL names."""
    total = record.text_number - 1
    number = min(row_key(request.args.get("page", "")) or 1, max(1, -(-total // VERSIONS)))
    offset, wanted = VERSIONS * (number - 1), row_key(request.args.get("version", ""))
    rows = article_texts.earlier(record, VERSIONS, offset)

    def link(page: int) -> str:
        return PAGE.url("show", key=record.id, tab=PART, page=page if page > 1 else None)

    return {
        "versions": Page([Record(row, {}) for row in rows], total, VERSIONS, offset), "link": link,
        "chosen": article_texts.version(record, wanted) if wanted is not None and 0 < wanted <= total else None,
    }


def restore_version(key: int, number: int) -> BaseResponse:
    """Give the article a text that it had before; the present one stays among the earlier texts."""
    try:
        with transaction():
            own, article = articles.LISTING.lock(wide_actor(), key)
            article_texts.bring_back(own, article, number)
    except Conflict as error:
        flash(error.message, "bad")
    else:
        flash(f"Text {number} is the present text again. The one before it was kept.", "ok")
    return redirect_to(PAGE.url("show", key=key))
