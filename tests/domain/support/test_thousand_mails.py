"""A thousand mails of varying subjects, quotes, encodings, clients and forged senders: none is lost, none gets into a
wrong ticket, none is answered that a program sent."""

import base64
import quopri
import random
from collections import Counter
from email.header import Header

import pytest
from sqlalchemy import func, select

from database import db, transaction
from domain.support.mails import ticket_addresses, ticket_mail_reading, ticket_receiving
from models.merchant import Merchant
from models.outbox import Task
from models.ticket import Ticket, TicketReply
from models.ticket_mail import MailKind, TicketMail
from tests import cast, ticketed

COUNT, CUSTOMERS = 1000, 20
KINDS = ("token", "token", "answer", "answer", "forged", "other's", "new", "stranger", "program", "ours")
CAME_IN = (MailKind.CREATED, MailKind.REPLIED, MailKind.KEPT, MailKind.IGNORED)
CHARSETS = ("utf-8", "iso-8859-1", "cp1252", "iso-8859-15", "utf-16")
CODINGS = ("8bit", "quoted-printable", "base64")
QUOTES = (
    "", "\n\nOn Sun, Nov 29, 2026 at 5:44 PM, Alder <help@alder.example> wrote:\n> {number}\n> It is on its way.",
    "\n\nAm 29.11.2026 um 17:44 schrieb Alder:\n> {number}\n>\n> It is on its way.",
    "\n\n-----Original Message-----\nFrom: Alder\nSubject: {number}\n\nIt is on its way.",
    "\n\n________________________________\nVon: Alder\nGesendet: Sonntag\nAn: Ada\nBetreff: {number}\n\nIt is",
    "\n\nSent from my iPhone\n\n> {number}\n> It is on its way.", "\n\n-- \nAda\nAnalytical Engines",
)
SUBJECTS = ("Re: Where is my order?", "AW: [{number}] Where is my order?", "{number}", "",
            "SV: Re: Fw: {number}", "Lämpchen €")
PROGRAMS = ("Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>", "List-Id: <a.b>",
            "X-Auto-Response-Suppress: All", "Auto-Submitted: auto-generated; x=y")


PACKED = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}


def coded(text, charset, coding):
    """The headers of a text, and its bytes."""
    coding = "base64" if charset == "utf-16" else coding
    head = f"Content-Transfer-Encoding: {coding}\r\nContent-Type: text/plain; charset={charset}"
    content = text.encode(charset, "replace")
    return head, PACKED[coding](content) if coding in PACKED else content


def marked_up(line):
    escaped = line.replace("<", "&lt;").replace(">", "&gt;")
    return f"<div>{escaped or '<br>'}</div>"


def written(dice, words, number):
    """The headers and the body of a mail that says these words, as some program writes it."""
    text = words + dice.choice(QUOTES).format(number=number)
    if dice.random() < 0.2:
        html = f"<html><body>{''.join(map(marked_up, text.split(chr(10))))}</body></html>"
        return "Content-Type: text/html; charset=utf-8", html.encode()
    return coded(text, dice.choice(CHARSETS), dice.choice(CODINGS))


@pytest.fixture
def desk(alder, monkeypatch):
    """The merchant, and for each of its customers the address and the ticket that was answered."""
    monkeypatch.setattr(ticket_addresses.settings, "mail_from", None)
    with transaction():
        db.session.get(Merchant, alder).support_email = "help@alder.example"
    tickets = {}
    for count in range(CUSTOMERS):
        address = f"customer{count}@example.org"
        key = ticketed.make_customers(alder, cast.make_customer(alder, f"Customer {count}", email=address))
        ticketed.answer(key)
        tickets[address] = key
    return alder, tickets


