"""Reading mails as programs really write them: encodings, broken headers, parts, files; and what a program sent."""

from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from domain.support.mails import ticket_mail_reading
from domain.support.mails.ticket_mail_reading import NoMessage, unflowed
from tests.domain.support.mailed_in import mail, read


def raw(body, **headers):
    lines = [f"{name.replace('_', '-')}: {value}".encode() if isinstance(value, str) else
             f"{name.replace('_', '-')}: ".encode() + value for name, value in headers.items()]
    return ticket_mail_reading.read(b"\r\n".join([b"From: ada@example.org", *lines, b"", body]))


CHARSETS = {
    "utf-8": ("utf-8", "Grüße €", "Grüße €"), "latin 1": ("iso-8859-1", "Grüße", "Grüße"),
    "said latin 1, is windows": ("iso-8859-1", "“€”".encode("cp1252"), "“€”"),
    "said ascii, is utf-8": ("us-ascii", "Grüße".encode(), "Grüße"),
    "said utf-8, is windows": ("utf-8", b"Gr\xfc\xdfe", "Grüße"), "unknown": ("x-klingon", "Grüße".encode(), "Grüße"),
    "not a text": ("rot13", b"Hello", "Hello"), "hungry": ("idna", b"xn--a", "xn--a"),
    "korean": ("ks_c_5601-1987", "안녕".encode("cp949"), "안녕"), "chinese": ("gb2312", "你好".encode("gbk"), "你好"),
    "japanese": ("iso-2022-jp", "今日は".encode("iso-2022-jp"), "今日は"), "russian": ("koi8-r", "Привет", "Привет"),
    "nothing said": ("", "Grüße".encode(), "Grüße"), "null": ("utf-8", b"a\x00b", "ab"),
    "half a pair": ("utf-16-le", b"\x00\xd8a\x00", "\ufffda"), "carriage returns": ("utf-8", b"a\rb\r\nc", "a\nb\nc"),
}


@pytest.mark.parametrize(("charset", "content", "words"), CHARSETS.values(), ids=CHARSETS)
def test_a_text_is_read_whatever_its_charset_is(charset, content, words):
    content = content if isinstance(content, bytes) else content.encode(charset)
    found = raw(content, Content_Type=f'text/plain; charset="{charset}"', Content_Transfer_Encoding="8bit").text
    found.encode("utf-8")
    assert found == words or "\ufffd" in words or charset == "utf-16-le"


SUBJECTS = {
    "q coding": ("=?iso-8859-1?Q?Gr=FC=DFe_an_alle?=", "Grüße an alle"),
    "b coding": ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
    "two words": ("=?utf-8?Q?Gr=C3=BC?= =?utf-8?Q?=C3=9Fe?=", "Grüße"),
    "a character in two words": ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
    "without padding": ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"), "unknown charset": ("=?x-y?Q?Hello?=", "Hello"),
    "raw utf-8": ("Grüße".encode(), "Grüße"), "raw latin 1": ("Grüße".encode("latin-1"), "Grüße"),
    "broken": ("=?utf-8?B?$$$?=", "=?utf-8?B?$$$?="), "a line in it": ("=?utf-8?Q?Hi=0D=0ABcc:_x?=", "Hi Bcc: x"),
    "folded": ("one\r\n two", "one two"), "invisible": ("a\u200b\u202eb".encode(), "ab"),
    "language": ("=?utf-8*de?Q?Ja?=", "Ja"),
}


@pytest.mark.parametrize(("sent", "words"), SUBJECTS.values(), ids=SUBJECTS)
def test_a_subject_is_read_and_has_one_line(sent, words):
    assert raw(b"", Subject=sent).subject == words


SENDERS = {
    "plain": ("ada@example.org", "", "ada@example.org"), "named": ("Ada <ada@example.org>", "Ada", "ada@example.org"),
    "quoted": ('"Lovelace, Ada" <ada@example.org>', "Lovelace, Ada", "ada@example.org"),
    "coded": ("=?utf-8?Q?J=C3=BCrgen?= <j@example.org>", "Jürgen", "j@example.org"),
    "an address as name": ('"boss@alder.example" <x@evil.example>', "boss@alder.example", "x@evil.example"),
    "nobody": ("nobody", "", ""), "empty": ("", "", ""), "unclosed": ("Ada <ada@example.org", None, "ada@example.org"),
    "comma in the name": ("Lovelace, Ada <ada@example.org>", None, "ada@example.org"),
}


@pytest.mark.parametrize(("sent", "name", "address"), SENDERS.values(), ids=SENDERS)
def test_a_sender_is_the_address_and_not_what_the_name_says(sent, name, address):
    found = ticket_mail_reading.read(f"From: {sent}\r\nTo: x@example.org\r\n\r\nHi".encode())
    assert found.sender == address
    assert name is None or found.name == name


