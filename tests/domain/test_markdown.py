"""Markdown: what is written is shown, and nothing of it runs, loads or leads astray."""

import re
import time

import pytest

from domain import highlights, markdown

ALLOWED = re.compile(
    r'</?(?:p|h[2-6]|li|blockquote|td|th|ul|ol|em|strong|s|code|pre|br|hr|table|thead|tbody|tr|a|div)'
    r'(?: (?:dir="auto"|start="\d+"|class="md-(?:right|center|table)"|tabindex="0"|role="group"|aria-label="Table"'
    r'|rel="nofollow noopener noreferrer"|href="(?:https?|mailto|tel):[^"<>]*"))*>', re.IGNORECASE)
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b onclick=alert(1)>x</b>",
    "<!-- x --><svg/onload=alert(1)>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))", "[x](java\tscript:alert(1))", "[x](<javascript:alert(1)>)",
    "[x](javascript&colon;alert(1))", "[x](\x01javascript:alert(1))", "[x]( javascript:alert(1))", "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](DATA:image/svg+xml,<svg>)", "[x](file:///etc/passwd)",
    "[x](//evil.example)", "[x](\\\\evil.example)", "[x](/logout)", "[x](?a=b)", "[x](#main)", "[x](:)",
    "[x](https:)", "<javascript:alert(1)>", "<data:text/html,x>", "[x]: javascript:alert(1)\n\n[x]",
    "[x][1]\n\n[1]: data:text/html,x 'y'", "![x](https://evil.example/x.png)", "![x](data:image/png;base64,AAAA)",
    "![x](javascript:alert(1))", "![x][1]\n\n[1]: http://e/x",
    "[![x](https://evil.example/x.png)](javascript:alert(1))", '[x](https://e "onmouseover=alert(1) \\" x=")',
    '[x](https://e/"onmouseover="alert(1))', "[x](https://e/<script>)", "`<script>`",
    "```\"><script>alert(1)</script>\n</code>\n```", "    <script>", "# <script>", "|<script>|\n|-|\n|<img src=x>|",
    "&lt;script&gt;", "&#60;script&#62;", "\\<script>", "**<b**>", "~~<s>~~", "<style>*{display:none}</style>",
    "<iframe src=//e>", "<a href='javascript:x'>y</a>", "<table><tr onload=x>", "<form action=//e><button>",
    "<div class=\"md-table\" style=\"position:fixed\">", "<math><mtext><script>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_could_do_harm_is_text(text):
    shown = markdown.html(text)
    assert not re.search(r"<(?!/?\w)", shown)
    assert re.findall(r"<[^>]*>", shown) == ALLOWED.findall(shown)
    for scheme in re.findall(r'href="([^":]*):', shown):
        assert scheme in markdown.SCHEMES
    assert "src=x onerror" not in re.sub(r"&lt;.*?&gt;", "", shown)


def test_nothing_of_what_could_do_harm_is_lost():
    assert markdown.html("<b onclick=x>y</b> [x](javascript:z)") == (
        '<p dir="auto">&lt;b onclick=x&gt;y&lt;/b&gt; [x](javascript:z)</p>\n')


def test_links_lead_to_the_web_mail_and_telephones():
    for address in ("https://example.org/a?b=c&d=%20", "http://example.org", "mailto:ada@example.org", "tel:+4930123"):
        shown = markdown.html(f"[x]({address})")
        assert shown == f'<p dir="auto"><a href="{address.replace("&", "&amp;")}" rel="{markdown.REL}">x</a></p>\n'
    assert '<a href="https://example.org"' in markdown.html("<https://example.org>")
    assert '<a href="mailto:ada@example.org"' in markdown.html("<ada@example.org>")
    assert "<a" not in markdown.html("https://example.org is plain text")


def test_a_link_in_a_link_and_a_picture_in_a_link_are_one_link():
    shown = markdown.html("[a [b](https://b.example) c](https://c.example)")
    assert shown.count("<a ") == shown.count("</a>") == 1
    shown = markdown.html("[![*picture* of <x>](https://evil.example/x.png)](https://c.example)")
    assert shown == (
        f'<p dir="auto"><a href="https://c.example" rel="{markdown.REL}">picture of &lt;x&gt;</a></p>\n')


