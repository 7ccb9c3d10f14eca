"""The words of a reply: of mails that real programs wrote, between quotes, below them, and where all of it is kept."""

import time
from pathlib import Path

import pytest

from config import from_environment
from domain.support.mails import ticket_mail_reading
from domain.support.mails.ticket_mail_html import text_of
from domain.support.mails.ticket_mail_quotes import is_forward, words_of

REPLIES = from_environment({}).shared_data / "mail_replies"
SAMPLES = sorted(Path(REPLIES).glob("*.eml"))


@pytest.mark.skipif(not SAMPLES, reason="needs the replies of COUNTINGHOUSE_SHARED_DATA")
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_word_of_a_real_reply_is_hello(path):
    mail = ticket_mail_reading.read(path.read_bytes())
    assert words_of(mail.text) == "Hello"
    assert "Hello" in mail.text
    assert mail.automatic == ""


ENDINGS = {
    "gmail": "\n\nOn Mon, Apr 2, 2012 at 5:44 PM, bob <bob@example.com> wrote:\n\n> Hi\n> there\n",
    "gmail over two lines": "\n\nOn Mon, Apr 2, 2012 at 5:44 PM, A very long name\n<bob@example.com> wrote:\n> Hi",
    "german": "\n\nAm 02.04.2012 um 17:44 schrieb bob <bob@example.com>:\n\n> Hallo\n",
    "german, by day": "\n\nAm Montag, 2. April 2012, 17:44:22 CEST schrieb bob:\n> Hallo",
    "french": "\n\nLe lun. 2 avr. 2012 à 17:44, bob <bob@example.com> a écrit :\n\n> Salut\n",
    "spanish": "\n\nEl lun, 2 abr 2012 a las 17:44, bob (<bob@example.com>) escribió:\n\n> Hola\n",
    "italian": "\n\nIl giorno lun 2 apr 2012 alle ore 17:44 bob <bob@example.com> ha scritto:\n> Ciao",
    "dutch": "\n\nOp ma 2 apr. 2012 om 17:44 schreef bob <bob@example.com>:\n> Hoi",
    "polish": "\n\npon., 2 kwi 2012 o 17:44 bob <bob@example.com> napisał(a):\n> Cześć",
    "outlook": "\n\n________________________________\nFrom: bob <bob@example.com>\nSent: Monday, April 2, 2012\n"
               "To: Ada\nSubject: Test\n\nHi there\n",
    "outlook, german": "\n\nVon: bob <bob@example.com>\nGesendet: Montag, 2. April\nAn: Ada\nBetreff: Test\n\nHallo",
    "outlook, french": "\n\nDe : bob <bob@example.com>\nEnvoyé : lundi 2 avril 2012\nÀ : Ada\nObjet : Test\n\nSalut",
    "bold headers": "\n\n*From:* bob <bob@example.com>\n*Sent:* Monday\n*To:* Ada\n*Subject:* Test\n\nHi",
    "original message": "\n\n-----Original Message-----\nFrom: bob\nHi",
    "original message, german": "\n\n-----Ursprüngliche Nachricht-----\nVon: bob\nHallo",
    "unmarked": "\n\nOn Monday, April 2, 2012 at 5:44 PM, bob <bob@example.com> wrote:\n\nHi there\n",
    "signature": "\n\n-- \nAda Lovelace\nAnalytical Engines",
    "phone": "\n\nSent from my iPhone\n\n> On 2 Apr 2012, at 17:44, bob wrote:\n>\n> Hi",
    "phone, german": "\n\nVon meinem iPhone gesendet\n",
    "outlook for phones": "\n\nGet Outlook for Android<https://example.com>\n",
    "marks alone": "\n> Hi\n>\n>> earlier\n",
    "empty lines": "\n\n\n   \n",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("words", ["Hello", "Two lamps.\n\nAnd a box: the blue one", "Ü\n\n1. one\n2. two"])
def test_what_stands_below_an_answer_is_cut_off(words, ending):
    assert words_of(words + ending) == words


def test_an_answer_below_the_quote_is_found():
    assert words_of("On 04/02/2012 06:26 PM, Mia wrote:\n> Hi\n> there\n\nHello\n\n-- \nAda") == "Hello"


def test_an_answer_between_quotes_stays_with_them():
    text = "On 04/02/2012 06:26 PM, Mia wrote:\n> Which colour?\nBlue\n> How many?\nTwo"
    assert words_of(text) == text


KEPT = {
    "a person's sentence": "My neighbour wrote:\nyour lamps are loud.\nIs that so?",
    "a dash in a list": "Please send\n-- two lamps\n-- a box",
    "a letter within": "From: the kitchen, we need two lamps.\nThank you",
    "only a quote": "> Hi\n> there",
    "a forwarded mail": "---------- Forwarded message ---------\nFrom: b@example.com\nDate: x\nSubject: y\n\nHi",
    "numbers compared": "Is 3 > 2?\nI think so",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_is_no_quote_is_kept(text):
    assert words_of(text) == text


def test_what_was_forwarded_belongs_to_the_mail():
    text = "See this.\n\n-------- Forwarded message --------\nFrom: b@example.com\nDate: x\nSubject: y\n\nHi\n> older"
    assert words_of(text) == text
    assert words_of("See this.\n> older") == "See this."
    assert is_forward("Fwd: Lamps")
    assert is_forward("WG: Lampen")
    assert not is_forward("Re: Fwd: Lamps")


@pytest.mark.parametrize("text", [
    " " * 500_000 + ":", "On " * 200_000 + "wrote:", "> " * 200_000, "\n".join(["On 1/1/2020 a wrote"] * 20_000),
    "a" * 1_000_000, "\n" * 500_000, "\n".join(["From: x"] * 20_000), "<a@b> " * 100_000 + ":",
], ids=["spaces", "on", "marks", "lines", "one word", "empty", "from", "addresses"])
def test_no_text_takes_long(text):
    began = time.process_time()
    words_of(text)
    assert time.process_time() - began < 5          # seconds; a pattern that backtracks takes minutes


HTML = {
    "lines": ("<p>Hello</p><p>you<br>there</p>", "Hello\n\nyou\nthere"),
    "gmail": ('<div dir="ltr">Hello</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, Apr 2, 2012 at '
              '5:44 PM bob &lt;<a href="mailto:b@example.com">b@example.com</a>&gt; wrote:<br></div><blockquote>'
              "<div>Hi</div></blockquote></div>", "Hello"),
    "styles": ("<html><head><style>p{color:red}</style><title>x</title></head><body>Hello<script>x</script>", "Hello"),
    "links": ('<a href="https://example.com/a">here</a> <a href="https://example.com">example.com</a>',
              "here <https://example.com/a> example.com"),
    "lists": ("<ul><li>one</li><li>two</li></ul>", "* one\n* two"),
    "broken": ("<div><p>Hello<![if gte mso 9]><b>you</div></table>", "Helloyou"),
    "entities": ("a&nbsp;b &amp;&lt; &#8364;", "a b &< €"),
    "tables": ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
    "outlook": ('<div>Hello</div><div style="border-top:solid"><p><b>From:</b> bob<br><b>Sent:</b> Monday<br><b>To:</b>'
                " Ada<br><b>Subject:</b> Test</p></div><p>Hi</p>", "Hello"),
    "signature": ("<div>Hello</div><div>--&nbsp;<br>Ada</div>", "Hello"),
}


@pytest.mark.parametrize(("html", "words"), HTML.values(), ids=HTML)
def test_html_alone_becomes_text(html, words):
    assert " ".join(words_of(text_of(html)).split()) == " ".join(words.split())
    if "gmail" not in html and "\n" in words:
        assert words_of(text_of(html)).split("\n")[0] == words.split("\n")[0]
