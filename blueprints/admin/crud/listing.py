"""Declares the pages of a noun: columns, filters, forms and actions. Example: `customers`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict

from blueprints.admin.crud.form_fields import MANY, Section
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.auth.proof import proven
from blueprints.pages.format import words
from blueprints.pages.htmx import is_partial, page_or_part
from blueprints.pages.session import actor, may, wide_actor
from blueprints.row_keys import page_number
from domain.actor import Actor
from domain.errors import Problem
from domain.inputs import lists_of
from domain.list_parts import Children
from domain.listing import Listing
from domain.pages import Page, Query, Record
from domain.resource import Action, Resource

PER_PAGE = 25
SIZES = (25, 50, 100)               # rows of a page that a person may choose
OF_LISTS = ("list", "export", "bulk")       # views of a part of a noun's rows; any other is the noun's own
FIGURES = ("money", "price", "percent", "number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `kind` decides how a value is shown: see templates/admin/_cells.html."""

    name: str
    title: str = ""
    kind: str = "text"              # text, link, tag, ago, when, day, money, price, flag, mono
    sort: str = ""                  # the listing's name of its order, where it can be sorted by
    editable: str = ""              # the input's field that an inline edit changes
    choices: Sequence[tuple[str, str]] = ()
    shown: Callable[[Any], Any] | None = None       # the text or value of a row, instead of the value
    minor: bool = False             # not shown on narrow screens, where a row has room for four columns
    fixed_by: str = ""              # the filter that makes it the same in all rows: customer_id

    @property
    def heading(self) -> str:
        return self.title or words(self.name)


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """Declares a noun's pages: its list, its forms, its record."""

    resource: Resource
    title: str
    icon: str
    about: str
    columns: tuple[Column, ...]
    file_columns: tuple[Column, ...] = ()                           # of the exported file, after the others
    list_filters: tuple[ListFilter, ...] = ()
    sections: tuple[Section, ...] = ()
    values: Callable[[Any], dict[str, Any]] = lambda row: {}        # a row's values in its form
    sort: str = "-created_at"
    sort_of_part: str = ""                                          # of the rows of one record, if not the same
    tones: Mapping[str, str] = field(default_factory=dict)          # status -> tone of its tag
    name: Callable[[Any], str] = lambda row: row.name               # a row's name in messages
    form: str = "admin/form.html"
    show: str = "admin/show.html"
    details: str = "admin/_details.html"                            # the first tab of the record's page
    context: Callable[[Any], dict[str, Any]] = lambda row: {}       # more values for the record's page
    read: Callable[[MultiDict[str, str]], MultiDict[str, str]] = lambda typed: typed    # the form for the domain
    explain: Callable[[str, Problem], tuple[str, Problem]] = lambda name, problem: (name, problem)   # as this form says
    choices: Callable[[Actor], dict[str, Any]] = lambda who: {}     # more choices for the form
    can_edit: Callable[[Any], bool] = lambda record: True           # the record can still be changed
    then: tuple[str, ...] = ()                                   # actions that buttons of the form do when it is saved
    warnings: Callable[[str, Any], Sequence[str]] = lambda verb, record: ()     # more texts of a confirmation
    named_by: str = ""                                              # the filter of other lists with a row's id
    trail_name: str = ""                                            # the noun's name in the audit trail
    audit_verbs: Mapping[str, str] = field(default_factory=dict)          # verb in the audit trail -> its text
    guarded: bool = False                                           # its writes ask for the password again
    opens: bool = True                                              # a row has a page of its own
    found_at: Callable[[Any], str] | None = None                    # a row's URL in the palette, if it has no page
    mount: str = ""                                                 # the URL below /admin, if not the name
    group: str | None = None                                        # its heading in the navigation
    world: bool | None = None                                       # True: in the navigation of the test world only
    position: int = 0                                               # its order there
    apart: str = ""                                                 # the reason why it is not in the navigation
    keys: str = ""                                                  # its letter: g x opens it, c x its form
    note: Callable[[Any], str | None] = lambda row: ""              # the palette's text beside a row's name
    tabs: tuple[tuple[str, str], ...] = ()                          # lists that belong together: title, endpoint
    views: tuple[tuple[str, Mapping[str, str]], ...] = ()           # the list with usual filters: title, their values
    view_counts: Mapping[str, Callable[[Actor], int]] = field(default_factory=dict)  # the number beside a view's title
    needs_merchant: bool = True                                     # a creation under All asks for one
    listed: Callable[[], Response] | None = None                    # the view of the list, if not the usual one
    edit_title: str = "Edit"                                        # of the button that opens the form
    part: str = ""                                                  # of a noun's rows: begins the list's endpoints
    empty: str = ""                                                 # the title of a list without rows
    more_children: Mapping[str, Children] = field(default_factory=dict)   # that columns show, besides the listing's
    row_words: tuple[str, str] = ("", "")                           # for one row and for several, if not the noun's
    in_row: tuple[str, ...] = ()                                    # verbs, or edit: the first offered is a button

    def __post_init__(self) -> None:
        slug = self.resource.noun.lower().replace(" ", "_")
        object.__setattr__(self, "trail_name", self.trail_name or slug)
        object.__setattr__(self, "named_by", self.named_by or f"{slug}_id")
        if self.resource.input is not None:
            MANY.update(lists_of(self.resource.input))

    def guard(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """The view of a write, which asks for the password again where that is declared."""
        return proven(view) if self.guarded else view

    @property
    def path(self) -> str:
        return self.mount or f"/{self.resource.name}"

    @property
    def plural(self) -> str:
        """The title within a sentence: customers, but API keys."""
        return self.title if self.title[:2].isupper() else self.title[:1].lower() + self.title[1:]

    @property
    def nouns(self) -> tuple[str, str]:
        """The words for one row and for several: task and tasks, though the title is Outbox."""
        several = self.plural if self.title[:2].isupper() else self.resource.name.replace("_", " ")
        return self.row_words if self.row_words[0] else (self.resource.noun, several)

    @property
    def searchable(self) -> bool:
        return bool(self.resource.listing.search)

    def endpoint(self, view: str) -> str:
        name = self.part if self.part and view in OF_LISTS else self.resource.name
        return f"admin.{name}_{view}"

    def url(self, view: str, /, **values: Any) -> str:
        """The URL of one of the noun's views."""
        return url_for(self.endpoint(view), **values)

    def at(self, key: int, rest: str = "") -> str:
        """The URL of a row, or of a view below it; built by hand, because pages have many of them."""
        return f"{request.script_root}/admin{self.path}/{key}{rest}"

    def link(self, **changed: Any) -> str:
        """This list with other parameters; None drops one."""
        args: dict[str, Any] = {name: value for name, value in request.args.items() if value}
        args.update(changed)
        kept = {name: value for name, value in args.items() if value is not None}
        return self.url("list") + ("?" + urlencode(kept) if kept else "")

    @property
    def chosen(self) -> Mapping[str, str]:
        """The values of the filters in the URL, as texts."""
        return {one.name: one.raw for one in self.list_filters if one.raw}

    @property
    def unfiltered(self) -> str:
        """This list with all rows."""
        return self.url("list", **{one.name: one.without for one in self.list_filters if one.without})

    def counted(self, title: str) -> int:
        """The number beside a view's title; 0 shows none."""
        return self.view_counts[title](actor()) if title in self.view_counts else 0

    @property
    def creates(self) -> bool:
        """Whether this user may create a row here."""
        possible = bool(self.sections and self.resource.create) and may(self.resource.write_scope)
        return possible and self.resource.may_create(wide_actor())

    @cached_property
    def verbs(self) -> Mapping[str, Action]:
        """The actions that pages offer: those with a title."""
        return {verb: action for verb, action in self.resource.verbs.items() if action.title}

    @cached_property
    def bulk(self) -> Mapping[str, Action]:
        """The actions that can be done to many rows at once."""
        return {verb: action for verb, action in self.verbs.items() if action.bulk}

    def offered(self, record: Any) -> list[tuple[str, Action]]:
        """The actions that this user may take on this row now."""
        if not may(self.resource.write_scope):
            return []
        who = wide_actor()
        return [(verb, action) for verb, action in self.verbs.items() if action.offered(who, record)]

    def edits(self, record: Any) -> bool:
        """Whether the record has a form that can be opened now."""
        return bool(self.sections and self.resource.update and self.can_edit(record))

    def row_action(self, record: Any) -> tuple[str, Action | None] | None:
        """The action that is a button of its row, besides the menu; None for its form."""
        offered: dict[str, Action | None] = dict(self.offered(record)) if self.in_row else {}
        if self.in_row and self.edits(record):
            offered["edit"] = None
        return next(((verb, offered[verb]) for verb in self.in_row if verb in offered), None)

    @cached_property
    def in_lists(self) -> Listing:
        """The listing as lists read it: with its children only where a column may show something of them."""
        listing = self.resource.listing
        is_any_shown = any(column.shown for column in self.columns)
        return replace(listing, children={**listing.children, **self.more_children} if is_any_shown else {})

    @cached_property
    def names_merchant(self) -> bool:
        """Whether a column of its own says whose each row is."""
        return any(column.name == "merchant_name" for column in self.columns)

    @cached_property
    def places(self) -> Mapping[str, str]:
        """The place of each column on narrow screens."""
        return places_of(self.columns)

    def filters(self, who: Actor) -> dict[str, Any]:
        """The filters in the URL, typed."""
        return dict(found for found in (one.condition(who) for one in self.list_filters) if found is not None)

    @property
    def size(self) -> int:
        """The number of rows of a page, which the URL may set."""
        return next((size for size in SIZES if request.args.get("per") == str(size)), PER_PAGE)

    def query(self, who: Actor, *, limit: int = 0) -> Query:
        """The query of the URL, without invalid values."""
        limit = limit or self.size
        wanted = request.args.get("sort") or self.sort
        if wanted.lstrip("-") not in self.resource.listing.sort:
            wanted = self.sort
        words = request.args.get("q", "").strip()[:200].replace("\x00", "") if self.searchable else ""
        return Query(
            filters=self.filters(who), search=words,
            sort=wanted.lstrip("-"), descending=wanted.startswith("-"), limit=limit,
            offset=limit * (page_number(request.args.get("page", "1")) - 1),
        )

    def order(self, column: Column) -> tuple[str | None, str]:
        """The column's current order (for aria-sort), and the URL of the opposite order."""
        now = request.args.get("sort") or self.sort
        if now.lstrip("-") != column.sort:
            return None, self.link(sort=column.sort, page=None)
        descending = now.startswith("-")
        flipped = column.sort if descending else "-" + column.sort
        return "descending" if descending else "ascending", self.link(sort=flipped, page=None)

    def rows(self) -> Page:
        """The rows under the switcher's merchant; after the end the last page."""
        who = actor()
        query = self.query(who)
        page = self.in_lists.page(who, query)
        if page.records or not page.total:
            return page
        return self.in_lists.page(who, replace(query, offset=(page.pages - 1) * page.limit))


def places_of(columns: Sequence[Column]) -> dict[str, str]:
    """The place of each column on narrow screens, where a row has two lines: first … second, left … right."""
    shown = [column for column in columns if not column.minor]
    wanted = {
        "first": [column for column in shown if column.kind == "link"] or shown,
        "second": [column for column in shown if column.kind in FIGURES]
        or [column for column in shown if column.kind in ("day", "ago", "when", "flag")],
        "right": [column for column in reversed(shown) if column.kind == "tag"],
        "left": [column for column in shown if column.kind in ("text", "mono", "until")],
    }
    found: dict[str, str] = {}
    for place, candidates in wanted.items():
        column = next((one for one in candidates if one.name not in found), None)
        if column is not None:
            found[column.name] = place
    return {column.name: found.get(column.name, "gone") for column in columns}


def show_list(
    here: ListPage, whole: str = "admin/list.html", table: str = "admin/_table.html", **more: Any
) -> Response:
    """The list as a page, or its table alone."""
    page = here.rows()
    narrowed = bool(request.args.get("q") or here.filters(actor()))
    response = page_or_part(
        whole, "admin/_part.html", here=here, page=page, who=actor(), narrowed=narrowed, table=table, **more
    )
    shown = request.headers.get("HX-Current-URL", "")
    if is_partial() and not shown.endswith(here.link()):
        response.headers["HX-Push-Url"] = here.link()           # without the empty fields of the form
    return response


def value_of(record: Record, column: Column) -> Any:
    """A column's value of a row."""
    return getattr(record, column.name, None)
