"""The command `ticket receive`: puts a mail into a ticket, for the pipe of a mail server.

The exit status is one that mail servers know: 0 when the mail is stored or knowingly set aside, 75 when it should be
tried again, so that it stays in the queue, 1 when there is no mail.
"""

import sys
from dataclasses import asdict

import click

from blueprints.cli._command import Needs, Result, operator_command
from blueprints.cli._merchant import for_merchant
from database import end_reads
from domain.support.mails import ticket_mail_reading, ticket_receiving
from domain.support.mails.ticket_mail_reading import LARGEST, NoMessage
from operations.errors import OperationRefused

TRY_AGAIN, NO_MESSAGE = 75, 1           # EX_TEMPFAIL of sysexits.h
CHUNK = 1024 * 1024


class NoMail(OperationRefused):
    """Nothing came that could be a mail."""


@click.group()
def ticket() -> None:
    """Tickets of the support desk."""


@operator_command(
    "receive",
    click.option("--merchant", "merchant_id", type=int, required=True, metavar="ID"),
    click.option("--recipient", default="", metavar="ADDRESS", help="The address that the mail was delivered to."),
    needs=Needs.APPLICATION, status_of=lambda problem: NO_MESSAGE if isinstance(problem, NoMail) else TRY_AGAIN,
)
def receive(merchant_id: int, recipient: str) -> Result:
    """Put the mail on standard input into a ticket; a mail server keeps it for later at status 75."""
    content = read_all()
    try:
        mail = ticket_mail_reading.read(content)
    except NoMessage as problem:
        raise NoMail(str(problem)) from None
    for_merchant(merchant_id)                        # raises for one that does not exist
    end_reads()
    done = ticket_receiving.receive(merchant_id, mail, recipient)
    number = f" {done.ticket_number}" if done.ticket_number else ""
    return Result(asdict(done), f"The mail was {done.action}{number}. {done.reason or ''}".strip())


def read_all() -> bytes:
    """All of standard input; what is beyond the limit is read, so that the sender is not stopped, and dropped."""
    stream, kept = sys.stdin.buffer, bytearray()
    while True:
        chunk = stream.read(CHUNK)
        if not chunk:
            return bytes(kept)
        kept += chunk[:max(0, LARGEST + 1 - len(kept))]


ticket.add_command(receive)
