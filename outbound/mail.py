"""Sends mail from the outbox over SMTP: notices to a merchant's admins, mails in its name. Off without a URL."""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from domain.outbox.leases import Lease
from domain.people.merchant_readers import admins_of

TIMEOUT = 10.0
NOTICES = {
    "webhook_disabled": (
        "A webhook endpoint was disabled",
        "Deliveries to {url} have stopped: {reason}\n\nNew events are held. Fix the receiver, then "
        "activate the endpoint in the dashboard under Webhooks: held events are then sent in order.\n",
    ),
}


class Letter(EmailMessage):
    """A mail whose files are read when it is sent: outside of any transaction."""

    files: Sequence[Any] = ()

    def attach_files(self, read: Callable[[str], bytes]) -> None:
        """Attach the files, once; `read` gives the bytes of a digest. Raises OSError."""
        files, self.files = self.files, ()
        for one in files:
            kind, _, subtype = one.mime_type.partition("/")
            if kind in ("message", "multipart"):         # parts of mails, which are no files of bytes
                kind, subtype = "application", "octet-stream"
            body = one.make() if one.make is not None else read(one.digest)
            self.add_attachment(body, maintype=kind, subtype=subtype, filename=plain(one.name))


class Mailer:
    """Sends notices; configured in app.py."""

    def __init__(self) -> None:
        self.url: str | None = None
        self.sender = "countinghouse@localhost"
        self._compose: Callable[[Lease], Any] = lambda task: None
        self._read: Callable[[str], bytes] = lambda digest: b""

    def configure(
        self, url: str | None, sender: str | None, compose: Callable[[Lease], Any] | None = None,
        read: Callable[[str], bytes] | None = None,
    ) -> None:
        """Set the server, the sender, what writes the mails in a merchant's name, and what reads their files."""
        self.url, self.sender, self._compose = url, sender or self.sender, compose or self._compose
        self._read = read or self._read

    def message(self, task: Lease) -> EmailMessage | None:
        """The mail of a task, or None without recipients or without an SMTP URL."""
        if "mail" in task.payload:
            return self.written(task) if self.url else None
        readers = admins_of(task.merchant_id) if self.url else []
        notice = NOTICES.get(task.payload["notice"])
        if not readers or notice is None:
            return None
        subject, text = notice
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, ", ".join(readers), subject
        mail.set_content(text.format(**task.payload))
        return mail

    def written(self, task: Lease) -> EmailMessage | None:
        """The mail of a task as text and HTML, in the merchant's name."""
        written = self._compose(task)
        if written is None:
            return None
        mail = Letter()
        address = written.sender_address or parseaddr(self.sender)[1]
        mail["From"] = Address(plain(written.sender), addr_spec=address)
        mail["To"], mail["Subject"] = written.to, plain(written.subject)
        if written.reply_to:
            mail["Reply-To"] = written.reply_to
        for name, value in written.headers.items():
            mail[name] = plain(value)
        mail.files = tuple(written.files)
        mail.set_content(written.text)
        mail.add_alternative(written.html, subtype="html")
        if written.logo is not None:
            kind, _, subtype = written.logo.mime_type.partition("/")
            html: Any = mail.get_payload(1)
            html.add_related(
                written.logo.body, maintype=kind, subtype=subtype, cid=f"<{written.logo_id}>", disposition="inline"
            )
        return mail

    def send(self, mail: EmailMessage) -> None:
        """Send a mail. Raises OSError or SMTPException when the server does not accept it."""
        assert self.url is not None
        if isinstance(mail, Letter):
            mail.attach_files(self._read)
        parts = urlsplit(self.url)
        secure = parts.scheme == "smtps"
        host, port = parts.hostname or "localhost", parts.port or (465 if secure else 587 if parts.username else 25)
        server: Any
        if secure:
            server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT)
        with server:
            if parts.username:
                if not secure:
                    server.starttls(context=ssl.create_default_context())
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)


def plain(text: str) -> str:
    """A text for a header: in one line, without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


mailer = Mailer()
