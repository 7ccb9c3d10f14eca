import json
import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import pairwise

import pytest
from pypdf import PdfReader

from config import from_environment
from domain.invoicing.documents import codes, rendering
from domain.invoicing.documents.document import Account, Brand, Kind, Picture, Totals, Way
from domain.invoicing.documents.languages import LANGUAGES, words
from domain.people import logo_files
from tests import pictures
from tests.domain.invoicing.documents.papers import (
    BUYER,
    SELLER,
    ink,
    line,
    metadata,
    pages,
    paper,
    period,
    said_by,
)

NAUGHTY = from_environment({}).shared_data / "bad_blns" / "blns.json"


@pytest.fixture
def plain(monkeypatch):
    """The documents that could not be made as wanted, and were made without the standard."""
    found, run = [], rendering._run

    def watched(prepared, **wanted):
        if wanted.get("pdf_standards") == rendering.NO_STANDARD:
            found.append(prepared)
        return run(prepared, **wanted)

    monkeypatch.setattr(rendering, "_run", watched)
    return found


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_document_of_any_kind_and_language_is_pdf_a_with_the_words_of_its_language(kind, language):
    made = rendering.pdf(paper(kind, language))
    (said,) = pages(made)
    assert words(language)[kind] in said
    assert f"{words(language)['page']} 1 {words(language)['of']} 1" in said
    assert re.search(r"<pdfaid:part>3</pdfaid:part>\s*<pdfaid:conformance>B</pdfaid:conformance>", metadata(made))
    assert PdfReader(BytesIO(made)).trailer["/Root"]["/Lang"] == language


def test_texts_are_ink_on_the_page():
    """A PDF whose fonts are not found has the texts all the same, and shows nothing."""
    full = paper(lines=[line(f"Candle {number}") for number in range(10)])
    (shown,), (empty,) = (rendering.pictures(one, ppi=36) for one in (full, paper(lines=[])))
    assert ink(shown) > ink(empty) + 1_000
    assert ink(empty) > 300


def test_the_fonts_are_those_that_are_shipped():
    made = rendering.pdf(paper(lines=[line("Κερί"), line("свічка"), line("נר"), line("شمعة")]))
    resources = [page["/Resources"]["/Font"].values() for page in PdfReader(BytesIO(made)).pages]
    names = {str(font.get_object()["/BaseFont"]).split("+")[1] for fonts in resources for font in fonts}
    assert {name.split("-")[0] for name in names} == {"Inter", "NotoSansHebrew", "NotoSansArabic"}


def test_the_same_document_gives_the_same_bytes():
    assert rendering.pdf(paper()) == rendering.pdf(paper())
    assert rendering.pdf(paper()) != rendering.pdf(paper(number="INV-000263"))


def test_a_paper_is_a4():
    for page in PdfReader(BytesIO(rendering.pdf(paper()))).pages:
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]


@pytest.mark.parametrize("text", [
    '#panic("x")', "*b* _i_ $x^2$ `c` @ref <l> #[x]", "// no /* comment */", "\\u{41} \\# \\", "#let x = 1; #x",
    "= Head", "- one", "/ a: b", '#import "_page.typ": *', "]})#sys.inputs", "~---...'\"", "{{ 7 * 7 }}", "<script>",
])
def test_what_people_write_is_text_and_never_markup(text, plain):
    said = pages(rendering.pdf(said_by(text)))[0]
    assert said.replace(" ", "").count(text.replace(" ", "")) >= 6
    assert plain == []


def test_no_naughty_string_stops_a_document(plain, caplog):
    if not NAUGHTY.is_file():
        pytest.skip(f"the naughty strings of {NAUGHTY} are not on this machine")
    strings = [one for one in json.loads(NAUGHTY.read_text()) if one.strip()]
    assert len(strings) > 500
    for start in range(0, len(strings), 40):
        few = strings[start:start + 40]
        assert pages(rendering.pdf(paper(lines=[line(one, note=one) for one in few], notes=few)))
    for text in strings[::25]:
        assert pages(rendering.pdf(said_by(text)))
    assert plain == []
    assert not [record for record in caplog.records if "stands for each" not in record.getMessage()]


def test_a_letter_that_no_font_has_becomes_a_box_and_is_named_in_the_log(plain, caplog):
    made = rendering.pdf(paper(buyer=replace(BUYER, name="김 & 中"), lines=[line("Candle 😀")]))
    assert "□ & □" in pages(made)[0]
    assert "pdfaid:part>3" in metadata(made)
    assert plain == []
    assert "U+AE40, U+4E2D, U+1F600" in caplog.text.replace("U+1F600, U+AE40, U+4E2D", "U+AE40, U+4E2D, U+1F600")
    assert "invoice INV-000262" in caplog.text


@pytest.mark.parametrize("count", [1, 200])
def test_each_page_says_which_it_is_of_how_many_and_repeats_the_heads(count):
    said = pages(rendering.pdf(paper(lines=[line(f"Candle {number}") for number in range(count)])))
    assert len(said) == {1: 1, 200: 7}[count]
    for number, page in enumerate(said, 1):
        assert f"Page {number} of {len(said)}" in page
        if "Candle" in page:
            assert "Description Quantity Unit price VAT Amount, net" in page
    assert all(any(f"Candle {number} " in page for page in said) for number in range(count))


