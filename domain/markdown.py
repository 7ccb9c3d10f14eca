"""Reads Markdown: as HTML that can do no harm, and as plain text.

CommonMark with tables and strikethrough. HTML within it is text; a picture is its description, because
pages load nothing from other hosts; a link leads to the web, to a mail address or to a telephone number, and
any other is left as it was written. What is rendered goes through a list of allowed elements besides.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from domain.inputs import schema_facts, validators
from domain.inputs.validators import wrong

LONGEST = 50_000                        # characters
KEPT = 64                               # rendered texts of a process
SCHEMES = ("http", "https", "mailto", "tel")
REL = "nofollow noopener noreferrer"
TAGS = frozenset({
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
})
BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "td", "th"})
ATTRIBUTES = {"*": set[str](), **{tag: {"dir"} for tag in TAGS & BLOCKS}, "a": {"href"}, "ol": {"start"}} | {
    tag: {"class", "dir"} for tag in ("td", "th")}
ALIGNED = {"text-align:right": "md-right", "text-align:center": "md-center"}
DEEPEST = 6                             # level of a heading
# Of wide tables: a part of the page that scrolls, also by keys.
SCROLLED = '<div class="md-table" tabindex="0" role="group" aria-label="Table"><table>'
BREAKS = re.compile(r"\r\n?")


def _source(value: Any) -> Any:
    """The text with one kind of line end; otherwise as it was written."""
    return BREAKS.sub("\n", validators.string(value))


def _not_blank(value: str) -> str:
    if not value.strip():
        raise wrong("blank", "can't be blank")
    return value


Markdown = Annotated[
    str, Field(min_length=1, max_length=LONGEST), AfterValidator(_not_blank), BeforeValidator(_source),
    schema_facts.VISIBLE,
]


@lru_cache(maxsize=KEPT)
def html(text: str, top: int = 2) -> str:
    """Harmless HTML of the text. Its highest heading is of the level `top`, and none skips a level."""
    import nh3  # with the parser 40 ms, which commands do not need

    reader = _reader()
    rendered = reader.renderer.render(_prepared(reader.parse(text), top), reader.options, {})
    clean = nh3.clean(
        rendered, tags=set(TAGS), attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES), link_rel=REL,
    )
    return clean.replace("<table>", SCROLLED).replace("</table>", "</table></div>")


def plain(text: str) -> str:
    """The words of the text without markup: a line for each paragraph, heading, cell or line of code."""
    return "\n".join(line for token in _reader().parse(text) if (line := _words(token).strip()))


@cache
def _reader() -> Any:
    from markdown_it import MarkdownIt  # as above

    reader: Any = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.validateLink = _is_allowed
    reader.renderer.rules["image"] = _description
    return reader


def _is_allowed(address: str) -> bool:
    """Whether a link may lead to the address, which has a scheme then."""
    scheme, colon, rest = address.partition(":")
    return bool(colon and rest) and scheme.lower() in SCHEMES


def _description(tokens: Sequence[Any], place: int, *_: Any) -> str:
    """A picture as its description."""
    from markdown_it.common.utils import escapeHtml  # as above

    return escapeHtml(_words(tokens[place]))


def _words(token: Any) -> str:
    """The text of a token and of what is in it."""
    if token.children is not None:
        return "".join(map(_words, token.children))
    return " " if token.type in ("softbreak", "hardbreak") else str(token.content)


def _prepared(tokens: list[Any], top: int) -> list[Any]:
    """The tokens with the directions of texts, levels of headings, and alignment by class."""
    for token in tokens:
        if token.nesting == 1 and token.tag in BLOCKS:
            token.attrSet("dir", "auto")
            style = token.attrs.pop("style", "")
            if style in ALIGNED:
                token.attrSet("class", ALIGNED[str(style)])
    for token, level in _levels(tokens, top):
        token.tag = f"h{level}"
    return tokens


def _levels(tokens: list[Any], top: int) -> Iterator[tuple[Any, int]]:
    """The heading tokens with their levels: in the order of the text, none more than one below the heading before."""
    level = top - 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(level + 1, DEEPEST, top - 1 + int(token.tag[1]))
        if token.type in ("heading_open", "heading_close"):
            yield token, level
