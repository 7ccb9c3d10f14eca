import random

import pytest

from domain.invoicing.documents import fonts, rendering
from domain.invoicing.documents.letters import Letters
from tests.domain.invoicing.documents.papers import line, paper


def prepared(text):
    letters = Letters()
    return letters.text(text), "".join(letters.missing)


WRITTEN = ["Plain", "Ünïcödé", "Ελλάδα", "Україна", "שלום", "مرحبا", "Việt Nam", "€ − ’", "a\nb"]


def printed(document, **texts):
    """The PDF by typst alone, of texts that were not prepared."""
    known = rendering.Layout(document).texts() | {"fonts": fonts.families(), "logo_svg": ""} | texts
    return rendering._run(rendering._prepared(document, known), format="pdf", pdf_standards=rendering.STANDARD)


@pytest.mark.parametrize("text", WRITTEN)
def test_what_the_fonts_have_stays(text):
    assert prepared(text) == (text, "")


@pytest.mark.parametrize(("text", "printed", "missing"), [
    ("中文", "□□", "中文"), ("a😀b", "a□b", "😀"), ("हि", "□", "हि"),
    ("a\x00b\x07c", "abc", ""), ("a\u202eb", "ab", ""), ("a\u2003b", "a b", ""), ("a\u3000b", "a b", ""),
    ("a\tb", "a b", ""),
    ("a\r\nb\rc\u2028d", "a\nb\nc\nd", ""), ("\ud800", "□", "\ud800"), ("e\u0301", "é", ""), ("☺️", "□", "☺"),
])
def test_what_no_font_has_is_replaced_and_what_nobody_sees_is_left_out(text, printed, missing):
    assert prepared(text) == (printed, missing)


def test_only_long_words_get_places_to_break_and_never_before_an_accent():
    assert prepared("a" * 24)[0] == "a" * 24
    assert prepared("a" * 30)[0] == "\u200b".join(["a" * 8] * 3 + ["a" * 6])
    assert prepared("x " * 40)[0] == "x " * 40
    accents = prepared("x\u0321" * 20)[0]
    assert "\u200b\u0321" not in accents
    assert accents.replace("\u200b", "") == "x\u0321" * 20


def test_names_of_pictures_are_not_touched():
    given = {"code_svg": "<svg 中/>", "name": "中", "rows": [["中"], 3]}
    assert Letters().prepared(given) == {"code_svg": "<svg 中/>", "name": "□", "rows": [["□"], 3]}


def test_every_letter_that_the_tables_of_the_fonts_name_can_be_printed():
    """Typst reads the same fonts: a letter that it cannot print is an error there."""
    known = sorted(one for one in fonts.letters() if chr(one).isprintable() and not 0x300 <= one < 0x370)
    assert len(known) > 4_000
    some = random.Random(1).sample(known, 900)
    for start in range(0, len(some), 300):
        text = " ".join(map(chr, some[start:start + 300]))
        assert prepared(text)[1] == ""
        assert printed(paper(lines=[line(text)]))


def test_a_letter_that_the_tables_do_not_name_is_refused_by_typst():
    with pytest.raises(RuntimeError, match="could not be displayed"):
        printed(paper(), title="中")


def test_the_tables_of_formats_4_and_12_are_both_read():
    names = ("Inter-Regular.otf", "NotoSansHebrew-Regular.ttf")
    inter, hebrew = ((fonts.SHIPPED / name).read_bytes() for name in names)
    assert {0x41, 0x20AC, 0x416, 0x1F130} <= fonts.characters(inter)            # the last one is beyond 16 bits
    assert {0x5D0, 0x5EA, 0x20AA} <= fonts.characters(hebrew)
    assert not {0x4E2D, 0x627} & (fonts.characters(inter) | fonts.characters(hebrew))


def test_each_font_has_its_licence_beside_it():
    names = {path.name for path in fonts.SHIPPED.iterdir()}
    for name in names:
        assert name.startswith(("Inter-", "NotoSans", "LICENSE-"))
    assert {"LICENSE-Inter.txt", "LICENSE-Noto.txt"} < names
    assert "SIL OPEN FONT LICENSE" in (fonts.SHIPPED / "LICENSE-Noto.txt").read_text()