def test_sums_so_far_stand_where_a_page_ends_and_where_the_next_begins():
    said = pages(rendering.pdf(paper(lines=[line(f"Candle {number}") for number in range(90)])))
    for before, after in pairwise(said):
        count = max(map(int, re.findall(r"Candle (\d+)", before)), default=-1) + 1
        if re.search(r"Candle \d+", after):
            expected = f"€{count * 108:,}.00"
            assert f"Carried forward {expected}" in before
            assert f"Brought forward {expected}" in after
    assert "Carried forward" not in said[-1]
    assert "Brought forward" not in said[0]


def test_a_statement_carries_its_balance_to_the_next_page():
    changes = [("invoice" if number % 2 else "payment", 100 + number) for number in range(60)]
    said = pages(rendering.pdf(paper(Kind.STATEMENT, statement=period(changes))))
    last = max(map(int, re.findall(r"X-(\d+)", said[0])))
    balance = sum(amount for _, amount in changes[:last + 1])
    assert f"Carried forward €{balance / 100:.2f}" in said[0]
    assert f"Closing balance €{sum(amount for _, amount in changes) / 100:.2f}" in said[-1]


def test_words_longer_than_a_column_are_broken_and_stay_on_the_page():
    word = "W" * 300
    made = rendering.pdf(said_by(word))
    assert "".join(pages(made)).replace(" ", "").count("W") >= 300 * 8
    picture = rendering.pictures(said_by(word), ppi=36)[0]
    assert ink(picture) > 0


def test_a_logo_is_on_the_paper_and_one_that_nothing_can_decode_is_left_out(plain, caplog):
    png, jpeg = (logo_files.read(raw) for raw in (pictures.png(300, 60, value=0x30), pictures.jpeg()))
    with_png, with_jpeg = (
        paper(brand=Brand("#b4532a", Picture(one.mime_type, one.width, one.height, one.body))) for one in (png, jpeg))
    bare = ink(rendering.pictures(paper(), ppi=36)[0])
    assert ink(rendering.pictures(with_png, ppi=36)[0]) > bare + 200
    assert plain == []
    assert pages(rendering.pdf(with_jpeg)) == pages(rendering.pdf(paper()))
    assert "pdfaid:part>3" in metadata(rendering.pdf(with_jpeg))


@pytest.mark.parametrize("colour", ["#ffe600", "#000000", "#ffffff", "#00ff80", "#808080"])
def test_any_colour_of_a_merchant_can_be_printed(colour, plain):
    assert pages(rendering.pdf(paper(brand=Brand(colour))))
    assert plain == []


def test_a_test_document_says_so_on_each_page():
    said = pages(rendering.pdf(paper(test=True, lines=[line() for _ in range(40)])))
    assert len(said) > 1
    assert all("Test document without effect" in page for page in said)
    assert "Test document" not in pages(rendering.pdf(paper()))[0]


def test_the_box_says_how_to_pay():
    account = Account(name="Maison Lumière SARL", iban="FR1420041010050500013M02606", bic="PSSTFRPPPAR")
    code = codes.of_transfer(account, "EUR", 12_852, text="INV-000262")
    way = Way(account=account, reference="INV-000262", url="https://pay.example/i/8Qtw4hRk", code_svg=code,
              code_pays=True)
    said = pages(rendering.pdf(paper(way=way, due_on=date(2026, 12, 12))))[0]
    for words_ in ("How to pay", "FR14 2004 1010 0505 0001 3M02 606", "PSSTFRPPPAR", "Reference INV-000262",
                   "Scan with your banking app", "pay.example/i/8Qtw4hRk", "Due 12 December 2026"):
        assert words_ in said
    assert codes.of_transfer(account, "GBP", 12_852) == ""


def test_what_was_paid_and_credited_is_taken_off():
    totals = Totals(net_minor=10_800, tax_minor=2_052, total_minor=12_852, paid_minor=2_000, credited_minor=852,
                    due_minor=10_000)
    said = pages(rendering.pdf(paper(totals=totals)))[0]
    assert "Total €128.52 Paid -€20.00 Credited -€8.52 To pay €100.00" in said


def test_a_credit_note_names_the_invoice_that_it_corrects():
    corrected = ("INV-000262", date(2026, 10, 30))
    said = pages(rendering.pdf(paper(Kind.CREDIT_NOTE, number="CN-000001", corrects=corrected)))
    assert "Corrects invoice INV-000262 of 30 October 2026." in said[0]
    assert "Credit note CN-000001" in said[0]


def test_a_seller_without_details_is_printed_too(plain):
    made = rendering.pdf(paper(seller=type(SELLER)(name="Ada"), buyer=type(BUYER)(name="Bob"), lines=[], tax_groups=()))
    assert "Ada" in pages(made)[0]
    assert plain == []