def test_none_of_a_thousand_mails_is_lost_misplaced_or_answered_in_a_loop(desk):
    merchant, tickets = desk
    dice = random.Random(55)                         # the same mails in every run
    sent = {key: db.session.scalars(select(TicketMail.message_id).where(
        TicketMail.ticket_id == key, TicketMail.kind == MailKind.ANSWER)).one() for key in tickets.values()}
    rows = {key: db.session.get(Ticket, key) for key in tickets.values()}
    facts = {key: (row.mail_token, row.number) for key, row in rows.items()}
    db.session.rollback()
    wanted, came = Counter(), Counter()
    programs = set()
    for count in range(COUNT):
        address, key = dice.choice(list(tickets.items()))
        token, number = facts[key]
        other = dice.choice([one for one in tickets.values() if one != key])
        kind = dice.choice(KINDS)
        words = f"Mail {count}: ü and more.\nIts second line"
        lines = [f"Message-ID: <{count}@client.example>", f"Date: Sun, 29 Nov 2026 12:00:00 +{count:04}"]
        sender, to, expected = address, "help@alder.example", ("created", None)
        if kind == "token":
            to, expected = f"help+{token}@alder.example", ("replied", key)
            sender = dice.choice((address, "colleague@example.org"))
        elif kind == "answer":
            lines.append(f"{dice.choice(('In-Reply-To', 'References'))}: <x@y> <{sent[key]}>")
            expected = ("replied", key)
        elif kind == "forged":                       # a stranger who calls himself by the customer's address
            sender = f"eve{count}@evil.example"
            lines.append(f"In-Reply-To: <{sent[key]}>")
        elif kind == "other's":                      # a customer who answers what another one was sent
            lines.append(f"References: <{sent[other]}>")
        elif kind == "stranger":
            sender = f"stranger{count}@example.net"
        elif kind == "program":
            sender, expected = f"program{count}@example.net", ("kept", key)
            programs.add(sender)
            to = f"help+{token}@alder.example"
            lines.append(dice.choice(PROGRAMS))
        elif kind == "ours":
            lines[0], expected = f"Message-ID: <{sent[key]}>", ("ignored", None)
            sender = f"list{count}@example.net"
        subject = Header(dice.choice(SUBJECTS).format(number=facts[other][1]), "utf-8").encode()
        name = dice.choice(("", f'"{address}" ', "=?utf-8?q?J=C3=BCrgen?= "))
        head, body = written(dice, words, number)
        head = [f"From: {name}<{sender}>", f"To: {to}", f"Subject: {subject}", *lines, head, "", ""]
        raw = "\r\n".join(head).encode() + body
        done = ticket_receiving.receive(merchant, ticket_mail_reading.read(raw))
        assert done.action == expected[0], (kind, done)
        if expected[1] is not None:
            assert done.ticket_id == expected[1], (kind, done)
        elif done.ticket_id is not None:
            assert done.ticket_id not in tickets.values(), (kind, done)
        if done.action == "replied":
            assert db.session.get(TicketReply, done.reply_id).message == words
        if done.action == "created":
            assert db.session.get(Ticket, done.ticket_id).message.startswith(words)
        if done.action in ("created", "replied") and dice.random() < 0.2:
            again = ticket_receiving.receive(merchant, ticket_mail_reading.read(raw))
            assert (again.action, again.ticket_id) == ("duplicate", done.ticket_id)
        db.session.rollback()
        wanted[expected[0]] += 1
        came[kind] += 1
    assert min(came.values()) > 50
    stored = dict(db.session.execute(select(TicketMail.kind, func.count()).group_by(TicketMail.kind)).all())
    assert {kind.value: stored[kind] for kind in CAME_IN} == wanted
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == CUSTOMERS + wanted["created"]
    assert db.session.scalar(select(func.count()).select_from(TicketReply)) == CUSTOMERS + wanted["replied"]
    told = Counter(db.session.scalars(select(TicketMail.address).where(TicketMail.kind == MailKind.CONFIRMATION)))
    assert max(told.values()) == 1
    assert not programs & set(told)
    answers = [one for one in db.session.scalars(select(Task)) if one.payload.get("mail") == "ticket_answer"]
    assert len(answers) == CUSTOMERS                 # nobody but staff answers