def test_headings_begin_below_the_title_and_skip_no_level():
    text = "### First\n\n# Second\n\n###### Third\n\n###### Fourth\n\nSetext\n---"
    assert re.findall(r"<(h\d)", markdown.html(text)) == ["h2", "h2", "h3", "h4", "h3"]
    assert re.findall(r"<(h\d)", markdown.html(text, 4)) == ["h4", "h4", "h5", "h6", "h5"]
    assert re.findall(r"<(h\d)", markdown.html("# a\n" * 3 + "## b\n### c\n#### d\n##### e", 4)) == [
        "h4", "h4", "h4", "h5", "h6", "h6", "h6"]


def test_a_table_scrolls_and_its_columns_are_aligned_by_class():
    shown = markdown.html("|a|b|c|\n|-|-:|:-:|\n|1|2|3|\n\n|x|\n|-|")
    assert shown.count('<div class="md-table" tabindex="0" role="group" aria-label="Table"><table>') == 2
    assert shown.count("</table></div>") == 2
    assert '<td dir="auto" class="md-right">2</td>' in shown
    assert '<th dir="auto" class="md-center">c</th>' in shown
    assert "style" not in shown
    assert markdown.html("`<table>`") == '<p dir="auto"><code>&lt;table&gt;</code></p>\n'


def test_texts_that_are_read_from_right_to_left_say_their_direction_by_block():
    shown = markdown.html("# فاتورة\n\nمرحبا\n\n* واحد\n\n> اقتباس\n\nLatin")
    for block in ("h2", "p", "li", "blockquote"):
        assert f'<{block} dir="auto">' in shown


def test_the_rest_of_markdown_is_rendered():
    shown = markdown.html(
        "**b** *i* ~~s~~ `c`  \nnew\n\n3. x\n4. y\n\n---\n\n> q\n\n    code <x>\n\n```python\nf(1)\n```")
    for part in ("<strong>b</strong>", "<em>i</em>", "<s>s</s>", "<code>c</code><br>", '<ol start="3">', "<hr>",
                 "<pre><code>code &lt;x&gt;\n</code></pre>", "<pre><code>f(1)\n</code></pre>"):
        assert part in shown


@pytest.mark.parametrize("text", [
    "[" * 50_000, "> " * 25_000, "[a](" * 12_500, "*a **a " * 7_000, "".join(" " * n + "* a\n" for n in range(300)),
    "`a``" * 12_000, "&#" * 25_000, "<a" * 25_000, "![" * 25_000, "_" * 50_000, "x" * 50_000, "\\" * 50_000,
    "|a" * 25_000, "|a" * 200 + "\n" + "|-" * 200 + "\n" + ("|x" * 200 + "\n") * 100, "[a]: x\n" * 7_000,
    "\u202e" * 50_000,
], ids=range(16))
def test_the_longest_texts_are_rendered_in_seconds(text):
    began = time.process_time()
    markdown.html(text[:markdown.LONGEST])
    markdown.plain(text[:markdown.LONGEST])
    assert time.process_time() - began < 10


def test_the_plain_text_has_every_word_and_no_markup():
    text = "# A\n\nb **c** [d](https://e.example) ![f](https://g) `h`\ni\n\n* j\n\n|k|\n|-|\n|l|\n\n```\nm\n```\n\n<n>"
    assert markdown.plain(text) == "A\nb c d f h i\nj\nk\nl\nm\n<n>"


# Hits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "words", "parts"), [
    ("An invoice", ["voic"], [("An in", False), ("voic", True), ("e", False)]),
    ("Café Straße", ["cafe", "ss"], [("Café", True), (" Stra", False), ("ß", True), ("e", False)]),
    ("ﬁne", ["fi"], [("ﬁ", True), ("ne", False)]),
    ("aaa", ["aa"], [("aa", True), ("a", False)]),
    ("ab bc", ["ab", "b b"], [("ab b", True), ("c", False)]),
    ("<b>", ["b"], [("<", False), ("b", True), (">", False)]),
    ("", ["x"], []), ("x", [], [("x", False)]), ("\u200bx", ["x"], [("\u200b", False), ("x", True)]),
])
def test_hits_are_marked_in_the_text_as_it_was_written(text, words, parts):
    assert highlights.marked(text, words) == parts


def test_a_long_text_is_cut_around_its_first_hit():
    text = "word " * 100 + "\n\ninvoice " + "more " * 100
    shown = "".join(piece for piece, _ in highlights.excerpt(text, ["invoice"]))
    assert shown.startswith("… word")
    assert "word invoice more" in shown
    assert shown.endswith("more …")
    assert "".join(piece for piece, _ in highlights.excerpt("x" * 2_000, ["y"])).startswith("xxx")
    assert highlights.excerpt("", ["y"]) == []
    assert highlights.excerpt("short text", ["text"]) == [("short ", False), ("text", True)]