PROGRAMS = [
    {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated (x)"}, {"Precedence": "bulk"},
    {"Precedence": "LIST"}, {"X_Auto_Response_Suppress": "All"}, {"X_Autoreply": "yes"}, {"Return_Path": "<>"},
    {"List_Id": "<a.example.org>"},
    {"List_Unsubscribe": "<mailto:x@example.org>"}, {"X_Failed_Recipients": "x@y.example"},
    {"sender": "MAILER-DAEMON@mx.example.org"},
]


@pytest.mark.parametrize("headers", PROGRAMS, ids=lambda one: " ".join(one))
def test_what_a_program_sent_is_recognised(headers):
    assert read("I am away", **headers).automatic


def test_a_report_of_a_mail_server_is_recognised():
    assert raw(b"--x\r\n\r\nFailed\r\n--x--", Content_Type='multipart/report; boundary="x"').automatic


@pytest.mark.parametrize("headers", [
    {}, {"Auto_Submitted": "no"}, {"Precedence": "first-class"}, {"Return_Path": "<a@b.example>"},
], ids=lambda one: " ".join(one) or "none")
def test_a_person_is_no_program(headers):
    assert read("Hello", **headers).automatic == ""


def test_plain_text_is_preferred_unless_it_is_empty():
    assert read("Hello", html="<p>Other</p>").text.strip() == "Hello"
    assert read(" \n", html="<p>Other</p>").text.strip() == "Other"
    assert read(None, html="<p>Only</p>").text.strip() == "Only"


def test_lines_that_were_broken_for_sending_are_whole_again():
    assert unflowed("a long \nline\n> quoted \n> more\nend\n-- \nAda ") == "a long line\n> quoted more\nend\n-- \nAda "
    assert unflowed("你 \n好", joins=True) == "你好"


def test_files_are_read_with_their_names():
    found = read("See", files=[("../../etc/till.log", b"429"), ("Ü.pdf", b"%PDF")])
    assert [(one.name, one.content) for one in found.files] == [("till.log", b"429"), ("Ü.pdf", b"%PDF")]
    assert found.text.strip() == "See"


def test_a_mail_in_a_mail_is_a_file():
    outer = MIMEMultipart()
    outer["From"] = "ada@example.org"
    outer.attach(MIMEText("See below"))
    outer.attach(MIMEMessage(MIMEText("inner")))
    found = ticket_mail_reading.read(outer.as_bytes())
    assert found.text.strip() == "See below"
    assert found.files[0].name.endswith(".eml")
    assert b"inner" in found.files[0].content


def test_text_with_a_name_is_a_file():
    part = b"--x\r\nContent-Type: text/plain; name=\"log.txt\"\r\n\r\n429\r\n--x--"
    found = raw(part, Content_Type="multipart/mixed; boundary=x")
    assert [(one.name, one.content) for one in found.files] == [("log.txt", b"429")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"Hello there", b"   ", b"\x00" * 100])
def test_what_is_no_mail_is_said(content):
    with pytest.raises(NoMessage, match="no mail"):
        ticket_mail_reading.read(content)


HOSTILE = {
    "deep": b"From: a@example.org\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (one, one) for one in range(3000)) + b"Hello",
    "many parts": b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
                  + b"--x\r\n\r\nHello\r\n" * 5000,
    "no boundary": b"From: a@example.org\r\nContent-Type: multipart/mixed\r\n\r\nHello",
    "bad transfer": b"From: a@example.org\r\nContent-Transfer-Encoding: base64\r\n\r\n$$$Hello",
    "bad type": b"From: a@example.org\r\nContent-Type: /;;=\r\n\r\nHello",
    "long header": b"From: a@example.org\r\nReferences: " + b"<a@b> " * 100_000 + b"\r\n\r\nHello",
    "binary": b"From: a@example.org\r\n\r\nHello" + bytes(range(256)) * 100,
    "bad name": b"From: a@example.org\r\nContent-Disposition: attachment; filename*=utf-9''%ff%fe\r\n\r\nHello",
    "message without a body": b"From: a@example.org\r\nContent-Type: message/rfc822\r\n\r\n",
    "cut off": mail("Hello", files=[("a.bin", b"x" * 10_000)])[:-5000],
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_broken_is_read_as_far_as_it_goes(content):
    found = ticket_mail_reading.read(content)
    found.text.encode()
    assert found.sender.endswith("@example.org")
    whole = found.text + "".join(one.content.decode("latin-1") for one in found.files)
    assert "Hello" in whole or content == HOSTILE["message without a body"] or b"$$$" in content


def test_of_a_mail_that_is_too_large_the_words_are_read_and_the_cut_file_is_named(monkeypatch):
    monkeypatch.setattr(ticket_mail_reading, "LARGEST", 5_000)
    found = read("Hello", files=[("a.txt", b"small"), ("big.bin", b"x" * 10_000)])
    assert found.text.strip() == "Hello"
    assert [one.name for one in found.files] == ["a.txt"]
    assert list(found.refused) == ["big.bin"]
    assert "too large" in found.refused["big.bin"]
