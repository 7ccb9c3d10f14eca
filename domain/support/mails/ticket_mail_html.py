"""Turns mails that are HTML alone into text: lines, links with their addresses, quotes with the marks of plain text."""

import re
from html.parser import HTMLParser

UNSEEN = frozenset({"head", "style", "script", "title", "template", "noscript", "svg", "object"})
BLOCKS = frozenset({
    "address", "article", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
})
PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"})
DEEPEST = 50                            # levels of quotes that are marked


class _Reader(HTMLParser):
    """Collects lines with the depth of their quotes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._unseen = self._pre = 0
        self._quotes: list[str] = []            # the elements that opened a quote, and those inside them
        self._links: list[tuple[str, int]] = []

    @property
    def depth(self) -> int:
        return min(sum(one.startswith("!") for one in self._quotes), DEEPEST)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        if self._unseen:
            return
        given = dict(attrs)
        if tag == "br":
            self.end_line()
        elif tag == "blockquote":
            self.end_line(block=True)
            self._quotes.append("!blockquote")
        elif tag in BLOCKS:
            self.end_line(block=True, gap=tag in PARAGRAPHS)
            if tag == "li":
                self._line.append("* ")
        elif tag in ("td", "th") and self._line:
            self._line.append(" ")
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self._line)))
        elif tag == "img" and given.get("alt"):
            self._line.append(f"[{given['alt']}]")
        self._pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if self._unseen:
            return
        if tag == "blockquote":
            self.end_line(block=True)
            if self._quotes:
                self._quotes.pop()
        elif tag in BLOCKS:
            self.end_line(block=True, gap=tag in PARAGRAPHS)
            if tag == "pre":
                self._pre = max(0, self._pre - 1)
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())

    def _end_link(self, href: str, since: int) -> None:
        """Write the address behind a link whose words are others."""
        words = "".join(self._line[since:]).strip()
        is_said = not words or words.rstrip("/") in href or href.removeprefix("mailto:") == words
        if re.match(r"https?://", href) and not is_said:
            self._line.append(f" <{href}>")

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._pre:
            first, *more = data.split("\n")
            self._line.append(first)
            for one in more:
                self.end_line()
                self._line.append(one)
        else:
            self._line.append(re.sub(r"[ \t\r\n\f]+", " ", data))

    def end_line(self, *, block: bool = False, gap: bool = False) -> None:
        """End the line; a block ends one only where there is one, and a paragraph leaves a gap behind."""
        words = "".join(self._line)
        words = words.rstrip() if self._pre else re.sub(r"[ \u00a0]+", " ", words).strip()
        if words == "--":
            words = "-- "                        # the line before a signature
        self._line = []
        if words or not block:
            self.lines.append((self.depth, words))
        if gap and self.lines and self.lines[-1][1]:
            self.lines.append((self.depth, ""))


def text_of(html: str) -> str:
    """The text of HTML; never raises."""
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError, RecursionError):         # the standard library's, for broken declarations
        return re.sub(r"<[^>]{0,1000}>", " ", html)
    reader.end_line(block=True)
    lines = [f"{'>' * depth}{' ' if depth and words else ''}{words}" for depth, words in reader.lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
