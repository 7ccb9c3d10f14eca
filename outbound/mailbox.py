"""Reads new mails from a mailbox by IMAP and puts them into tickets.

A mail is marked as seen once it is stored. Killed between both, it is read again and recognised. What belongs to no
merchant for sure is flagged and stays in the mailbox for a person.
"""

import imaplib
import ipaddress
import logging
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from database import DatabaseBusy, db, end_reads, is_unreachable
from domain.support.mails import ticket_mail_reading, ticket_receiving, ticket_routing
from domain.support.mails.ticket_mail_reading import LARGEST, NoMessage

TIMEOUT = 30.0                          # seconds
AT_ONCE = 50                            # mails of one round
TRIES = 3                               # of a mail that cannot be stored
SEEN, FOR_A_PERSON = r"(\Seen)", r"(\Seen \Flagged)"

log = logging.getLogger("countinghouse.mailbox")


@dataclass(slots=True)
class Mailbox:
    """One mailbox: imaps://user:password@host:port/FOLDER."""

    url: str
    _failures: dict[str, int] = field(default_factory=dict)

    def poll(self) -> bool:
        """Read new mails; True while there may be more. Raises OSError or imaplib.IMAP4.error."""
        server = self._connected()
        try:
            self._sign_in(server)
            _ok(server.select(_folder(self.url)))
            found = _ok(server.uid("SEARCH", "UNSEEN"))[0] or b""
            waiting = [one for one in found.decode("ascii").split() if self._failures.get(one, 0) < TRIES]
            for uid in waiting[:AT_ONCE]:
                self._take(server, uid)
            return len(waiting) > AT_ONCE
        finally:
            try:
                server.logout()
            except (OSError, imaplib.IMAP4.error):   # it has hung up
                server.shutdown()

    def _take(self, server: Any, uid: str) -> None:
        """Store one mail and mark it as seen."""
        content = _content(_ok(server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST + 1}>)")))
        try:
            flags = SEEN if stored(content) else FOR_A_PERSON
        except Exception as problem:
            if isinstance(problem, DatabaseBusy) or is_unreachable(problem):
                raise                                # all of them can wait
            self._failures[uid] = self._failures.get(uid, 0) + 1
            log.exception("mail %s could not be stored and stays in the mailbox", uid)
            return
        finally:
            db.session.remove()
        _ok(server.uid("STORE", uid, "+FLAGS", flags))

    def _connected(self) -> Any:
        """A connection; unencrypted only on this machine."""
        parts = urlsplit(self.url)
        host, context = parts.hostname or "localhost", ssl.create_default_context()
        server: Any
        if parts.scheme == "imaps":
            server = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=TIMEOUT)
        else:
            server = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)
            if "STARTTLS" in server.capabilities:
                server.starttls(context)
            elif not _is_local(host):
                server.shutdown()
                raise OSError(f"The mail server {host} offers no encryption.")
        return server

    def _sign_in(self, server: Any) -> None:
        parts = urlsplit(self.url)
        _ok(server.login(unquote(parts.username or ""), unquote(parts.password or "")))


def stored(content: bytes) -> bool:
    """Put a mail into a ticket of the merchant that it belongs to; False where that is not sure, or it is no mail."""
    try:
        mail = ticket_mail_reading.read(content)
    except NoMessage:
        log.warning("a message in the mailbox is no mail; it is flagged")
        return False
    merchant_id = ticket_routing.merchant_of(mail.recipients)
    end_reads()
    if merchant_id is None:
        log.warning("no merchant was found for a mail to %s; it is flagged", ", ".join(mail.recipients[:3]) or "nobody")
        return False
    ticket_receiving.receive(merchant_id, mail)
    return True


def _ok(answer: Any) -> Any:
    """The data of a server's answer; raises IMAP4.error unless it is OK."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"The mail server answered {status}.")
    return data


def _content(data: Any) -> bytes:
    for part in data:
        if isinstance(part, tuple):
            return bytes(part[1])
    return b""


def _folder(url: str) -> str:
    name = unquote(urlsplit(url).path.strip("/")) or "INBOX"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
