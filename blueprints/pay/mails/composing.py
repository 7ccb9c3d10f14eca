"""Lays out the mails of the outbox, and samples of them, in the merchant's name and colour."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app

from blueprints.pay.brand import Seller, seller
from blueprints.pay.mails import (
    invoice_mails,
    key_mails,
    merchant_mails,
    order_mails,
    samples,
    security_mails,
    sign_in_mails,
    ticket_mails,
    user_mails,
    user_security_mails,
)
from blueprints.pay.mails.message import AttachedFile, Message
from database import db
from domain.people import brand, logos
from models.logo import Logo
from models.merchant import Merchant
from models.user import User

LOGO_ID = "logo@countinghouse"
OF_SAMPLES = {"Auto-Submitted": "auto-generated"}
LOGO_WIDTH, LOGO_HEIGHT = 200, 48                # pixels at most


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMail:
    """A mail that is ready to be sent."""

    to: str
    sender: str                              # the merchant's name
    reply_to: str | None
    subject: str
    text: str
    html: str                                # with the logo by its Content-ID
    sender_address: str | None = None        # without one the installation's
    headers: Mapping[str, str]
    files: Sequence[AttachedFile] = ()
    logo: Logo | None = None                 # sent along, so that nothing is loaded when the mail is read

    @property
    def logo_id(self) -> str:
        return LOGO_ID

    @property
    def page(self) -> str:
        """The HTML by itself, with the logo in it."""
        if self.logo is None:
            return self.html
        data = base64.b64encode(self.logo.body).decode()
        return self.html.replace(f'src="cid:{LOGO_ID}"', f'src="data:{self.logo.mime_type};base64,{data}"')


def compose(
    task: Mapping[str, Any], merchant_id: int | None, base: str, *, hides_secrets: bool = False
) -> CustomerMail | None:
    """The mail of a task of the outbox; None where it has no sense any more. `base` begins its links.

    With `hides_secrets` it says that there is a code, and not which: for users who look at what is sent.
    """
    if task.get("sample"):
        user = db.session.get(User, task["user_id"])
        return sample(task["mail"], merchant_id or 0, base, to=user.email) if user is not None else None
    if task["mail"] in user_mails.KINDS:
        own = user_mails.of_task(task, base, hides_secrets=hides_secrets)
        return laid_out(own, None, user_mails.SENDER) if own is not None else None
    if task["mail"] in user_security_mails.KINDS:
        own = user_security_mails.of_task(task, base)
        return laid_out(own, None, user_mails.SENDER) if own is not None else None
    merchant = db.session.get(Merchant, merchant_id or 0)
    if merchant is None:
        return None
    who = seller(merchant.id)
    if task["mail"] in merchant_mails.KINDS:
        message = merchant_mails.of_task(task, merchant, who, base)
    elif task["mail"] in key_mails.KINDS:
        message = key_mails.of_task(task, merchant, who, base)
    elif task["mail"] in ticket_mails.KINDS:
        message = ticket_mails.of_task(task, merchant, who, base)
    elif task["mail"] in sign_in_mails.KINDS:
        message = sign_in_mails.of_task(task, who, base, hides_secrets=hides_secrets)
    elif task["mail"] in security_mails.KINDS:
        message = security_mails.of_task(task, merchant, who, base)
    elif task["mail"] in invoice_mails.WRITERS:
        message = invoice_mails.of_task(task, merchant, who, base)
    else:
        case = order_mails.case(task, who, base)
        message = order_mails.WRITERS[task["mail"]](case) if case is not None else None
    return laid_out(message, logos.of_merchant(merchant), who) if message is not None else None


def sample(
    name: str, merchant_id: int, base: str, *, to: str | None = None, has_links: bool = True
) -> CustomerMail:
    """A mail with sample data; sent to a person it says that it is a sample."""
    who = seller(merchant_id)
    merchant = db.session.get_one(Merchant, merchant_id)
    message = samples.message(name, merchant, who, base)
    if to is not None:
        why = f"This is a sample, sent to {to} from the settings of {who.name}. Its links lead nowhere."
        subject = f"Sample: {message.subject}"
        message = replace(message, to=[to], reply_to=None, headers=OF_SAMPLES, subject=subject, why=why)
    return laid_out(message if has_links else replace(message, link=""), logos.of_merchant(merchant), who)


def laid_out(message: Message, logo: Logo | None, who: Seller) -> CustomerMail:
    """The text and the HTML of a message."""
    message = message.in_lines()
    given = {"mail": message, "seller": who, "colours": colours(who.colour), "logo": logo, "logo_id": LOGO_ID}
    if logo is not None:
        shrunk = min(1, LOGO_HEIGHT / logo.height, LOGO_WIDTH / logo.width)
        given |= {"logo_width": max(1, round(logo.width * shrunk)), "logo_height": max(1, round(logo.height * shrunk))}
    find = current_app.jinja_env.get_template
    text, html = (find(f"mails/mail.{ending}").render(given) for ending in ("txt", "html"))
    return CustomerMail(
        to=", ".join(message.to), sender=who.name, reply_to=message.reply_to, subject=message.subject,
        text=text.lstrip("\n"), html=html, logo=logo, sender_address=message.sender_address,
        headers=message.headers, files=message.files,
    )


def colours(colour: str) -> dict[str, str]:
    """The colours of the button and of links, in light and dark."""
    light, dark = brand.tokens(colour, dark=False), brand.tokens(colour, dark=True)
    return {"accent": light["--accent"], "ink": light["--on-accent"], "text": light["--accent-text"],
            "dark": dark["--accent-text"]}
