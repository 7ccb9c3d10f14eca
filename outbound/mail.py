"""Sends mail from the outbox: plain text over SMTP to a merchant's admins. Off without an SMTP URL."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import or_, select

from database import db
from domain.outbox.leases import Lease
from models.user import Membership, Role, User

TIMEOUT = 10.0
NOTICES = {
    "webhook_disabled": (
        "A webhook endpoint was disabled",
        "Deliveries to {url} have stopped: {reason}\n\nNew events are held. Fix the receiver, then "
        "activate the endpoint in the dashboard under Webhooks: held events are then sent in order.\n",
    ),
}


class Mailer:
    """Sends notices; configured in app.py."""

    def __init__(self) -> None:
        self.url: str | None = None
        self.sender = "countinghouse@localhost"

    def configure(self, url: str | None, sender: str | None) -> None:
        self.url, self.sender = url, sender or self.sender

    def message(self, task: Lease) -> EmailMessage | None:
        """The mail of a task, or None without recipients or without an SMTP URL."""
        readers = admins_of(task.merchant_id) if self.url else []
        notice = NOTICES.get(task.payload["notice"])
        if not readers or notice is None:
            return None
        subject, text = notice
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, ", ".join(readers), subject
        mail.set_content(text.format(**task.payload))
        return mail

    def send(self, mail: EmailMessage) -> None:
        """Send a mail. Raises OSError or SMTPException when the server does not accept it."""
        assert self.url is not None
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


def admins_of(merchant_id: int | None) -> list[str]:
    """The addresses of the active admins of a merchant, or of the installation."""
    member = select(Membership.user_id).where(Membership.merchant_id == merchant_id)
    statement = select(User.email).where(
        User.active.is_(True), User.deleted_at.is_(None), User.role == Role.ADMIN,
        or_(User.id.in_(member), User.all_merchants.is_(True)),
    )
    return list(db.session.scalars(statement.order_by(User.id)))


mailer = Mailer()
