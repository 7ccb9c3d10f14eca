"""Mails as they come in."""

from email.message import EmailMessage

from domain.support.mails import ticket_mail_reading, ticket_receiving

HELP = "help@alder.example"


def mail(
    text="Hello", *, sender="Ada <ada@example.org>", to=HELP, subject="Where is my order?", message_id=None, html=None,
    files=(), **headers,
):
    """The bytes of a mail; names of headers are written with _ for -."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = "Sun, 29 Nov 2026 12:00:00 +0000"
    if message_id is not None:
        made["Message-ID"] = f"<{message_id}>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    if text is not None:
        made.set_content(text)
    if html is not None and text is not None:
        made.add_alternative(html, subtype="html")
    elif html is not None:
        made.set_content(html, subtype="html")
    for name, content in files:
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def read(*given, **more):
    return ticket_mail_reading.read(mail(*given, **more))


def receive(merchant_id, *given, recipient="", **more):
    return ticket_receiving.receive(merchant_id, read(*given, **more), recipient)
